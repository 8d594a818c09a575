//! A batch has to name its results.

use pool_core::concurrent;

#[concurrent]
fn opaque(x: u32) -> impl Iterator<Item = u32> {
    0..x
}

#[concurrent]
fn nested(x: u32) -> Result<Box<impl Send>, ()> {
    Ok(Box::new(x))
}

fn main() {
    for numbers in opaque::map([1]) {
        for number in numbers {
            println!("{number}");
        }
    }
    let _ = nested::as_completed([1]);
}
