//! Shows what to write, for every option that needs a value and the one that takes none.

use pool_core::concurrent;

#[concurrent(max_workers)]
fn max_workers(_: u32) {}

#[concurrent(pool)]
fn pool(_: u32) {}

#[concurrent(name)]
fn name(_: u32) {}

#[concurrent(keep_alive =)]
fn keep_alive(_: u32) {}

#[concurrent(stack_size = , name = "s")]
fn stack_size(_: u32) {}

#[concurrent(timeout)]
fn timeout(_: u32) {}

#[concurrent(companion())]
fn companion(_: u32) {}

#[concurrent(crate)]
fn krate(_: u32) {}

struct Methods;

impl Methods {
    #[concurrent(associated = true)]
    fn associated(_: u32) {}
}

fn main() {}
