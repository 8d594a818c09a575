//! The compiler points at the value.

use pool_core::concurrent;

const WORKERS: u32 = 4;
static POOL: pool_core::Pool = pool_core::Pool::new(1);

#[concurrent(max_workers = WORKERS)]
fn double(x: u32) -> u32 {
    2 * x
}

#[concurrent(pool = POOL)]
fn triple(x: u32) -> u32 {
    3 * x
}

#[concurrent(keep_alive = std::time::Duration::from_secs)]
fn four(x: u32) -> u32 {
    4 * x
}

#[concurrent(max_workers = std::env::args().count())]
fn five(x: u32) -> u32 {
    5 * x
}

#[concurrent(timeout = 2 * 30)]
fn six(x: u32) -> u32 {
    6 * x
}

fn main() {}
