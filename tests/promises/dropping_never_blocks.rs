//! A batch, a task or a pool that is dropped goes at once; what runs finishes in the background, and what has not begun
//! never does.

use pool_core::Pool;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, mpsc};
use std::thread;
use support::{Gate, LIMIT, Ledger, forever, pools, threads, until, watched};

#[test]
fn a_batch_with_calls_that_run() {
    watched(|| {
        for pool in pools() {
            let (workers, ledger, gate) = (pool.max_workers(), Ledger::default(), Gate::default());
            let entered = Arc::new(Barrier::new(workers + 1));
            let calls = Arc::new(AtomicUsize::new(0));
            let inputs: Vec<_> = (0..3 * workers).map(|_| ledger.entry()).collect();
            let batch = pool
                .map(inputs, {
                    let (gate, entered, calls, ledger) =
                        (gate.clone(), Arc::clone(&entered), Arc::clone(&calls), ledger.clone());
                    move |input| {
                        calls.fetch_add(1, Ordering::SeqCst);
                        entered.wait();
                        gate.wait();
                        (input, ledger.entry())
                    }
                })
                .start();
            entered.wait();
            drop(batch);
            // All but those that run are gone.
            assert_eq!(ledger.alive(), workers as isize);
            gate.open();
            assert!(pool.wait_idle(LIMIT));
            assert_eq!((ledger.alive(), calls.load(Ordering::SeqCst)), (0, workers));
        }
    });
}

#[test]
fn a_batch_whose_input_iterator_blocks() {
    watched(|| {
        for pool in pools() {
            let (input, inputs) = mpsc::channel::<u8>();
            let mut batch = pool.map(inputs, |n| n);
            input.send(1).unwrap();
            assert_eq!(batch.next(), Some(1));
            drop(batch);
            // The receiver goes with its iterator, once that has returned.
            until(|| input.send(2).is_err());
            assert!(pool.wait_idle(LIMIT));
            assert_eq!(pool.stats().completed, 1);
        }
    });
}

#[test]
fn a_task_runs_on() {
    watched(|| {
        for pool in pools() {
            let (ran, runs) = mpsc::channel();
            let gate = Gate::default();
            for n in 0..10 {
                let (ran, gate) = (ran.clone(), gate.clone());
                drop(pool.submit(move || {
                    gate.wait();
                    ran.send(n).unwrap();
                }));
            }
            gate.open();
            drop(ran);
            let mut ran: Vec<_> = runs.iter().collect();
            ran.sort();
            assert_eq!(ran, (0..10).collect::<Vec<_>>());
        }
    });
}

#[test]
fn a_pool_finishes_what_it_was_given() {
    watched(|| {
        for workers in [1, 3] {
            let pool = Pool::builder().name("outlived").max_workers(workers).build();
            let gate = Gate::default();
            let tasks: Vec<_> = (0..10)
                .map(|n| {
                    let gate = gate.clone();
                    pool.submit(move || (gate.wait(), n).1)
                })
                .collect();
            let started = pool.map(0..100, |n| n).start();
            let lazy = pool.map(0..100, |n| n);
            drop(pool);
            gate.open();
            assert_eq!(tasks.into_iter().map(|task| task.join().unwrap()).sum::<i32>(), 45);
            assert_eq!(started.collect::<Vec<_>>(), (0..100).collect::<Vec<_>>());
            assert_eq!(lazy.collect::<Vec<_>>(), (0..100).collect::<Vec<_>>());
            until(|| threads("outlived") == 0);
        }
    });
}

#[test]
fn a_pool_within_its_own_call() {
    watched(|| {
        for workers in [1, 2] {
            let pool = Arc::new(Pool::builder().name("inside").max_workers(workers).build());
            let own = Arc::clone(&pool);
            let gate = Gate::default();
            let task = pool.submit({
                let gate = gate.clone();
                move || {
                    gate.wait();
                    let batch = own.map(0..5, |n| n);
                    drop(own);
                    batch.collect::<Vec<_>>()
                }
            });
            drop(pool);
            gate.open();
            assert_eq!(task.join().unwrap(), [0, 1, 2, 3, 4]);
            until(|| threads("inside") == 0);
        }
    });
}

#[test]
fn a_batch_within_a_call_of_it() {
    watched(|| {
        for pool in pools() {
            let (hand, own) = mpsc::channel();
            let own = std::sync::Mutex::new(own);
            let dropped = Gate::default();
            let batch = pool
                .map(0..100, {
                    let dropped = dropped.clone();
                    move |n| {
                        if n == 0 {
                            drop::<pool_core::Map<'static, i32>>(
                                own.lock().unwrap().recv().unwrap(),
                            );
                            dropped.open();
                        }
                        n
                    }
                })
                .start();
            hand.send(batch).unwrap();
            dropped.wait();
            assert!(pool.wait_idle(LIMIT));
        }
    });
}

#[test]
fn a_batch_that_is_leaked_strands_nothing_else() {
    watched(|| {
        for pool in pools() {
            let pool = forever(pool);
            let mut batch = pool.map(0.., |n| n);
            assert_eq!(batch.next(), Some(0));
            std::mem::forget(batch);
            std::mem::forget(pool.map(0..3, |n| n));
            let lent = vec![1, 2, 3];
            std::mem::forget(pool.map(&lent, |n| *n));
            drop(lent);
            assert_eq!(pool.map(0..9, |n| n).collect::<Vec<_>>().len(), 9);
            assert_eq!(pool.submit(|| 1).join().unwrap(), 1);
        }
    });
}

#[test]
fn a_batch_never_started_runs_nothing() {
    watched(|| {
        let (pool, ledger) = (Pool::new(2), Ledger::default());
        let entry = ledger.entry();
        drop(pool.map(vec![ledger.entry(), ledger.entry()], move |_| entry.touch()));
        assert_eq!((ledger.alive(), pool.stats().completed, pool.stats().threads), (0, 0, 0));
    });
}

#[test]
fn dropping_while_another_thread_drops_the_pool() {
    watched(|| {
        for round in 0..200 {
            let pool = Pool::builder().name("racing").max_workers(1 + round % 3).build();
            let mut batch = pool.map(0.., |n| n).buffer(1 + round % 5);
            assert_eq!(batch.next(), Some(0));
            let task = pool.submit(move || round);
            thread::scope(|scope| {
                scope.spawn(move || drop(pool));
                scope.spawn(move || drop(batch));
                assert_eq!(task.join().unwrap(), round);
            });
        }
        until(|| threads("racing") == 0);
    });
}
