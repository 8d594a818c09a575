//! `as_completed` takes apart what is called `Result`, and nothing else.

use pool_core::concurrent;

type Fallible<T> = Result<T, String>;

#[concurrent]
fn concrete(x: u32) -> Fallible<u32> {
    Ok(x)
}

#[concurrent]
fn generic<T: Send>(x: T) -> Fallible<Option<T>> {
    Ok(Some(x))
}

mod other {
    pub struct Result<T>(pub T);
}

#[concurrent]
fn not_the_standard_one(x: u32) -> other::Result<u32> {
    other::Result(x)
}

fn main() {}
