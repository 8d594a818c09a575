//! What a pool says of itself is true at every moment, and adds up under load.

use pool_core::Pool;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use support::{Gate, LIMIT, forever, linger, pools, raise, until, watched};

#[test]
fn of_a_pool_that_has_done_nothing() {
    let stats = Pool::new(3).stats();
    assert_eq!(
        (stats.max_workers, stats.threads, stats.running, stats.completed, stats.panicked),
        (3, 0, 0, 0, 0)
    );
}

#[test]
fn a_call_is_counted_before_its_result_can_be_seen() {
    watched(|| {
        for pool in pools() {
            let mut seen = 0;
            pool.map(0..500, |n| n).for_each(|_| {
                seen += 1;
                assert!(pool.stats().completed >= seen);
            });
            for n in 1..500 {
                let task = pool.submit(move || {
                    if n % 2 == 0 {
                        raise("even")
                    }
                });
                assert_eq!(task.join().is_err(), n % 2 == 0);
                assert_eq!((pool.stats().completed, pool.stats().panicked), (500 + n, n / 2));
            }
        }
    });
}

#[test]
fn those_that_run_are_running_and_those_that_wait_are_not() {
    watched(|| {
        for pool in pools() {
            let (workers, pool) = (pool.max_workers(), forever(pool));
            let (begun, gate) = (forever(Barrier::new(workers + 1)), Gate::default());
            let batch = pool
                .map(0..workers, {
                    let gate = gate.clone();
                    move |_| {
                        begun.wait();
                        gate.wait();
                    }
                })
                .start();
            begun.wait();
            assert_eq!((pool.stats().running, pool.stats().completed), (workers, 0));
            gate.open();
            assert_eq!(batch.count(), workers);
            assert_eq!((pool.stats().running, pool.stats().completed), (0, workers));
            // On one worker: a call that waits is not running while the call within does.
            let narrow = forever(Pool::new(1));
            let inner = narrow
                .map(0..3, |_| narrow.map(0..3, |_| narrow.stats().running).collect::<Vec<_>>());
            assert_eq!(inner.collect::<Vec<_>>(), vec![vec![1; 3]; 3]);
            let joined = narrow.submit(|| narrow.submit(|| narrow.stats().running).join().unwrap());
            assert_eq!(joined.join().unwrap(), 1);
            let through = narrow.submit(|| {
                pool.map([()], |()| until(|| narrow.stats().running == 0)).for_each(drop)
            });
            through.join().unwrap();
        }
    });
}

#[test]
fn under_load_from_everywhere() {
    watched(|| {
        for pool in pools() {
            let over = AtomicBool::new(false);
            thread::scope(|scope| {
                let watcher = scope.spawn(|| {
                    let (mut completed, mut panicked) = (0, 0);
                    while !over.load(Ordering::SeqCst) {
                        let stats = pool.stats();
                        assert!(
                            stats.completed >= completed && stats.panicked >= panicked,
                            "{stats:?}"
                        );
                        assert!(stats.panicked <= stats.completed, "{stats:?}");
                        (completed, panicked) = (stats.completed, stats.panicked);
                        thread::yield_now();
                    }
                });
                let load: Vec<_> = (0..4)
                    .map(|_| {
                        scope.spawn(|| {
                            for _ in 0..20 {
                                let outer = pool.as_completed(0..10, |n| -> Result<(), ()> {
                                    pool.map(0..5, |_| linger()).for_each(drop);
                                    if n % 5 == 0 { raise("fifth") } else { Ok(()) }
                                });
                                outer.for_each(drop);
                            }
                        })
                    })
                    .collect();
                load.into_iter().for_each(|load| load.join().unwrap());
                over.store(true, Ordering::SeqCst);
                watcher.join().unwrap();
            });
            assert!(pool.wait_idle(LIMIT));
            let stats = pool.stats();
            assert_eq!(
                (stats.completed, stats.panicked, stats.running),
                (4 * 20 * 60, 4 * 20 * 2, 0)
            );
        }
    });
}

#[test]
fn nothing_is_forgotten_with_the_threads() {
    watched(|| {
        let pool = Pool::builder().max_workers(2).keep_alive(std::time::Duration::ZERO).build();
        for n in 1..=500 {
            pool.submit(|| ()).join().unwrap();
            assert_eq!(pool.stats().completed, n);
        }
    });
}
