//! Lists the options that there are.

use pool_core::concurrent;

#[concurrent(workers = 16, max_workers = 4, chunk_size(2))]
fn double(x: u32) -> u32 {
    2 * x
}

fn main() {
    let doubled: Vec<u32> = double::map([double(1)]).collect();
    drop(doubled);
}
