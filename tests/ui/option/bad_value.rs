//! Says what the option takes, at the value.

use pool_core::concurrent;

#[concurrent(max_workers = 0, name = 5, keep_alive = 10, stack_size = "1 MiB", companion = "doubles", crate = pool_core)]
fn double(x: u32) -> u32 {
    2 * x
}

#[concurrent(max_workers = "8", name = "a\0b", keep_alive = "10s", companion = a::b, crate = "pool_core")]
fn triple(x: u32) -> u32 {
    3 * x
}

#[concurrent(timeout = 30, max_workers = 1)]
fn patient(x: u32) -> u32 {
    x
}

#[concurrent(pool = 4)]
fn four(x: u32) -> u32 {
    4 * x
}

#[concurrent(max_workers = , = 3, 4)]
fn five(x: u32) -> u32 {
    5 * x
}

#[concurrent(max_workers = 4 name = "six")]
fn six(x: u32) -> u32 {
    6 * x
}

fn main() {
    let _ = (double::map([1]), triple::map([1]), patient::map([1]), four::map([1]), five::map([1]), six::map([1]));
}
