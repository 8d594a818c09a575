//! Says where the attribute goes.

use pool_core::concurrent;

#[concurrent]
struct Client;

#[concurrent(max_workers = 0)]
impl Client {
    fn fetch(&self, _: u32) {}
}

trait Fetch {
    #[concurrent]
    fn fetch(&self, path: u32);
}

fn main() {
    Client.fetch(1);
}
