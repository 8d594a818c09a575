use pool_core::concurrent;

#[concurrent(fleet)]
fn shared(#[shared] base: &str, id: u32) -> usize {
    base.len() + id as usize
}

#[concurrent(fleet)]
fn generic<T: Clone, const N: usize>(items: Vec<T>) -> usize {
    items.len() + N
}

#[concurrent(fleet)]
fn named<'a>(text: &'a str) -> usize {
    text.len()
}

fn main() {}
