//! A paused pool starts no call, and loses none.

use pool_core::{Pool, Timeout, back_off, pause, sleep};
use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use support::{Gate, Ledger, forever, linger, pools, until, watched};

const HOUR: Duration = Duration::from_secs(3_600);
const MOMENT: Duration = Duration::from_millis(2);

#[test]
fn no_call_starts_and_then_all_do() {
    watched(|| {
        for pool in pools() {
            assert!(pool.pause_for(Duration::MAX));
            let mut batch = pool.map(0..50, |n| n).start();
            let task = pool.submit(|| 7);
            assert_eq!(batch.next_timeout(MOMENT), Err(Timeout));
            assert!(!pool.wait_idle(MOMENT));
            assert!(!task.has_started());
            let stats = pool.stats();
            assert_eq!(
                (stats.paused, stats.running, stats.completed, stats.threads),
                (true, 0, 0, 0)
            );
            pool.resume();
            assert!(batch.eq(0..50));
            assert_eq!(task.join().unwrap(), 7);
            assert!(!pool.stats().paused);
            assert!(pool.wait_idle(Duration::MAX));
        }
    });
}

#[test]
fn calls_that_run_finish_and_their_results_are_seen() {
    watched(|| {
        for pool in pools() {
            let (gate, cap) = (Gate::default(), pool.max_workers());
            let (waits, started) = (gate.clone(), forever(AtomicUsize::new(0)));
            let mut batch = pool
                .map(0..100, move |n| {
                    started.fetch_add(1, Ordering::SeqCst);
                    waits.wait();
                    n
                })
                .start();
            until(|| started.load(Ordering::SeqCst) == cap);
            pool.pause_for(HOUR);
            gate.open();
            for n in 0..cap {
                assert_eq!(batch.next(), Some(n));
            }
            assert_eq!(batch.next_timeout(MOMENT), Err(Timeout));
            assert_eq!(started.load(Ordering::SeqCst), cap);
            pool.resume();
            assert!(batch.eq(cap..100));
        }
    });
}

#[test]
fn one_call_holds_back_all_of_its_pool_and_no_other() {
    watched(|| {
        let (pool, other) = (Pool::new(4), Pool::new(4));
        assert!(pool.submit(|| pause(HOUR)).join().unwrap());
        let waits = pool.submit(|| ());
        assert_eq!(other.map(0..20, |n| n).sum::<i32>(), 190);
        assert!(!waits.has_started());
        pool.resume();
        waits.join().unwrap();
    });
}

#[test]
fn it_ends_by_itself() {
    watched(|| {
        for pool in pools() {
            let begun = Instant::now();
            let pause = Duration::from_millis(30);
            assert!(pool.pause_for(pause));
            assert!(pool.map(0..20, |_| Instant::now()).all(|started| started >= begun + pause));
        }
    });
}

#[test]
fn a_later_one_extends_and_a_shorter_one_does_not_shorten() {
    watched(|| {
        let pool = Pool::new(2);
        let begun = Instant::now();
        pool.pause_for(Duration::from_millis(10));
        pool.pause_for(Duration::from_millis(60));
        pool.pause_for(Duration::ZERO);
        let started = pool.submit(Instant::now).join().unwrap();
        assert!(started >= begun + Duration::from_millis(60));

        pool.pause_for(Duration::MAX);
        pool.pause_for(Duration::ZERO);
        let task = pool.submit(|| ());
        thread::sleep(MOMENT);
        assert!(!task.has_started());
        pool.resume();
        pool.resume();
        task.join().unwrap();
    });
}

#[test]
fn a_rest_that_is_over_goes_on_after_it() {
    watched(|| {
        let pool = Pool::new(2);
        let task = pool.submit(|| pause(Duration::MAX) && back_off(MOMENT));
        until(|| pool.stats().resting == 1);
        thread::sleep(4 * MOMENT);
        assert_eq!((pool.stats().resting, task.is_finished()), (1, false));
        pool.resume();
        assert!(task.join().unwrap());
    });
}

#[test]
fn a_rest_ends_in_a_pause_when_it_is_stopped() {
    watched(|| {
        let (pool, both) = (Pool::new(2), Barrier::new(2));
        let rest = move |time| {
            both.wait();
            pause(Duration::MAX) && back_off(time)
        };
        let batch = pool.map([MOMENT, HOUR], rest).start();
        until(|| pool.stats().resting == 2);
        thread::sleep(2 * MOMENT);
        batch.stop_handle().stop();
        assert_eq!(batch.collect::<Vec<_>>(), [false, false]);
    });
}

