//! Points at `self`.

use pool_core::concurrent;
use std::cell::Cell;
use std::sync::Arc;

struct Client(Cell<u32>);

impl Client {
    #[concurrent]
    fn fetch(&self, x: u32) -> u32 {
        self.0.get() + x
    }

    #[concurrent]
    fn counted(self: Arc<Self>, x: u32) -> u32 {
        self.0.get() + x
    }
}

fn main() {}
