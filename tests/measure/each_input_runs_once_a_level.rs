use crate::alone;
use pool_core::{Measure, Pool, is_cancelled};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

#[test]
fn a_level_runs_each_input_once_and_no_more_at_once_than_its_workers() {
    alone(|| {
        let (inside, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let (seen, pool) = (Mutex::new(Vec::new()), Pool::new(3));
        let call = |n: usize| {
            most.fetch_max(inside.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            thread::sleep(Duration::from_millis(1));
            inside.fetch_sub(1, Ordering::SeqCst);
            seen.lock().unwrap().push(n);
            Ok::<_, ()>(())
        };
        // What the batch is set to counts for nothing.
        for row in Measure::new(|| pool.map(0..64, call).max_workers(2)).levels([1, 8, 5]) {
            let mut seen = std::mem::take(&mut *seen.lock().unwrap());
            seen.sort_unstable();
            assert_eq!(seen, Vec::from_iter(0..64));
            assert_eq!(row.calls(), 64);
            assert_eq!(most.swap(0, Ordering::SeqCst), row.workers());
        }
        assert_eq!(pool.stats().completed, 0, "each level has a pool of its own");
    });
}

#[test]
fn the_end_of_the_time_waits_for_calls_and_cancels_none() {
    alone(|| {
        let (begun, ended, pool) = (AtomicUsize::new(0), AtomicUsize::new(0), Pool::new(1));
        let call = |_| {
            begun.fetch_add(1, Ordering::SeqCst);
            thread::sleep(Duration::from_millis(40));
            let cut = is_cancelled();
            ended.fetch_add(1, Ordering::SeqCst);
            if cut { Err("cancelled") } else { Ok(()) }
        };
        let measure =
            Measure::new(|| pool.map(0.., call)).levels([4]).at_most(Duration::from_millis(100));
        let rows = measure.collect::<Vec<_>>();
        let counts = (begun.into_inner(), ended.into_inner());
        assert_eq!((rows[0].calls(), rows[0].calls()), counts);
        assert_eq!(rows[0].failed(), 0);
    });
}
