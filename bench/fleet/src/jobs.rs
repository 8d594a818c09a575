//! The jobs: what the calls do, the same for all contenders.

use pool_core::concurrent;
use std::hint::spin_loop;
use std::process;
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// What each call of a job does.
pub(crate) struct Job {
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    /// How many microseconds a call computes, and how many it waits.
    pub(crate) spins: u64,
    pub(crate) sleeps: u64,
}

/// How many calls run at once.
pub(crate) const PLACES: usize = 8;

pub(crate) const JOBS: [Job; 5] = [
    Job { name: "nothing", title: "calls that do nothing", spins: 0, sleeps: 0 },
    Job { name: "10us", title: "calls that compute for 10 µs", spins: 10, sleeps: 0 },
    Job { name: "1ms", title: "calls that wait for 1 ms", spins: 0, sleeps: 1_000 },
    Job { name: "100ms", title: "calls that wait for 100 ms", spins: 0, sleeps: 100_000 },
    Job { name: "one", title: "one call at a time, that does nothing", spins: 0, sleeps: 0 },
];

/// Returns when it ended, by the machine's clock, and in which process.
#[concurrent(max_workers = 4, fleet = "job")]
pub(crate) fn job(spins: u64, sleeps: u64) -> (u64, u32) {
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_micros(spins) {
        spin_loop();
    }
    if sleeps > 0 {
        sleep(Duration::from_micros(sleeps));
    }
    (now(), process::id())
}

/// Nanoseconds since 1970.
pub(crate) fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("a time after 1970");
    since.as_nanos().try_into().expect("a time before 2554")
}
