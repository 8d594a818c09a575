//! The workers of a pool: how many there are, and what they leave behind.

use crate::model::meeting::Meeting;
use crate::model::scenarios::{Capped, Counted, explore, hasty, lasting};
use shuttle::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use shuttle::sync::mpsc::channel;
use shuttle::thread;
use std::sync::Arc;
use std::time::Duration;

#[test]
fn the_cap_holds_while_it_changes() {
    explore(|| {
        let all = Capped { cap: 3, ..Capped::new(hasty(), 1) };
        let other = all.clone();
        let thread = thread::spawn(move || {
            for cap in [3, 1, 2, 1] {
                other.pool.set_max_workers(cap);
                thread::yield_now();
            }
        });
        let nested = all.pool.map(0..3, |n| {
            all.work();
            all.pool.map(0..n, |m| m).for_each(|_| all.work());
            n
        });
        assert_eq!(nested.collect::<Vec<_>>(), [0, 1, 2]);
        thread.join().unwrap();
        // The cap is 1 from here on.
        let last = Capped { cap: 1, ..all.clone() };
        all.pool.map(0..3, |_| last.work()).for_each(drop);
    });
}

#[test]
fn tasks_are_joined_cancelled_and_dropped() {
    explore(|| {
        let all = Capped::new(hasty(), 2);
        let ran = Arc::new(AtomicUsize::new(0));
        let submit = || {
            let (all, ran) = (all.clone(), Arc::clone(&ran));
            all.pool.clone().submit(move || {
                all.work();
                ran.fetch_add(1, SeqCst)
            })
        };
        let joined = submit();
        let (taken_back, dropped, polled) = (submit(), submit(), submit());
        drop(dropped);
        let cancelled = match taken_back.cancel() {
            Ok(()) => 1,
            Err(task) => {
                task.join().unwrap();
                0
            }
        };
        if let Err(task) = polled.join_timeout(Duration::ZERO) {
            task.join().unwrap();
        }
        joined.join().unwrap();
        assert!(all.pool.wait_idle(Duration::MAX));
        assert_eq!(ran.load(SeqCst) + cancelled, 4);
    });
}

#[test]
fn batches_complete_when_no_thread_can_be_started() {
    explore(|| {
        let all = Capped::new(lasting().stack_size(usize::MAX), 1);
        let threads: Vec<_> = (0..3)
            .map(|n| {
                let all = all.clone();
                thread::spawn(move || {
                    let call = |m: usize| {
                        all.work();
                        all.pool.map(0..m, |_| all.work()).collect::<Vec<_>>().len() + n
                    };
                    assert_eq!(all.pool.map(0..3, call).collect::<Vec<_>>(), [n, n + 1, n + 2]);
                })
            })
            .collect();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        assert_eq!(all.pool.stats().threads, 0);
    });
}

#[test]
fn a_pool_is_dropped_before_its_work_is_done() {
    explore(|| {
        let alive = Arc::new(AtomicUsize::new(0));
        let pool = hasty().max_workers(2).build();
        let batch = pool.map(0..3, |n| n).start();
        let counted = Counted::new(&alive);
        drop(pool.submit(move || drop(counted)));
        let dropping = thread::spawn(move || drop(pool));
        assert_eq!(batch.collect::<Vec<_>>(), [0, 1, 2]);
        dropping.join().unwrap();
    });
}

#[test]
fn as_many_calls_run_at_once_as_the_limits_allow() {
    explore(|| {
        let pool = lasting().max_workers(2).build();
        let meeting = Meeting::new();
        pool.map([1, 2].into_iter().filter(|_| true), |_| meeting.attend(2)).for_each(drop);
        // A taken result makes room for the next input, even while the consumer asks for no other result.
        let meeting = Meeting::new();
        let met = Arc::clone(&meeting);
        let mut batch = pool.map([1, 2], move |_| met.attend(1)).buffer(1);
        assert_eq!(batch.next(), Some(()));
        meeting.attend(3);
        drop(batch);
        // Calls that wait already use a raised cap.
        let meeting = Meeting::new();
        let tasks = [0, 1, 2].map(|_| {
            let meeting = Arc::clone(&meeting);
            pool.submit(move || meeting.attend(3))
        });
        pool.set_max_workers(3);
        tasks.into_iter().for_each(|task| task.join().unwrap());
    });
}

#[test]
fn workers_that_end_leave_their_hints_to_others() {
    explore(|| {
        let pool = Arc::new(hasty().max_workers(3).build());
        let (sent, received) = channel();
        for n in 0..3 {
            let (inner, sent) = (Arc::clone(&pool), sent.clone());
            drop(pool.submit(move || {
                for m in 0..2 {
                    let sent = sent.clone();
                    drop(inner.submit(move || sent.send(2 * n + m).unwrap()));
                }
                // Two of the three threads retire after this, with hints in their deques.
                inner.set_max_workers(1);
            }));
        }
        drop(sent);
        let mut all: Vec<usize> = received.iter().collect();
        all.sort();
        assert_eq!(all, [0, 1, 2, 3, 4, 5]);
    });
}
