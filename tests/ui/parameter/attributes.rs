//! `#[cfg]` would give the companion two signatures; `#[shared]` stands alone and once.

use pool_core::concurrent;

#[concurrent]
fn configured(#[cfg(unix)] x: u32, #[cfg_attr(unix, cfg(unix))] y: u32) -> u32 {
    x
}

#[concurrent]
fn shared(#[shared] #[shared] x: u32, #[shared(by = clone)] y: u32, z: u32) -> u32 {
    x + y + z
}

struct Client;

impl Client {
    #[concurrent]
    fn fetch(#[shared] &self, x: u32) -> u32 {
        x
    }
}

fn main() {
    let _ = (configured::map([(1, 1)]), shared::map(1, 1, [1]), Client.fetch_map([1]));
}
