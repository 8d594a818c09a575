//! Only functions without `self` are `associated`, and only free ones have a type beside them.

use pool_core::concurrent;

struct Client;

impl Client {
    #[concurrent(associated, companion = connects)]
    fn connect(_: u32) -> Self {
        Self
    }

    #[concurrent(associated)]
    fn fetch(&self, _: u32) {}

    #[concurrent(companion = sends)]
    fn send(&self, _: u32) {}

    #[concurrent]
    fn new(_: u32) -> Self {
        Self
    }

    #[concurrent(companion = opens)]
    fn open(_: u32) -> Self {
        Self
    }
}

fn main() {
    let client: Vec<Client> = Client::connect_map([1]).collect();
    client[0].fetch_map([1]).for_each(drop);
    client[0].send_map([1]).for_each(drop);
    Client::new_map([1]).for_each(drop);
    Client::open_map([1]).for_each(drop);
}
