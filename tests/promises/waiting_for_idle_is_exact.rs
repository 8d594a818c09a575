//! `wait_idle` returns true when nothing is left to run, and only then.

use pool_core::Pool;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;
use support::{Gate, LIMIT, forever, linger, pools, until, watched};

#[test]
fn at_once_if_nothing_was_ever_run() {
    watched(|| {
        for pool in pools() {
            assert!(pool.wait_idle(Duration::ZERO));
            let _lazy = pool.map(0..9, |n| n);
            assert!(pool.wait_idle(Duration::MAX));
        }
    });
}

#[test]
fn not_while_anything_runs_or_waits() {
    watched(|| {
        for pool in pools() {
            let gate = Gate::default();
            let call = |gate: &Gate| {
                let gate = gate.clone();
                move || gate.wait()
            };
            drop(pool.submit(call(&gate)));
            assert!(!pool.wait_idle(Duration::ZERO));
            assert!(!pool.wait_idle(Duration::from_millis(2)));
            (0..20).for_each(|_| drop(pool.submit(call(&gate))));
            thread::scope(|scope| {
                let idle = scope.spawn(|| (pool.wait_idle(Duration::MAX), pool.stats().completed));
                gate.open();
                assert_eq!(idle.join().unwrap(), (true, 21));
            });
        }
    });
}

#[test]
fn a_batch_whose_inputs_are_not_all_taken_is_not_idle() {
    watched(|| {
        for pool in pools() {
            let mut batch = pool.map(0..10, |n| n).buffer(3).start();
            assert!(!pool.wait_idle(Duration::from_millis(2)));
            // Reading it gives it room for the rest, all but the last of which are read here.
            assert_eq!((&mut batch).take(8).count(), 8);
            assert!(pool.wait_idle(LIMIT));
            assert_eq!(batch.count(), 2);
            let batch = pool.map(0.., |n| n).start();
            assert!(!pool.wait_idle(Duration::from_millis(2)));
            drop(batch);
            assert!(pool.wait_idle(LIMIT));
        }
    });
}

#[test]
fn a_batch_that_fits_its_buffer_exactly_is_idle() {
    watched(|| {
        for pool in pools() {
            let batch = pool.map(0..3, |n| n).buffer(3).start();
            assert!(
                pool.wait_idle(Duration::from_secs(30)),
                "all three have run, and no input is left"
            );
            assert_eq!(batch.count(), 3);
        }
    });
}

#[test]
fn results_that_nobody_has_read_do_not_matter() {
    watched(|| {
        for pool in pools() {
            let (batch, task) = (pool.map(0..9, |n| n).start(), pool.submit(|| 1));
            assert!(pool.wait_idle(LIMIT));
            assert_eq!(pool.stats().completed, 10);
            assert!(task.is_finished());
            assert_eq!((batch.count(), task.join().unwrap()), (9, 1));
        }
    });
}

#[test]
fn a_call_of_the_pool_s_own_gets_false() {
    watched(|| {
        for pool in pools() {
            let pool = forever(pool);
            let within = move |_: i32| pool.wait_idle(Duration::MAX);
            assert_eq!(pool.map(0..3, within).collect::<Vec<_>>(), [false; 3]);
            assert!(!pool.submit(move || within(0)).join().unwrap());
            // And in the input iterator.
            assert_eq!(pool.map((0..3).map(within), |idle| idle).collect::<Vec<_>>(), [false; 3]);
        }
    });
}

#[test]
fn a_call_of_another_pool_waits_without_its_place() {
    watched(|| {
        let (pool, other) = (forever(Pool::new(1)), forever(Pool::new(1)));
        let gate = Gate::default();
        drop(other.submit({
            let gate = gate.clone();
            move || gate.wait()
        }));
        let (waits, waiting) = mpsc::channel();
        let task = pool.submit(move || {
            waits.send(()).unwrap();
            other.wait_idle(Duration::MAX)
        });
        waiting.recv().unwrap();
        // The only place of the pool is free meanwhile.
        pool.submit({
            let gate = gate.clone();
            move || gate.open()
        })
        .join()
        .unwrap();
        assert!(task.join().unwrap());
    });
}

#[test]
fn what_was_collected_is_over() {
    watched(|| {
        for pool in pools() {
            for _ in 0..500 {
                pool.map(0..3, |_| linger()).for_each(drop);
                assert!(pool.wait_idle(Duration::ZERO), "`for_each` has returned");
            }
        }
    });
}

#[test]
fn many_may_wait_while_others_hand_in() {
    watched(|| {
        for pool in pools() {
            thread::scope(|scope| {
                for _ in 0..3 {
                    scope.spawn(|| (0..100).for_each(|_| drop(pool.submit(linger))));
                    scope.spawn(|| (0..20).for_each(|_| assert!(pool.wait_idle(LIMIT))));
                }
            });
            assert!(pool.wait_idle(LIMIT));
            assert_eq!(pool.stats().completed, 300);
            until(|| pool.stats().running == 0);
        }
    });
}
