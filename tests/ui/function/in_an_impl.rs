//! The attribute cannot see an `impl`, nor of what.

use pool_core::concurrent;

struct Client;

impl Client {
    #[concurrent]
    fn connect(x: u32) -> u32 {
        x
    }
}

trait Fetch {
    fn fetch(&self, x: u32) -> u32;
}

impl Fetch for Client {
    #[concurrent]
    fn fetch(&self, x: u32) -> u32 {
        x
    }
}

fn main() {
    Client.fetch(Client::connect(1));
}
