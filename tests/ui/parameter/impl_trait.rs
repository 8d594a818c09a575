//! A batch has to name the types.

use pool_core::concurrent;

#[concurrent]
fn show(x: impl ToString) -> String {
    x.to_string()
}

#[concurrent]
fn nested(#[shared] x: &Option<impl ToString>, y: Vec<impl Clone>) -> usize {
    y.len()
}

fn main() {
    let shown: Vec<String> = show::map([1, 2]).collect();
    let nested: Vec<usize> = nested::map(Some(1), [vec![1]]).collect();
    drop((shown, nested));
}
