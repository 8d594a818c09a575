//! What a `#[worker]` parameter cannot be.

#![allow(unused_variables)]

use pool_core::concurrent;
use std::fmt::Debug;

struct Db;

#[concurrent]
fn two(#[worker] db: &mut Db, #[worker] line: &mut String, id: u32) {}

#[concurrent]
fn both(
    #[worker]
    #[shared]
    db: &mut Db,
    id: u32,
) {
}

#[concurrent]
fn by_value(#[worker] db: Db, id: u32) {}

#[concurrent]
fn shared(#[worker] db: &Db, id: u32) {}

#[concurrent]
fn named<'a>(#[worker] db: &'a mut Db, id: u32) {}

#[concurrent]
fn slice(#[worker] bytes: &mut [u8], id: u32) {}

#[concurrent]
fn text(#[worker] text: &mut str, id: u32) {}

#[concurrent]
fn object(#[worker] object: &mut dyn Debug, id: u32) {}

#[concurrent]
fn options(#[worker(1)] db: &mut Db, id: u32) {}

#[concurrent]
fn nothing_else(#[worker] db: &mut Db) {}

impl Db {
    #[concurrent]
    fn method(#[worker] &self, id: u32) {}
}

#[concurrent]
fn borrows(#[worker] db: &mut String, id: u32) -> &str {
    db
}

fn main() {}
