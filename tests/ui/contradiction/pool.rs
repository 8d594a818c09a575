//! A pool that several functions share has options of its own.

use pool_core::{Pool, concurrent};

static POOL: Pool = Pool::new(1);

#[concurrent(pool = &POOL, max_workers = 4)]
fn max_workers(_: u32) {}

#[concurrent(name = "worker", pool = &POOL)]
fn name(_: u32) {}

#[concurrent(pool = &POOL, keep_alive = std::time::Duration::ZERO)]
fn keep_alive(_: u32) {}

#[concurrent(pool = &POOL, stack_size = 1 << 20)]
fn stack_size(_: u32) {}

#[concurrent(max_workers = 4, name = "all", keep_alive = std::time::Duration::ZERO, stack_size = 1 << 20, pool = &POOL)]
fn all(_: u32) {}

fn main() {
    let _ = (max_workers::map([1]), name::map([1]), keep_alive::map([1]), stack_size::map([1]), all::pool());
}
