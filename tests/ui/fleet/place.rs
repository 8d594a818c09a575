use pool_core::concurrent;
use std::sync::Arc;

struct Client;

impl Client {
    #[concurrent(fleet)]
    fn fetch(&self, id: u32) -> u32 {
        id
    }

    #[concurrent(max_workers = 2, fleet = "of_an_arc")]
    fn of_an_arc(self: &Arc<Self>, id: u32) -> u32 {
        id
    }

    #[concurrent(associated, fleet)]
    fn associated(id: u32) -> u32 {
        id
    }
}

fn main() {}
