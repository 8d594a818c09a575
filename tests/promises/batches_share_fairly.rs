//! Batches that share a pool share its workers, nested ones too; none starves, however long the others are.

use pool_core::Pool;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, mpsc};
use std::thread;
use std::time::Duration;
use support::{Gate, forever, pools, until, watched};

/// Inputs for as long as `over` does not hold.
fn endless(over: &AtomicBool) -> impl Iterator<Item = usize> + Send {
    (0..).take_while(|_| !over.load(Ordering::SeqCst))
}

#[test]
fn a_short_one_beside_an_endless_one() {
    watched(|| {
        for pool in pools() {
            let (over, running) = (AtomicBool::new(false), Gate::default());
            thread::scope(|scope| {
                scope.spawn(|| pool.map(endless(&over), |_| running.open()).for_each(drop));
                running.wait();
                assert_eq!(pool.map(0..10, |n| n).collect::<Vec<_>>().len(), 10);
                assert_eq!(pool.submit(|| 1).join().unwrap(), 1);
                over.store(true, Ordering::SeqCst);
            });
        }
    });
}

#[test]
fn a_short_one_that_has_begun_is_not_interrupted() {
    watched(|| {
        let pool = Pool::new(1);
        let (over, running) = (AtomicBool::new(false), Gate::default());
        let calls = Mutex::new(Vec::new());
        thread::scope(|scope| {
            scope.spawn(|| {
                let call = |_| {
                    calls.lock().unwrap().push("long");
                    running.open();
                };
                pool.map(endless(&over), call).for_each(drop);
            });
            running.wait();
            pool.map(0..2, |_| calls.lock().unwrap().push("short")).for_each(drop);
            over.store(true, Ordering::SeqCst);
        });
        let calls = calls.into_inner().unwrap();
        let first = calls.iter().position(|call| *call == "short").unwrap();
        assert_eq!(calls[first + 1], "short");
    });
}

#[test]
fn a_nested_one_beside_an_endless_one() {
    watched(|| {
        for pool in pools() {
            let (over, running) = (AtomicBool::new(false), Gate::default());
            thread::scope(|scope| {
                scope.spawn(|| pool.map(endless(&over), |_| running.open()).for_each(drop));
                running.wait();
                let nested = |_| {
                    let other =
                        pool.map(0..10, |n| n).max_workers(1).scope(|results| results.count());
                    pool.as_completed(0..10, |n| Ok::<_, ()>(*n)).scope(|done| done.count()) + other
                };
                assert_eq!(pool.map(0..4, nested).collect::<Vec<_>>(), [20; 4]);
                over.store(true, Ordering::SeqCst);
            });
        }
    });
}

#[test]
fn many_endless_ones_and_the_inputs_of_each() {
    watched(|| {
        for pool in pools() {
            let (over, progress) = (AtomicBool::new(false), [const { AtomicUsize::new(0) }; 8]);
            thread::scope(|scope| {
                for own in &progress {
                    let (pool, over, progress) = (&pool, &over, &progress);
                    scope.spawn(move || {
                        pool.map(endless(over), |_| own.fetch_add(1, Ordering::SeqCst)).for_each(
                            |_| {
                                if progress
                                    .iter()
                                    .all(|progress| progress.load(Ordering::SeqCst) > 100)
                                {
                                    over.store(true, Ordering::SeqCst);
                                }
                            },
                        );
                    });
                }
            });
        }
    });
}

/// What a call does that takes a while.
fn work() {
    thread::sleep(Duration::from_millis(1));
}

#[test]
fn a_short_one_is_not_queued_behind_4000_inputs() {
    watched(|| {
        for workers in [1, 2, 4, 8] {
            let (pool, ran, running) = (Pool::new(workers), AtomicUsize::new(0), Gate::default());
            thread::scope(|scope| {
                let long = pool.map(0..4000, |_| {
                    ran.fetch_add(1, Ordering::SeqCst);
                    running.open();
                    work();
                });
                let stop = long.stop_handle();
                scope.spawn(|| long.for_each(drop));
                running.wait();
                let before = ran.load(Ordering::SeqCst);
                let short = pool.map(0..10, |_| (ran.load(Ordering::SeqCst), work()).0);
                let last = short.collect::<Vec<_>>().into_iter().max().unwrap();
                stop.stop();
                // As many rounds of calls as it takes alone, three times over.
                let (others, bound) = (last - before, 3 * workers * 10_usize.div_ceil(workers));
                assert!(others <= bound, "{others} other calls began before the last of 10 did");
            });
        }
    });
}

