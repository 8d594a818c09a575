//! Points at the second one, of every option.

use pool_core::concurrent;
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);
static POOL: pool_core::Pool = pool_core::Pool::new(1);

#[concurrent(
    max_workers = 1, max_workers = 2,
    name = "a", name = "b",
    keep_alive = SECOND, keep_alive = SECOND,
    stack_size = 1 << 20, stack_size = 1 << 21,
    timeout = SECOND, timeout = SECOND,
    companion = doubles, companion = doubled,
    crate = ::pool_core, crate = ::pool_core,
)]
fn double(x: u32) -> u32 {
    2 * x
}

#[concurrent(pool = &POOL, pool = &POOL)]
fn triple(x: u32) -> u32 {
    3 * x
}

struct Four;

impl Four {
    #[concurrent(associated, associated)]
    fn times(x: u32) -> u32 {
        4 * x
    }
}

#[concurrent]
#[pool_core::concurrent(max_workers = 3)]
fn five(x: u32) -> u32 {
    5 * x
}

fn main() {
    let _ = (doubles::map([1]), triple::map([1]), Four::times_map([1]), five::map([1]));
}
