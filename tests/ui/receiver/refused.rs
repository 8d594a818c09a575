//! Calls share `self`, so that they cannot have it for themselves.

use pool_core::concurrent;
use std::pin::Pin;
use std::rc::Rc;

struct Client;

impl Client {
    #[concurrent]
    fn value(self, x: u32) -> u32 {
        x
    }

    #[concurrent]
    fn mutable_value(mut self, x: u32) -> u32 {
        self = Self;
        x
    }

    #[concurrent]
    fn mutable(&mut self, x: u32) -> u32 {
        x
    }

    #[concurrent]
    fn boxed(self: Box<Self>, x: u32) -> u32 {
        x
    }

    #[concurrent]
    fn counted(self: Rc<Self>, x: u32) -> u32 {
        x
    }

    #[concurrent]
    fn pinned(self: Pin<&mut Self>, x: u32) -> u32 {
        x
    }
}

fn main() {
    let values: Vec<u32> = Client.value_map([1]).collect();
    let mutable: Vec<u32> = Client.mutable_map([1]).collect();
    let _ = (values, mutable, Client.mutable_value_map([1]), Box::new(Client).boxed_map([1]));
}
