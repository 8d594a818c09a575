//! Batches that share a pool share its workers, nested ones too; none starves, however long the others are.

use pool_core::Pool;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;
use support::{Gate, forever, pools, watched};

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
        let (pool, ran, running) = (Pool::new(2), AtomicUsize::new(0), Gate::default());
        thread::scope(|scope| {
            let long = pool.map(0..4000, |_| {
                running.open();
                ran.fetch_add(1, Ordering::SeqCst);
                work();
            });
            let stop = long.stop_handle();
            scope.spawn(|| long.for_each(drop));
            running.wait();
            let before = ran.load(Ordering::SeqCst);
            pool.map(0..10, |_| work()).for_each(drop);
            let meanwhile = ran.load(Ordering::SeqCst) - before;
            // Alone it takes five rounds of two calls, sharing it takes ten; three times five is the bound.
            assert!(meanwhile <= 30, "{meanwhile} other calls were begun in the time of 10");
            stop.stop();
        });
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
                    // Does not wait for its batch through the pool: somebody else must run it.
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
