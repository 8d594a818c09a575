//! How long a test may take, and waiting within that.

use std::panic::resume_unwind;
use std::sync::mpsc;
use std::time::Duration;
use std::{env, thread};

/// A minute. What lasts longer hangs.
pub const LIMIT: Duration = Duration::from_secs(60);

/// The limit, or as many seconds as `PATIENCE` says: for tools under which everything takes ten times as long.
pub(crate) fn patience() -> Duration {
    let seconds = env::var("PATIENCE").ok().and_then(|text| text.parse().ok());
    seconds.map_or(LIMIT, Duration::from_secs)
}

/// Runs `test`, and fails if it hangs.
pub fn watched(test: impl FnOnce() + Send + 'static) {
    let patience = patience();
    let (alive, ended) = mpsc::channel::<()>();
    let test = thread::spawn(move || {
        let _alive = alive;
        test();
    });
    if ended.recv_timeout(patience) == Err(mpsc::RecvTimeoutError::Timeout) {
        panic!("it hangs: still not over after {patience:?}");
    }
    if let Err(payload) = test.join() {
        resume_unwind(payload);
    }
}

/// Blocks until `condition` holds, for events without a wake-up: a thread's end, a counter of the pool.
pub fn until(mut condition: impl FnMut() -> bool) {
    while !condition() {
        thread::sleep(Duration::from_millis(1));
    }
}
