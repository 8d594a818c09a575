//! Without an input there is nothing to map over.

use pool_core::concurrent;

#[concurrent]
fn nothing() {}

#[concurrent]
fn only_shared(#[shared] x: u32) -> u32 {
    x
}

struct Client;

impl Client {
    #[concurrent]
    fn ping(&self) -> bool {
        true
    }
}

fn main() {
    nothing::map([()]).for_each(drop);
    only_shared::map(1, [()]).for_each(drop);
    Client.ping_map([()]).for_each(drop);
}
