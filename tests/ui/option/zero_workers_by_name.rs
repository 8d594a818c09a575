//! A named constant is checked too, while compiling.

use pool_core::concurrent;

const NONE: usize = 0;

#[concurrent(max_workers = NONE)]
fn double(x: u32) -> u32 {
    2 * x
}

fn main() {
    let _ = double::map([1]);
}
