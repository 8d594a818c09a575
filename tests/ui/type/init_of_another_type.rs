//! The init makes what the function takes, in a `Result` where the function returns one.

use pool_core::concurrent;
use std::cell::Cell;

struct Connection;

impl Connection {
    fn open() -> std::io::Result<Self> {
        Ok(Self)
    }
}

#[derive(Debug)]
struct Error;

#[concurrent]
fn insert(#[worker] db: &mut Connection, row: &str) -> Result<usize, Error> {
    let Connection = db;
    Ok(row.len())
}

#[concurrent]
fn count(#[worker] sum: &mut usize, row: &str) -> usize {
    *sum += row.len();
    *sum
}

fn main() {
    insert::map(|| Connection, ["a"]).for_each(drop);
    insert::map(|| Connection::open(), ["a"]).for_each(drop);
    insert::map(Connection::open, ["a"]).for_each(drop);
    insert::as_completed(|| Ok(1), ["a"]).for_each(drop);
    insert::submit(|| Connection, "a").join().unwrap().unwrap();
    count::map(|| Ok(1), ["a"]).for_each(drop);
    count::map(|x| x, ["a"]).for_each(drop);
    let cell = Cell::new(1);
    count::map(|| cell.get(), ["a"]).for_each(drop);
}
