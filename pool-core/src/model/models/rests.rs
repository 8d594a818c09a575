//! Calls that rest, and pools that are paused: the cap holds, and nothing waits for ever.

use super::{Alone, Progress, model, pool};
use crate::{back_off, pause};
use loom::sync::Arc;
use loom::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

const HOUR: Duration = Duration::from_secs(3_600);

#[test]
fn the_cap_holds_while_a_call_rests_and_comes_back() {
    model(|| {
        let (pool, alone) = (pool(1), Alone::new());
        let (one, other) = (alone.clone(), alone);
        let rests = pool.submit(move || {
            one.run();
            assert!(back_off(Duration::ZERO));
            one.run();
        });
        let task = pool.submit(move || other.run());
        task.join().unwrap();
        rests.join().unwrap();
    });
}

#[test]
fn the_permit_of_a_call_that_rests_is_used() {
    model(|| {
        let pool = pool(1);
        // It rests until it is stopped.
        let rests = pool.submit(|| back_off(HOUR));
        let stop = rests.stop_handle();
        pool.submit(move || stop.stop()).join().unwrap();
        assert!(!rests.join().unwrap());
    });
}

#[test]
fn a_rest_ends_when_its_batch_is_dropped() {
    model(|| {
        let pool = pool(1);
        let batch = pool.map([1], |_| back_off(HOUR)).start();
        drop(batch);
    });
}

#[test]
fn a_call_of_a_nested_batch_rests() {
    model(|| {
        let pool = Arc::new(pool(1));
        let inner = Arc::clone(&pool);
        let outer = pool.submit(move || {
            inner.map([1, 2], |n| (back_off(Duration::ZERO), n)).collect::<Vec<_>>()
        });
        let other = pool.submit(|| 3);
        assert_eq!(outer.join().unwrap(), [(true, 1), (true, 2)]);
        assert_eq!(other.join().unwrap(), 3);
    });
}

#[test]
fn the_end_of_a_pause_wakes_a_worker_for_each_hint() {
    model(|| {
        let pool = Arc::new(pool(2));
        pool.pause_for(Duration::MAX);
        let other = Arc::clone(&pool);
        let resumes = loom::thread::spawn(move || other.resume());
        let (one, two) = (pool.submit(|| 1), pool.submit(|| 2));
        assert_eq!(one.join().unwrap() + two.join().unwrap(), 3);
        resumes.join().unwrap();
    });
}

#[test]
fn no_call_starts_while_a_pool_is_paused() {
    model(|| {
        let pool = pool(1);
        let (started, begun) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        pool.submit(|| ()).join().unwrap();
        pool.pause_for(Duration::MAX);
        let (count, resumed) = (Arc::clone(&started), Arc::clone(&begun));
        let task = pool.submit(move || {
            assert_eq!(resumed.load(Ordering::SeqCst), 1);
            count.fetch_add(1, Ordering::SeqCst);
        });
        begun.store(1, Ordering::SeqCst);
        pool.resume();
        task.join().unwrap();
        assert_eq!(started.load(Ordering::SeqCst), 1);
    });
}

#[test]
fn a_call_that_a_pause_holds_runs_its_batch_after_it() {
    model(|| {
        let pool = Arc::new(pool(1));
        let (inner, other) = (Arc::clone(&pool), Arc::clone(&pool));
        let outer = pool.submit(move || inner.map([1, 2], |n| n).collect::<Vec<_>>());
        let pauses = loom::thread::spawn(move || {
            other.pause_for(Duration::MAX);
            other.resume();
        });
        assert_eq!(outer.join().unwrap(), [1, 2]);
        pauses.join().unwrap();
    });
}

#[test]
fn a_rest_outlasts_two_pauses() {
    model(|| {
        let (pool, progress) = (pool(1), Arc::new(Progress::new()));
        let paused = Arc::clone(&progress);
        let rests = pool.submit(move || {
            assert!(pause(Duration::MAX));
            paused.advance();
            back_off(Duration::ZERO)
        });
        progress.wait_for(1);
        pool.resume();
        pool.pause_for(Duration::MAX);
        pool.resume();
        assert!(rests.join().unwrap());
    });
}

#[test]
fn a_rest_in_a_pause_ends_when_it_is_stopped() {
    model(|| {
        let pool = pool(1);
        let rests = pool.submit(|| back_off(Duration::ZERO));
        pool.pause_for(Duration::MAX);
        let stop = rests.stop_handle();
        stop.stop();
        pool.resume();
        rests.join().unwrap();
    });
}

#[test]
fn a_rest_that_is_over_waits_for_the_end_of_a_pause() {
    model(|| {
        let pool = pool(1);
        let (paused, resumed) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (before, after) = (Arc::clone(&paused), Arc::clone(&resumed));
        let rests = pool.submit(move || {
            assert!(back_off(Duration::ZERO));
            assert!(before.load(Ordering::SeqCst) == 0 || after.load(Ordering::SeqCst) == 1);
        });
        let pauses = pool.submit(move || {
            assert!(pause(Duration::MAX));
            paused.store(1, Ordering::SeqCst);
        });
        pauses.join().unwrap();
        resumed.store(1, Ordering::SeqCst);
        pool.resume();
        rests.join().unwrap();
    });
}
