//! A watch tells what a batch runs while it runs.

use pool_core::{Pool, back_off, sleep};
use std::panic::catch_unwind;
use std::sync::Barrier;
use std::thread;
use std::time::Duration;
use support::{Gate, pools, until, watched};

#[test]
fn it_tells_who_runs_and_on_which_thread() {
    watched(|| {
        let pool = Pool::builder().max_workers(3).name("seen").build();
        let gate = Gate::default();
        let waits = gate.clone();
        let batch = pool.map(0..10, move |n| (waits.wait(), n).1);
        let watch = batch.watch();
        assert_eq!((watch.taken(), watch.running().len()), (0, 0));
        let mut batch = batch.start();
        until(|| watch.running().len() == 3);
        let running = watch.running();
        assert!(running.is_sorted_by_key(|call| std::cmp::Reverse(call.age())));
        let mut indices: Vec<_> = running.iter().map(|call| call.index).collect();
        indices.sort_unstable();
        assert_eq!(indices, [0, 1, 2]);
        let mut threads: Vec<_> = running.iter().filter_map(|call| call.thread()).collect();
        threads.sort_unstable();
        assert_eq!(threads, ["seen-0", "seen-1", "seen-2"]);
        assert!(
            format!("{watch:?}")
                .starts_with("Watch { running: 3, taken: 3, finished: 0, failed: 0")
        );
        gate.open();
        assert!(batch.by_ref().eq(0..10));
        assert_eq!((watch.taken(), watch.finished(), watch.running().len()), (10, 10, 0));
        drop(batch);
        assert_eq!(watch.finished(), 10);
    });
}

#[test]
fn failures_are_errors_and_panics() {
    watched(|| {
        for pool in pools() {
            let call = |n: &u32| match n % 3 {
                0 => Ok(*n),
                1 => Err("failed"),
                _ => std::panic::resume_unwind(Box::new("panicked")),
            };
            let batch = pool.as_completed(0..30, call);
            let (watch, other) = (batch.watch(), batch.watch());
            let mut seen = 0;
            batch.for_each(|_| {
                seen += 1;
                assert!(watch.finished() >= seen);
            });
            for watch in [watch.clone(), watch, other] {
                assert_eq!((watch.finished(), watch.failed()), (30, 20));
            }
        }
    });
}

#[test]
fn calls_that_rest_or_wait_are_among_them() {
    watched(|| {
        let pool = Pool::new(1);
        let batch = pool
            .map([0, 1], |n| if n == 0 { back_off(Duration::MAX) } else { sleep(Duration::MAX) });
        let watch = batch.watch();
        let batch = batch.start();
        until(|| watch.running().len() == 2);
        batch.stop_handle().stop();
        assert_eq!(batch.count(), 2);
    });
}

#[test]
fn a_borrowed_batch_is_seen_from_another_thread() {
    watched(|| {
        let (pool, numbers, meet) = (Pool::new(2), vec![1, 2], Barrier::new(3));
        let batch = pool.map(&numbers, |n| (meet.wait(), *n).1);
        let watch = batch.watch();
        thread::scope(|scope| {
            scope.spawn(|| {
                until(|| watch.running().len() == 2);
                meet.wait();
            });
            batch.for_each(drop);
        });
        assert_eq!(watch.finished(), 2);
    });
}

#[test]
fn one_that_comes_too_late_is_refused() {
    let late = catch_unwind(|| Pool::new(1).map([0], |n| n).start().watch());
    let message = *late.unwrap_err().downcast::<String>().unwrap();
    assert!(message.starts_with("`watch` comes too late"), "{message}");
}
