//! A consumer that only gathers results is not woken for each that comes soon after the last one.

use pool_core::Pool;
use std::fs;
use std::hint;
use std::time::{Duration, Instant};

const CALLS: usize = 2_000;

/// How often the current thread has gone to sleep.
fn sleeps() -> usize {
    let status = fs::read_to_string("/proc/thread-self/status").unwrap();
    let mut lines = status.lines();
    let count = lines.find_map(|line| line.strip_prefix("voluntary_ctxt_switches:")).unwrap();
    count.trim().parse().unwrap()
}

#[test]
fn in_batches_of_calls_that_take_some_microseconds() {
    let pool = Pool::new(2);
    let call = |n| {
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_micros(20) {
            hint::spin_loop();
        }
        n
    };
    // Naps take some 50 sleeps, and a wake for each result takes 1,300. On a busy machine the results may come slowly.
    let end = Instant::now() + Duration::from_secs(30);
    loop {
        let before = sleeps();
        let results: Vec<usize> = pool.map(0..CALLS, call).collect();
        let slept = sleeps() - before;
        assert_eq!(results.len(), CALLS);
        if slept < CALLS / 10 {
            break;
        }
        assert!(Instant::now() < end, "the consumer slept {slept} times for {CALLS} results");
    }
}
