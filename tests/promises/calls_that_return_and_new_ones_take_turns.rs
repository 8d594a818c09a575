//! However often calls wait for a short time and come back, what is new comes in between.

use pool_core::Pool;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use support::{forever, watched};

/// Many calls of one pool poll batches of another, whose calls each need a permit of the first.
fn polls(calls: usize, wait: Duration) {
    let (pool, other) = (forever(Pool::new(1)), forever(Pool::new(64)));
    // No inner call asks for a permit before all outer ones are there.
    let all: &AtomicBool = forever(AtomicBool::new(false));
    let tasks: Vec<_> = (0..calls)
        .map(|n| {
            pool.submit(move || {
                let mut batch = other.map(0..1, move |_| {
                    while !all.load(Ordering::SeqCst) {
                        std::thread::yield_now();
                    }
                    pool.submit(move || n).join().unwrap()
                });
                loop {
                    if let Ok(result) = batch.next_timeout(wait) {
                        return result;
                    }
                    if n + 1 == calls {
                        all.store(true, Ordering::SeqCst);
                    }
                }
            })
        })
        .collect();
    for (n, task) in tasks.into_iter().enumerate() {
        assert_eq!(task.join().unwrap(), Some(n));
    }
}

#[test]
fn also_calls_that_poll_a_hundred_at_a_time() {
    watched(|| polls(100, Duration::from_micros(100)));
}

#[test]
fn also_calls_that_poll_as_fast_as_they_can() {
    watched(|| polls(60, Duration::from_micros(10)));
}
