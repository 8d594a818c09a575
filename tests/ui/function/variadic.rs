//! There is no list of inputs for a list of arguments.

use pool_core::concurrent;

#[concurrent]
fn variadic(x: u32, ...) -> u32 {
    x
}

fn main() {
    let _ = variadic::map([1]);
}