/// A call waits for a batch of its own while the other workers are in calls that end only when the test says so.
fn waits_beside_endless_calls(workers: usize, wait: fn(&Pool, &(dyn Fn(usize) + Sync))) {
    let (pool, inside) = (Pool::new(workers), Gate::default());
    let (endless, (end, ends)) = (AtomicUsize::new(0), mpsc::channel());
    let ends = Mutex::new(ends);
    thread::scope(|scope| {
        let (pool, inside, endless) = (&pool, &inside, &endless);
        let waiting = scope.spawn(move || {
            let waiting = |()| {
                inside.open();
                until(|| endless.load(Ordering::SeqCst) == workers - 1);
                // One of the others becomes free on the way.
                wait(pool, &|n| {
                    if n == 3 {
                        end.send(()).unwrap()
                    }
                });
            };
            pool.map([()], waiting).for_each(drop);
        });
        inside.wait();
        let call = |_| {
            endless.fetch_add(1, Ordering::SeqCst);
            let _ = ends.lock().unwrap().recv();
        };
        // They end when the sender is dropped, which the call that waits has taken along.
        pool.map(0..100, call).for_each(drop);
        waiting.join().unwrap();
    });
}

#[test]
fn a_call_that_waits_needs_no_other_batch_to_end() {
    watched(|| {
        for workers in [1, 2, 4] {
            for _ in 0..50 {
                waits_beside_endless_calls(workers, |pool, call| {
                    drop(pool.map(0..10, call).collect::<Vec<_>>());
                });
                waits_beside_endless_calls(workers, |pool, call| {
                    pool.map(0..10, call).for_each(drop)
                });
            }
        }
    });
}

#[test]
fn two_endless_ones_get_the_same() {
    watched(|| {
        for workers in [2, 4] {
            let (pool, over) = (Pool::new(workers), AtomicBool::new(false));
            let ran = [const { AtomicUsize::new(0) }; 2];
            thread::scope(|scope| {
                for own in &ran {
                    scope.spawn(|| {
                        let call = |_| {
                            // Counts from when both run.
                            if ran.iter().all(|ran| ran.load(Ordering::SeqCst) > 0)
                                || own.load(Ordering::SeqCst) == 0
                            {
                                own.fetch_add(1, Ordering::SeqCst);
                            }
                            work();
                            if ran.iter().map(|ran| ran.load(Ordering::SeqCst)).sum::<usize>()
                                > 1000
                            {
                                over.store(true, Ordering::SeqCst);
                            }
                        };
                        pool.map(endless(&over), call).for_each(drop);
                    });
                }
            });
            let [one, two] = ran.map(AtomicUsize::into_inner);
            assert!(one.abs_diff(two) <= (one + two) / 10, "{one} and {two}");
        }
    });
}

#[test]
fn nested_inputs_of_a_busy_worker_are_taken_by_others() {
    watched(|| {
        let pool = forever(Pool::new(2));
        let (over, running, stolen) =
            (forever(AtomicBool::new(false)), Gate::default(), Gate::default());
        thread::scope(|scope| {
            // Keeps the queue from outside full.
            scope.spawn(|| pool.map(endless(over), |_| running.open()).for_each(drop));
            running.wait();
            let task = pool.submit({
                let stolen = stolen.clone();
                move || {
                    let nested = pool.map(0..4, move |_| stolen.open()).start();
                    // Does not wait for its batch through the pool: another thread must run it.
                    let done = Gate::default();
                    (nested, done)
                }
            });
            stolen.wait();
            let (nested, _) = task.join().unwrap();
            assert_eq!(nested.count(), 4);
            over.store(true, Ordering::SeqCst);
        });
    });
}
