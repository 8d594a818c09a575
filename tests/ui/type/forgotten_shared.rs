//! Says what may have been forgotten where the inputs are nothing to iterate over.

use pool_core::concurrent;

struct Agent;

#[concurrent]
fn download(agent: &Agent, url: &str) -> usize {
    let Agent = agent;
    url.len()
}

#[concurrent]
fn fetch(agent: &Agent) {
    let Agent = agent;
}

fn main() {
    let urls = vec![String::from("/")];
    download::map(&Agent, &urls).for_each(drop);
    download::as_completed(Agent).for_each(drop);
    fetch::map(&Agent).for_each(drop);
}