#[test]
fn a_stop_and_a_drop_work_meanwhile() {
    watched(|| {
        for pool in pools() {
            let ledger = Ledger::default();
            pool.pause_for(Duration::MAX);
            let inputs = || {
                let entries = ledger.clone();
                (0..10).map(move |_| entries.entry()).collect::<Vec<_>>()
            };
            let stopped = pool.map(inputs(), drop).start();
            stopped.stop_handle().stop();
            assert_eq!(stopped.count(), 0);
            drop(pool.map(inputs(), drop).start());
            let lent = inputs();
            pool.map(&lent, |_| ()).scope(|_| ());
            assert!(pool.submit(|| ()).cancel().is_ok());
            assert!(pool.wait_idle(Duration::MAX));
            drop(lent);
            until(|| ledger.alive() == 0);
        }
    });
}

#[test]
fn a_nested_batch_waits_with_its_call() {
    watched(|| {
        for pool in pools() {
            let pool = forever(pool);
            let gate = Gate::default();
            let waits = gate.clone();
            let outer = pool.submit(move || {
                waits.wait();
                let mut sum = 0;
                pool.map(0..10, |n| n).for_each(|n| sum += n);
                sum + pool.map(0..10, |n| n).collect::<Vec<_>>().len()
                    + pool.submit(|| 1).join().unwrap()
            });
            until(|| outer.has_started());
            pool.pause_for(Duration::MAX);
            gate.open();
            until(|| pool.stats().running == 0);
            assert!(!outer.is_finished());
            pool.resume();
            assert_eq!(outer.join().unwrap(), 56);
        }
    });
}

#[test]
fn a_nested_wait_ends_with_its_time_or_its_batch() {
    watched(|| {
        let pool = forever(Pool::new(1));
        let task = pool.submit(|| {
            pool.pause_for(Duration::MAX);
            let mut batch = pool.map([1, 2], |n| n);
            let late = batch.next_timeout(MOMENT);
            let stop = batch.stop_handle();
            thread::spawn(move || {
                thread::sleep(MOMENT);
                stop.stop();
            });
            (late, batch.next())
        });
        assert_eq!(task.join().unwrap(), (Err(Timeout), None));
    });
}

#[test]
fn a_call_that_waited_for_another_pool_goes_on() {
    watched(|| {
        let (pool, other) = (Pool::new(1), forever(Pool::new(1)));
        let gate = Gate::default();
        let waits = gate.clone();
        let task = pool.submit(move || other.submit(move || waits.wait()).join().is_ok());
        until(|| pool.stats().waiting == 1);
        pool.pause_for(Duration::MAX);
        gate.open();
        assert!(task.join().unwrap());
    });
}

#[test]
fn a_changed_cap_holds_after_it() {
    watched(|| {
        let pool = Pool::new(1);
        pool.pause_for(Duration::MAX);
        let batch = pool.map(0..40, |_| linger()).start();
        pool.set_max_workers(3);
        assert_eq!(pool.stats().threads, 0);
        pool.resume();
        batch.for_each(drop);
        assert!(pool.stats().threads <= 3);
    });
}

#[test]
fn without_threads_the_consumer_runs_the_calls_after_it() {
    watched(|| {
        let pool = forever(support::threadless(2));
        // No thread for the clock either: then there is no pause.
        assert!(!pool.pause_for(HOUR));
        assert!(!pool.stats().paused);
        assert!(pool.pause_for(Duration::MAX));
        let consumer = thread::spawn(|| pool.map(0..9, |n| n).collect::<Vec<_>>().len());
        thread::sleep(MOMENT);
        assert_eq!(pool.stats().completed, 0);
        pool.resume();
        assert_eq!(consumer.join().unwrap(), 9);
    });
}

#[test]
fn dropping_the_pool_resumes() {
    watched(|| {
        for pool in pools() {
            pool.pause_for(Duration::MAX);
            let task = pool.submit(|| 5);
            drop(pool);
            assert_eq!(task.join().unwrap(), 5);
        }
    });
}

#[test]
fn calls_that_pause_all_the_time_lose_nothing() {
    watched(|| {
        for pool in pools() {
            let pool = forever(pool);
            let call = |n: &u32| {
                if n % 3 == 0 {
                    pause(Duration::from_micros(u64::from(n % 7) * 50));
                }
                if n % 5 == 0 {
                    sleep(Duration::from_micros(50));
                }
                if n % 4 == 0 {
                    back_off(Duration::from_micros(50));
                }
                Ok::<_, ()>(pool.map(0..3, |m| m).collect::<Vec<_>>().len())
            };
            let total: usize =
                pool.as_completed(0..200, call).map(|done| done.result.unwrap()).sum();
            assert_eq!(total, 600);
        }
    });
}

#[test]
fn one_without_an_end_needs_a_pool_that_lives() {
    watched(|| {
        let (pool, gate) = (Pool::new(1), Gate::default());
        let waits = gate.clone();
        let first = pool.submit(move || (waits.wait(), pause(Duration::MAX), pause(MOMENT)));
        let second = pool.submit(|| 2);
        drop(pool);
        gate.open();
        assert_eq!(first.join().unwrap(), ((), false, true));
        assert_eq!(second.join().unwrap(), 2);
    });
}
