//! At most `max_workers` calls run at any instant through one pool, over all that share it; and as many as that do run.

use pool_core::Pool;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, mpsc};
use std::thread;
use support::{Gate, LIMIT, Meter, forever, linger, pools, until, watched};

#[test]
fn over_batches_threads_and_tasks() {
    watched(|| {
        for pool in pools() {
            let meter = Meter::default();
            thread::scope(|scope| {
                for _ in 0..3 {
                    scope.spawn(|| {
                        pool.map(0..60, |n| meter.run(|| (linger(), n).1)).collect::<Vec<i32>>()
                    });
                    scope.spawn(|| {
                        pool.as_completed(0..60, |n| meter.run(|| (linger(), Ok::<_, ()>(*n)).1))
                            .for_each(drop);
                    });
                    scope.spawn(|| {
                        let call = || {
                            let meter = meter.clone();
                            move || meter.run(linger)
                        };
                        let tasks: Vec<_> = (0..60).map(|_| pool.submit(call())).collect();
                        tasks.into_iter().for_each(|task| task.join().unwrap());
                    });
                }
                scope.spawn(|| {
                    while pool.stats().completed < 540 {
                        assert!(pool.stats().running <= pool.max_workers());
                        thread::yield_now();
                    }
                });
            });
            assert!(
                meter.most() <= pool.max_workers(),
                "{} of {}",
                meter.most(),
                pool.max_workers()
            );
        }
    });
}

#[test]
fn as_many_calls_run_as_the_cap_allows() {
    watched(|| {
        for pool in pools() {
            let workers = pool.max_workers();
            // Every round begins with other threads asleep: none, one, all.
            for round in 0..60 {
                let (few, all) = (round % (workers + 1), Barrier::new(workers));
                pool.map(0..few, |_| ()).for_each(drop);
                pool.map(0..workers, |_| _ = all.wait()).for_each(drop);
                let all = Arc::new(all);
                let meet = || {
                    let all = Arc::clone(&all);
                    move || _ = all.wait()
                };
                let tasks: Vec<_> = (0..workers).map(|_| pool.submit(meet())).collect();
                tasks.into_iter().for_each(|task| task.join().unwrap());
            }
        }
    });
}

#[test]
fn as_many_calls_run_if_they_come_one_by_one() {
    watched(|| {
        for pool in pools() {
            let all = Arc::new(Barrier::new(pool.max_workers()));
            let (input, inputs) = mpsc::channel();
            let batch = pool.map(inputs, move |()| _ = all.wait()).start();
            (0..pool.max_workers()).for_each(|_| input.send(()).unwrap());
            assert_eq!(batch.take(pool.max_workers()).count(), pool.max_workers());
        }
    });
}

#[test]
fn a_batch_can_have_a_lower_one() {
    watched(|| {
        let pool = Pool::new(4);
        for most in [1, 2, 3, 4, 9] {
            let (meter, together) = (Meter::default(), Barrier::new(most.min(4)));
            pool.map(0..12 * most.min(4), |_| meter.run(|| _ = together.wait()))
                .max_workers(most)
                .for_each(drop);
            assert_eq!(meter.most(), most.min(4));
        }
    });
}

#[test]
fn a_lower_one_leaves_the_rest_to_other_batches() {
    watched(|| {
        let (pool, all) = (Pool::new(4), Barrier::new(4));
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| pool.map(0..10, |_| _ = all.wait()).max_workers(1).for_each(drop));
            }
        });
    });
}

#[test]
fn a_raised_one_is_used_at_once() {
    watched(|| {
        for batches in [1, 2, 4] {
            let (pool, all) = (Pool::new(1), Barrier::new(4));
            let (begun, first) = mpsc::channel();
            thread::scope(|scope| {
                for _ in 0..batches {
                    let (pool, all, begun) = (&pool, &all, begun.clone());
                    scope.spawn(move || {
                        pool.map(0..4 / batches, |_| {
                            begun.send(()).unwrap();
                            all.wait();
                        })
                        .for_each(drop);
                    });
                }
                first.recv().unwrap();
                pool.set_max_workers(4);
            });
            assert_eq!(pool.max_workers(), 4);
        }
    });
}

#[test]
fn a_raised_one_lets_waiting_calls_return() {
    watched(|| {
        let (pool, other) = (Pool::new(1), Pool::new(1));
        let (away, gate) = (Gate::default(), Gate::default());
        thread::scope(|scope| {
            let waiting = scope.spawn(|| {
                pool.map([()], |()| {
                    other
                        .map([()], |()| {
                            away.open();
                            gate.wait();
                        })
                        .for_each(drop);
                })
                .for_each(drop);
            });
            away.wait();
            // The place of the call that waits is taken, by one that ends only after the other has returned.
            let (taken, returned) = (Gate::default(), Gate::default());
            let task = pool.submit({
                let (taken, returned) = (taken.clone(), returned.clone());
                move || (taken.open(), returned.wait())
            });
            taken.wait();
            gate.open();
            until(|| other.wait_idle(LIMIT));
            pool.set_max_workers(2);
            waiting.join().unwrap();
            returned.open();
            task.join().unwrap();
        });
    });
}

