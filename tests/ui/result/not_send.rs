//! Told at the type, with the way out.

use pool_core::concurrent;
use std::cell::Cell;
use std::error::Error;
use std::rc::Rc;

#[concurrent]
fn boxed(text: &str) -> Result<u32, Box<dyn Error>> {
    Ok(text.parse()?)
}

#[concurrent]
fn counted(x: u32) -> Rc<u32> {
    Rc::new(x)
}

#[concurrent]
fn both(x: u32) -> Result<Rc<u32>, *const u8> {
    Ok(Rc::new(x))
}

struct Client;

impl Client {
    #[concurrent]
    fn fetch(&self, x: u32) -> Option<Rc<u32>> {
        Some(Rc::new(x))
    }
}

#[concurrent]
fn borrowed(_: u32) -> &'static Cell<u32> {
    unreachable!()
}

#[concurrent]
fn generic<T>(x: u32, _: fn() -> T) -> Vec<T> {
    drop(x);
    Vec::new()
}

fn main() {
    generic::map([(1, (|| Rc::new(1)) as fn() -> Rc<i32>)]).for_each(drop);
}
