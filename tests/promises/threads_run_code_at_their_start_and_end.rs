//! `on_start` and `on_end`: on each thread, before its first call and after its last.

use pool_core::{Pool, PoolBuilder};
use std::cell::Cell;
use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;
use support::{LIMIT, forever, raise, until, watched};

thread_local! {
    /// How often this thread was started, if it was.
    static ATTACHED: Cell<usize> = const { Cell::new(0) };
}

#[test]
fn each_thread_runs_them_once() {
    static LIVE: AtomicUsize = AtomicUsize::new(0);
    static STARTED: AtomicUsize = AtomicUsize::new(0);
    const BUILDER: PoolBuilder = Pool::builder()
        .max_workers(4)
        .keep_alive(Duration::ZERO)
        .on_start(|| {
            LIVE.fetch_add(1, SeqCst);
            STARTED.fetch_add(1, SeqCst);
            ATTACHED.set(ATTACHED.get() + 1);
        })
        .on_end(|| {
            assert_eq!(ATTACHED.get(), 1);
            LIVE.fetch_sub(1, SeqCst);
        });
    watched(|| {
        let pool = BUILDER.build();
        assert_eq!(STARTED.load(SeqCst), 0);
        let all = Barrier::new(4);
        let attached = pool.map(0..4, |_| {
            all.wait();
            (ATTACHED.get(), LIVE.load(SeqCst) > 0)
        });
        assert_eq!(attached.collect::<Vec<_>>(), [(1, true); 4]);
        until(|| LIVE.load(SeqCst) == 0);
        assert!(STARTED.load(SeqCst) >= 4);
        assert_eq!(pool.stats().threads, 0);
        // A new thread, which is started anew.
        assert_eq!(pool.submit(|| ATTACHED.get()).join().unwrap(), 1);
        drop(pool);
        until(|| LIVE.load(SeqCst) == 0);
    });
}

#[test]
fn a_start_that_panics_is_no_thread() {
    static ENDED: AtomicUsize = AtomicUsize::new(0);
    watched(|| {
        for workers in [1, 3] {
            let builder = Pool::builder().max_workers(workers);
            let pool = forever(
                builder
                    .on_start(|| raise("start"))
                    .on_end(|| {
                        ENDED.fetch_add(1, SeqCst);
                    })
                    .build(),
            );
            assert_eq!(pool.map(0..20, |n| n).collect::<Vec<_>>(), Vec::from_iter(0..20));
            assert_eq!(pool.submit(|| 7).join().unwrap(), 7);
            let nested = pool.map([1, 2], |n| pool.map([n, n], |n| n).collect::<Vec<_>>().len());
            assert_eq!(nested.collect::<Vec<_>>(), [2, 2]);
            let mut done = 0;
            pool.as_completed(0..5, |_| Ok::<_, ()>(())).for_each(|_| done += 1);
            assert_eq!(done, 5);
            assert!(pool.wait_idle(LIMIT));
            until(|| pool.stats().threads == 0);
        }
        assert_eq!(ENDED.load(SeqCst), 0);
    });
}

#[test]
fn some_starts_may_panic() {
    static STARTS: AtomicUsize = AtomicUsize::new(0);
    watched(|| {
        let pool = Pool::builder().max_workers(4).keep_alive(Duration::ZERO).on_start(|| {
            if STARTS.fetch_add(1, SeqCst) % 2 == 0 {
                raise("start");
            }
        });
        let pool = pool.build();
        for _ in 0..50 {
            assert_eq!(pool.map(0..20, |n| n).collect::<Vec<_>>(), Vec::from_iter(0..20));
            assert_eq!(pool.submit(|| 7).join().unwrap(), 7);
        }
        assert!(pool.wait_idle(LIMIT));
        assert_eq!(pool.stats().completed, 50 * 21);
    });
}

#[test]
fn an_end_that_panics_harms_nothing() {
    watched(|| {
        let builder = Pool::builder().max_workers(2).keep_alive(Duration::ZERO);
        let pool = builder.on_end(|| raise("end")).build();
        for _ in 0..20 {
            assert_eq!(pool.map(0..5, |n| n).collect::<Vec<_>>(), Vec::from_iter(0..5));
        }
        until(|| pool.stats().threads == 0);
    });
}
