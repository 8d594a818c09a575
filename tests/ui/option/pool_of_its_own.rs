//! A pool that is made for one function is none that is shared.

use pool_core::{Pool, concurrent};

#[concurrent(pool = Pool::new(4))]
fn made(_: u32) {}

#[concurrent(pool = &Pool::builder().max_workers(4).build())]
fn borrowed(_: u32) {}

#[concurrent(pool = (pool_core::Pool::default()))]
fn by_path(_: u32) {}

fn main() {}
