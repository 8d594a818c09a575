//! A task is cancelled from outside by its stop handle, or with the guard that it is bound to. It has a result all the
//! same.

use pool_core::{is_cancelled, sleep};
use std::sync::mpsc;
use std::time::Duration;
use support::{Gate, LIMIT, Ledger, busy, forever, pools, watched};

const HOUR: Duration = Duration::from_secs(3_600);

#[test]
fn a_stop_ends_the_sleep_of_its_call() {
    watched(|| {
        for pool in pools() {
            let entered = Gate::default();
            let inside = entered.clone();
            let task = pool.submit(move || {
                assert!(!is_cancelled());
                inside.open();
                (sleep(HOUR), is_cancelled())
            });
            entered.wait();
            let stop = task.stop_handle();
            stop.stop();
            stop.stop();
            assert_eq!(task.join().unwrap(), (false, true));
            stop.stop();
        }
    });
}

#[test]
fn one_that_is_stopped_before_it_starts_runs_and_sees_it() {
    watched(|| {
        let (pool, gate, blocker) = busy();
        let task = pool.submit(|| (sleep(HOUR), is_cancelled()));
        assert!(!task.has_started());
        task.stop_handle().stop();
        gate.open();
        assert_eq!(task.join().unwrap(), (false, true));
        // The other is not.
        blocker.join().unwrap();
        assert!(!pool.submit(is_cancelled).join().unwrap());
    });
}

#[test]
fn a_batch_within_sees_it_too() {
    watched(|| {
        for pool in pools() {
            let (pool, entered) = (forever(pool), Gate::default());
            let inside = entered.clone();
            let task = pool.submit(move || {
                pool.map([1], |_| {
                    inside.open();
                    sleep(HOUR)
                })
                .collect::<Vec<_>>()
            });
            entered.wait();
            task.stop_handle().stop();
            assert_eq!(task.join().unwrap(), [false]);
        }
    });
}

#[test]
fn its_state_is_shown() {
    watched(|| {
        let (pool, gate, blocker) = busy();
        let task = pool.submit(|| 1);
        assert_eq!(format!("{task:?}"), "Task { state: waiting, .. }");
        assert_eq!(format!("{blocker:?}"), "Task { state: running, .. }");
        assert!(blocker.has_started() && !blocker.is_finished() && !task.has_started());
        gate.open();
        assert!(pool.wait_idle(LIMIT));
        assert_eq!(format!("{task:?}"), "Task { state: finished, .. }");
        assert!(task.has_started() && task.is_finished());
        blocker.join().unwrap();
        assert_eq!(task.join().unwrap(), 1);
    });
}

#[test]
fn a_guard_that_is_dropped_in_time_takes_the_call_back() {
    watched(|| {
        let (pool, gate, blocker) = busy();
        let ledger = Ledger::default();
        let (entry, started) = (ledger.entry(), Gate::default());
        let opens = started.clone();
        let guard = pool
            .submit(move || {
                opens.open();
                drop(entry);
            })
            .cancel_on_drop();
        drop(guard);
        // What the closure held is gone, though the worker is busy.
        assert_eq!(ledger.alive(), 0);
        gate.open();
        blocker.join().unwrap();
        assert!(pool.wait_idle(LIMIT));
        assert_eq!(pool.stats().completed, 1);
    });
}

#[test]
fn a_guard_that_is_dropped_while_it_runs_cancels_the_call() {
    watched(|| {
        for pool in pools() {
            let entered = Gate::default();
            let (inside, (ended, end)) = (entered.clone(), mpsc::channel());
            let guard = pool
                .submit(move || {
                    inside.open();
                    ended.send((sleep(HOUR), is_cancelled())).unwrap();
                })
                .cancel_on_drop();
            entered.wait();
            let guard = guard.join_timeout(Duration::from_millis(1)).unwrap_err();
            drop(guard);
            assert_eq!(end.recv(), Ok((false, true)));
            assert!(pool.wait_idle(LIMIT));
        }
    });
}

#[test]
fn a_guard_gives_the_result() {
    watched(|| {
        for pool in pools() {
            assert_eq!(pool.submit(|| 1).cancel_on_drop().join().unwrap(), 1);
            let guard = pool.submit(|| 2).cancel_on_drop();
            assert_eq!(guard.join_timeout(LIMIT).unwrap().unwrap(), 2);
            let ledger = Ledger::default();
            let entry = ledger.entry();
            let late = pool.submit(move || entry).cancel_on_drop();
            assert!(pool.wait_idle(LIMIT));
            drop(late);
            assert_eq!(ledger.alive(), 0);
        }
    });
}