#[test]
fn a_lowered_one_holds_for_every_call_after_those_that_run() {
    watched(|| {
        for lowered in [1, 2] {
            let (pool, meter, gate) = (Pool::new(4), Meter::default(), Gate::default());
            let (begun, begins) = mpsc::channel();
            let late = AtomicUsize::new(0);
            thread::scope(|scope| {
                for _ in 0..2 {
                    let (pool, meter, gate, begun, late) =
                        (&pool, &meter, &gate, begun.clone(), &late);
                    scope.spawn(move || {
                        pool.map(0..40, |n| {
                            meter.run(|| {
                                if pool.max_workers() == 4 {
                                    begun.send(n).unwrap();
                                    gate.wait();
                                } else {
                                    assert!(meter.running() <= lowered, "{} run", meter.running());
                                    late.fetch_add(1, Ordering::Relaxed);
                                    linger();
                                }
                            });
                        })
                        .for_each(drop);
                    });
                }
                begins.iter().take(4).for_each(drop);
                pool.set_max_workers(lowered);
                gate.open();
            });
            assert_eq!(late.into_inner(), 76);
            until(|| pool.stats().threads <= lowered);
        }
    });
}

#[test]
fn one_that_changes_all_the_time_is_never_exceeded() {
    watched(|| {
        let (pool, meter, over) = (Pool::new(8), Meter::default(), AtomicBool::new(false));
        thread::scope(|scope| {
            scope.spawn(|| {
                for n in (1..=8).cycle() {
                    pool.set_max_workers(n);
                    linger();
                    if over.load(Ordering::Relaxed) {
                        break;
                    }
                }
            });
            let leaves = |n: usize| {
                let inner: usize = pool
                    .map(0..4, |m| meter.run(|| (linger(), n + m).1))
                    .collect::<Vec<_>>()
                    .iter()
                    .sum();
                inner
            };
            let sums: Vec<usize> = pool.map(0..400, leaves).collect();
            over.store(true, Ordering::Relaxed);
            assert_eq!(sums, (0..400).map(|n| 4 * n + 6).collect::<Vec<_>>());
        });
        assert!(meter.most() <= 8);
        // And it still works at the last one.
        pool.set_max_workers(3);
        let all = Barrier::new(3);
        pool.map(0..3, |_| _ = all.wait()).for_each(drop);
    });
}

/// Counts itself as running except while it waits for its children.
fn tree(pool: &Pool, meter: &Meter, depth: usize) {
    meter.run(linger);
    if depth > 0 {
        pool.map(0..3, |_| tree(pool, meter, depth - 1)).for_each(|()| meter.run(linger));
    }
}

#[test]
fn calls_that_wait_do_not_count_and_those_within_do() {
    watched(|| {
        for pool in pools() {
            let meter = Meter::default();
            pool.map(0..3, |_| tree(&pool, &meter, 4)).for_each(drop);
            assert!(
                meter.most() <= pool.max_workers(),
                "{} of {}",
                meter.most(),
                pool.max_workers()
            );
        }
    });
}

#[test]
fn the_place_of_a_call_that_waits_is_used() {
    watched(|| {
        for pool in pools() {
            let (workers, other) = (pool.max_workers(), Pool::new(64));
            // As many calls wait, elsewhere, for as many others, which need each other.
            let (waiting, all) = (Barrier::new(workers + 1), Barrier::new(workers));
            let gate = Gate::default();
            thread::scope(|scope| {
                scope.spawn(|| {
                    let wait = |_| {
                        waiting.wait();
                        gate.wait();
                    };
                    pool.map(0..workers, |n| other.map([n], wait).for_each(drop)).for_each(drop);
                });
                waiting.wait();
                pool.map(0..workers, |_| _ = all.wait()).for_each(drop);
                gate.open();
            });
        }
    });
}

#[test]
fn it_holds_over_pools_that_batches_are_moved_to() {
    watched(|| {
        let (narrow, wide) = (forever(Pool::new(1)), Pool::new(8));
        let meter = Meter::default();
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| wide.map(0..50, |_| meter.run(linger)).on(narrow).for_each(drop));
            }
        });
        assert_eq!(meter.most(), 1);
        assert_eq!((wide.stats().completed, narrow.stats().completed), (0, 200));
    });
}
