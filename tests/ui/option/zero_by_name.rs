//! Zero is refused while compiling, also where a constant or a call says so.

use pool_core::concurrent;

const NONE: usize = 0;

#[concurrent(max_workers = NONE)]
fn double(x: u32) -> u32 {
    2 * x
}

#[concurrent(timeout = std::time::Duration::ZERO)]
fn triple(x: u32) -> u32 {
    3 * x
}

struct Client;

impl Client {
    #[concurrent(timeout = std::time::Duration::from_millis(0))]
    fn fetch(&self, x: u32) -> u32 {
        x
    }
}

fn main() {
    let _ = (double::map([1]), triple::map([1]), Client.fetch_map([1]));
}
