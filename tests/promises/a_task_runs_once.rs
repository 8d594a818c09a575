//! One call in the background runs once, whether it is joined, waited for, dropped or cancelled too late.

use pool_core::{Panic, Pool, Task};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;
use support::{Gate, LIMIT, Ledger, busy, forever, pools, raise, until, watched};

#[test]
fn the_result_or_the_panic() {
    watched(|| {
        for pool in pools() {
            assert_eq!(pool.submit(|| "done").join().unwrap(), "done");
            let panic: Panic = pool.submit(|| -> u8 { raise("broken") }).join().unwrap_err();
            assert_eq!((panic.message(), panic.to_string()), ("broken", "broken".into()));
            let tasks: Vec<_> = (0..100).map(|n| pool.submit(move || n)).collect();
            let sum: i32 = tasks.into_iter().rev().map(|task| task.join().unwrap()).sum();
            assert_eq!(sum, 4950);
        }
    });
}

#[test]
fn a_wait_that_ends_gives_it_back() {
    watched(|| {
        let (pool, gate, blocker) = busy();
        let task = pool.submit(|| 5);
        let task = task.join_timeout(Duration::ZERO).unwrap_err();
        let task = task.join_timeout(Duration::from_nanos(1)).unwrap_err();
        let task = task.join_timeout(Duration::from_millis(3)).unwrap_err();
        let blocker = blocker.join_timeout(Duration::from_millis(1)).unwrap_err();
        assert!(!task.is_finished() && !blocker.is_finished());
        gate.open();
        assert_eq!(task.join_timeout(Duration::MAX).unwrap().unwrap(), 5);
        until(|| blocker.is_finished());
        // It is there: no wait is too short.
        blocker.join_timeout(Duration::ZERO).unwrap().unwrap();
        let broken = pool.submit(|| -> u8 { raise("broken") });
        assert_eq!(broken.join_timeout(LIMIT).unwrap().unwrap_err().message(), "broken");
    });
}

#[test]
fn one_that_has_not_started_can_be_cancelled() {
    watched(|| {
        let (pool, gate, blocker) = busy();
        let ledger = Ledger::default();
        let own = ledger.entry();
        let task = pool.submit(move || {
            own.touch();
            unreachable!("it was cancelled")
        });
        let task: Task<()> = task.join_timeout(Duration::ZERO).unwrap_err();
        task.cancel().unwrap();
        // Its closure is dropped here, not when a worker comes by.
        assert_eq!(ledger.alive(), 0);
        let blocker = blocker.cancel().unwrap_err();
        gate.open();
        let blocker = blocker.cancel().unwrap_err();
        blocker.join().unwrap();
        assert!(pool.wait_idle(LIMIT));
        assert_eq!(pool.stats().completed, 1);
        let finished = pool.submit(|| 1);
        until(|| finished.is_finished());
        assert_eq!(finished.cancel().unwrap_err().join().unwrap(), 1);
    });
}

#[test]
fn a_closure_that_panics_when_it_is_cancelled_is_gone() {
    watched(|| {
        let (pool, gate, blocker) = busy();
        let ledger = Ledger::default();
        let bomb = ledger.bomb();
        let cancelled = support::caught(|| pool.submit(move || bomb.touch()).cancel().is_ok());
        assert!(cancelled == Ok(true) || cancelled == Err("drop".into()), "{cancelled:?}");
        assert_eq!(ledger.alive(), 0);
        gate.open();
        blocker.join().unwrap();
        assert!(pool.wait_idle(LIMIT));
    });
}

#[test]
fn a_cancel_that_races_with_the_start_has_one_outcome() {
    watched(|| {
        for pool in pools() {
            let ledger = Ledger::default();
            let (mut cancelled, ran) = (0, Arc::new(AtomicUsize::new(0)));
            for n in 0..2000 {
                let (ran, own) = (Arc::clone(&ran), ledger.entry());
                let task = pool.submit(move || {
                    own.touch();
                    ran.fetch_add(1, Ordering::SeqCst);
                });
                (0..n % 5).for_each(|_| thread::yield_now());
                match task.cancel() {
                    Ok(()) => cancelled += 1,
                    Err(started) => started.join().unwrap(),
                }
            }
            assert_eq!(ledger.alive(), 0);
            assert_eq!(cancelled + ran.load(Ordering::SeqCst), 2000);
            assert_eq!(pool.stats().completed + cancelled, 2000);
        }
    });
}

