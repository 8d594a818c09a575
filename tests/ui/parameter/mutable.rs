//! What is lent is lent to be read.

use pool_core::concurrent;

#[concurrent]
fn fill(buffer: &mut Vec<u8>) {
    buffer.push(0);
}

#[concurrent]
fn count(#[shared] total: &mut u32, x: u32) {
    *total += x;
}

fn main() {
    fill::map(&mut [vec![0]]).for_each(drop);
    count::map(&mut 1, [1]).for_each(drop);
}
