//! What makes a state, and what a state can be.

#![allow(unused_variables)]

use pool_core::{Feed, concurrent};
use std::rc::Rc;

struct Db;

#[concurrent]
fn insert(#[worker] db: &mut Db, id: u32) -> Result<(), String> {
    Ok(())
}

#[concurrent]
fn count(#[worker] counter: &mut Rc<u32>, id: u32) {}

type Outcome<T> = Result<T, String>;

#[concurrent]
fn aliased(#[worker] db: &mut Db, id: u32) -> Outcome<()> {
    Ok(())
}

#[concurrent]
fn plain(id: u32) {}

fn main() {
    // Forgotten.
    insert::map([1, 2]).for_each(drop);
    insert::as_completed(vec![1, 2]).for_each(drop);
    let _ = insert::submit(1);
    // Does not fail, and is asked to say so.
    insert::map(|| Db, [1, 2]).for_each(drop);
    // Another state.
    insert::map(|| Ok(String::new()), [1, 2]).for_each(drop);
    // A state, and not what makes it.
    insert::map(Db, [1, 2]).for_each(drop);
    // No feed in order.
    plain::map(Feed::from([1]).inputs()).for_each(drop);
}