#[test]
fn in_every_order_within_calls() {
    watched(|| {
        for pool in pools() {
            let pool = forever(pool);
            for order in 0..3 {
                let outer = pool.submit(move || {
                    let tasks: Vec<_> = (0..30).map(|n| pool.submit(move || n)).collect();
                    let (mut sum, mut dropped, mut cancelled) = (0, 0, 0);
                    let mut wait = |n: usize, task: Task<usize>| match n % 5 {
                        0 => sum += task.join().unwrap(),
                        1 => sum += task.join_timeout(Duration::MAX).unwrap().unwrap(),
                        2 => {
                            let mut task = task;
                            sum += loop {
                                match task.join_timeout(Duration::ZERO) {
                                    Ok(result) => break result.unwrap(),
                                    Err(back) => task = back,
                                }
                            }
                        }
                        3 => {
                            dropped += n;
                            drop(task);
                        }
                        _ => match task.cancel() {
                            Ok(()) => cancelled += n,
                            Err(started) => sum += started.join().unwrap(),
                        },
                    };
                    match order {
                        0 => tasks.into_iter().enumerate().for_each(|(n, task)| wait(n, task)),
                        1 => {
                            tasks.into_iter().enumerate().rev().for_each(|(n, task)| wait(n, task))
                        }
                        _ => {
                            let (even, odd): (Vec<_>, Vec<_>) =
                                tasks.into_iter().enumerate().partition(|(n, _)| n % 2 == 0);
                            odd.into_iter().chain(even).for_each(|(n, task)| wait(n, task));
                        }
                    }
                    assert_eq!(sum + dropped + cancelled, (0..30).sum());
                });
                outer.join().unwrap();
                assert!(pool.wait_idle(LIMIT));
            }
        }
    });
}

#[test]
fn in_all_orders_within_one_call_of_a_pool_of_one() {
    const ORDERS: [[usize; 3]; 6] =
        [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
    watched(|| {
        let pool = forever(Pool::new(1));
        let (mut tasks, mut cancels) = (0, 0);
        for order in ORDERS {
            for fates in 0..5_usize.pow(3) {
                let outer = pool.submit(move || {
                    let ran = Arc::new(AtomicUsize::new(0));
                    let mut tasks: [Option<Task<usize>>; 3] = std::array::from_fn(|n| {
                        let ran = Arc::clone(&ran);
                        Some(pool.submit(move || (ran.fetch_add(1, Ordering::SeqCst), n).1))
                    });
                    let mut cancelled = 0;
                    for (place, n) in order.into_iter().enumerate() {
                        let task = tasks[n].take().unwrap();
                        match fates / 5_usize.pow(place as u32) % 5 {
                            0 => assert_eq!(task.join().unwrap(), n),
                            1 => assert_eq!(task.join_timeout(Duration::MAX).unwrap().unwrap(), n),
                            2 => match task.join_timeout(Duration::ZERO) {
                                Ok(result) => assert_eq!(result.unwrap(), n),
                                Err(task) => drop(task),
                            },
                            3 => drop(task),
                            _ => match task.cancel() {
                                Ok(()) => cancelled += 1,
                                Err(started) => assert_eq!(started.join().unwrap(), n),
                            },
                        }
                    }
                    (cancelled, ran)
                });
                let (cancelled, ran) = outer.join().unwrap();
                // What was let go of runs all the same, once; what was cancelled does not.
                assert!(pool.wait_idle(LIMIT));
                assert_eq!(ran.load(Ordering::SeqCst), 3 - cancelled);
                tasks += 4;
                cancels += cancelled;
            }
        }
        assert_eq!(pool.stats().completed, tasks - cancels);
        assert!(cancels > 0);
    });
}

#[test]
fn one_without_a_thread_is_waited_for_by_its_joiner_alone() {
    watched(|| {
        let pool = support::threadless(1);
        let (task, other) = (pool.submit(|| 1), pool.submit(|| 2));
        // A wait for the pool joins no task.
        assert!(!pool.wait_idle(Duration::from_millis(2)));
        assert!(!task.is_finished());
        assert_eq!(task.join().unwrap(), 1);
        assert!(!pool.wait_idle(Duration::ZERO));
        other.cancel().unwrap();
        assert!(pool.wait_idle(LIMIT));
    });
}

#[test]
fn one_may_be_joined_by_another_thread_or_call() {
    watched(|| {
        for pool in pools() {
            let pool = forever(pool);
            // Each task joins the one before it.
            let last = (0..100).fold(pool.submit(|| 0), |before, _| {
                pool.submit(move || before.join().unwrap() + 1)
            });
            assert_eq!(thread::spawn(move || last.join().unwrap()).join().unwrap(), 100);
        }
    });
}

#[test]
fn one_may_hold_its_own_handle() {
    watched(|| {
        for pool in pools() {
            let (give, take) = mpsc::channel::<Task<()>>();
            let dropped = Gate::default();
            let task = pool.submit({
                let dropped = dropped.clone();
                move || {
                    let own = take.recv().unwrap();
                    let own = own.cancel().unwrap_err();
                    assert!(!own.is_finished());
                    drop(own);
                    dropped.open();
                }
            });
            give.send(task).unwrap();
            dropped.wait();
            assert!(pool.wait_idle(LIMIT));
        }
    });
}

#[test]
fn beside_a_result_that_is_dropped_slowly() {
    /// Waits in its drop for a task that comes later.
    struct Slow(mpsc::Sender<()>, mpsc::Receiver<()>);
    impl Drop for Slow {
        fn drop(&mut self) {
            self.0.send(()).unwrap();
            self.1.recv().unwrap();
        }
    }
    watched(|| {
        let (pool, open) = (Pool::new(4), support::Gate::default());
        let ((begun, dropping), (later, came)) = (mpsc::channel(), mpsc::channel());
        let (slow, gate) = (Slow(begun, came), open.clone());
        drop(pool.submit(move || {
            gate.wait();
            slow
        }));
        open.open();
        dropping.recv().unwrap();
        pool.submit(move || later.send(()).unwrap()).join().unwrap();
    });
}
