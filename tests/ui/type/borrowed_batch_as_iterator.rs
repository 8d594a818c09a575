//! Only a batch that borrows nothing is an iterator that can be kept.

use pool_core::concurrent;

#[concurrent]
fn length(text: &str) -> usize {
    text.len()
}

fn main() {
    let texts = vec![String::from("a")];
    for length in length::map(&texts) {
        println!("{length}");
    }
    let texts = vec![String::from("a")];
    let first = length::as_completed(&texts).next();
    drop(first);
}
