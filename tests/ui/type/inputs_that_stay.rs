//! Iterators that stay on their thread are collected first.

use pool_core::concurrent;
use std::io::stdin;

#[concurrent]
fn lent(url: &str) -> usize {
    url.len()
}

#[concurrent]
fn moved(line: std::io::Result<String>) -> usize {
    line.map_or(0, |line| line.len())
}

struct Client;

impl Client {
    #[concurrent]
    fn fetch(&self, url: &str) -> usize {
        url.len()
    }
}

fn main() {
    method();
    lent::map(std::env::args()).for_each(drop);
    lent::as_completed(std::env::args().skip(1)).for_each(drop);
    moved::map(stdin().lines()).for_each(drop);
}

fn method() {
    Client.fetch_map(std::env::args()).for_each(drop);
}
