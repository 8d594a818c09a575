//! A lifetime that the type hides has to be shown.

use pool_core::concurrent;

struct Page<'a>(&'a str);

#[concurrent]
fn moved(page: Page) -> usize {
    page.0.len()
}

#[concurrent]
fn lent(page: &Page) -> usize {
    page.0.len()
}

fn main() {}
