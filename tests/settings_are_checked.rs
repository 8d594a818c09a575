//! What cannot be meant is refused at once, with the reason; what can be is used.

mod support;

use pool_core::Pool;
use std::time::Duration;
use support::{caught, watched};

fn refused<R>(code: impl FnOnce() -> R, reason: &str) {
    let outcome = caught(code).map(|_| "accepted");
    assert!(
        outcome.as_ref().is_err_and(|text| text.contains(reason)),
        "{outcome:?} instead of {reason:?}"
    );
}

#[test]
fn zero() {
    let pool = Pool::new(1);
    refused(|| Pool::new(0), "`max_workers` is 0");
    refused(|| Pool::builder().max_workers(0), "`max_workers` is 0");
    refused(|| pool.set_max_workers(0), "`max_workers` is 0");
    refused(|| pool.map([0], |n| n).max_workers(0), "`max_workers` is 0");
    refused(|| pool.map([0], |n| n).buffer(0), "`buffer` is 0");
    refused(|| pool.as_completed([0], |n| Ok::<_, ()>(*n)).max_workers(0), "`max_workers` is 0");
    refused(|| pool.as_completed([0], |n| Ok::<_, ()>(*n)).buffer(0), "`buffer` is 0");
    assert_eq!(pool.max_workers(), 1);
}

#[test]
fn a_name_with_nul() {
    refused(|| Pool::builder().name("a\0b"), "NUL");
}

#[test]
fn too_late() {
    watched(|| {
        let (pool, other) = (Pool::new(1), Pool::new(1));
        let asked = || {
            let mut batch = pool.map(0..3, |n| n);
            assert_eq!(batch.next(), Some(0));
            batch
        };
        let reason = "comes too late";
        refused(|| asked().max_workers(1), reason);
        refused(|| asked().buffer(1), reason);
        refused(|| asked().on(&other), reason);
        refused(|| pool.map(0..3, |n| n).start().buffer(1), reason);
        refused(|| pool.map(0..3, |n| n).start().max_workers(1), reason);
        refused(|| pool.as_completed(0..3, |n| Ok::<_, ()>(*n)).start().on(&other), reason);
        assert!(pool.wait_idle(support::LIMIT));
        // Twice is not too late.
        assert_eq!(pool.map(0..3, |n| n).start().start().count(), 3);
    });
}

#[test]
fn the_largest_there_are() {
    watched(|| {
        let pool = Pool::builder().max_workers(usize::MAX).keep_alive(Duration::MAX).build();
        let most = usize::MAX;
        assert_eq!(
            pool.map(0..9, |n| n).max_workers(most).buffer(most).collect::<Vec<_>>().len(),
            9
        );
        assert_eq!(
            pool.as_completed(0..9, |n| Ok::<_, ()>(*n)).max_workers(most).buffer(most).count(),
            9
        );
        assert_eq!(pool.map(0.., |n| n).buffer(9).take(9).count(), 9);
        pool.set_max_workers(1);
        pool.set_max_workers(most);
        assert_eq!((pool.max_workers(), pool.map(0..9, |n| n).count()), (most, 9));
    });
}

#[test]
fn the_last_one_counts() {
    watched(|| {
        let (pool, other) = (Pool::new(4), Pool::new(4));
        let batch = pool
            .map(0..9, |n| n)
            .buffer(1)
            .buffer(9)
            .max_workers(1)
            .max_workers(2)
            .on(&other)
            .on(&pool);
        assert_eq!(batch.collect::<Vec<_>>().len(), 9);
        assert_eq!((pool.stats().completed, other.stats().completed), (9, 0));
    });
}
