//! `Clone` is asked where `as_completed` is used; a shared value is cloned for every call.

use pool_core::concurrent;
use std::rc::Rc;
use std::sync::Mutex;

struct Job;

#[concurrent]
fn run(job: Job) {
    drop(job);
}

#[concurrent]
fn counted(job: Rc<u32>) -> u32 {
    *job
}

#[concurrent]
fn shared(#[shared] state: Mutex<u32>, x: u32) -> u32 {
    *state.lock().unwrap() + x
}

fn main() {
    run::map([Job]).for_each(drop);
    run::as_completed([Job]).for_each(drop);
    counted::map((0..2).map(Rc::new)).for_each(drop);
    counted::submit(Rc::new(1));
}
