//! What is lent to a call ends with it.

use pool_core::concurrent;
use std::borrow::Cow;
use std::sync::Arc;

#[concurrent]
fn first(text: &str) -> &str {
    text.split(' ').next().unwrap_or(text)
}

#[concurrent]
fn cow(text: &str) -> Result<Vec<Cow<'_, str>>, ()> {
    Ok(vec![text.into()])
}

#[concurrent]
fn shared(#[shared] texts: &Vec<String>, index: usize) -> &str {
    &texts[index]
}

struct Client {
    base: String,
}

impl Client {
    #[concurrent]
    fn base(self: &Arc<Self>, from: usize) -> &str {
        &self.base[from..]
    }
}

fn main() {
    let firsts: Vec<&str> = first::map(["a b"]).collect();
    let _ = (firsts, cow::map([""]), shared::map(vec![], [1]), Arc::new(Client { base: String::new() }).base_map([1]));
}
