//! What the compiler refuses by itself is left to it.

use pool_core::concurrent;

#[concurrent]
fn nowhere(x: u32) -> &str {
    ""
}

#[concurrent]
fn either(x: &str, y: &str) -> &str {
    x
}

fn main() {}
