//! Told at the inputs, with what can be given.

use pool_core::concurrent;

struct Job {
    _url: String,
}

#[concurrent]
fn download(#[shared] agent: &String, url: &str) -> usize {
    agent.len() + url.len()
}

fn main() {
    let agent = String::new();
    download::map(&agent, [Job { _url: String::new() }]).for_each(drop);
    download::map(1, ["a"]).for_each(drop);
    download::as_completed(&agent, vec![1]).for_each(drop);
    let _ = download::submit(agent, Some("a"));
}
