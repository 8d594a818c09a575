//! Threads are started when there is work for them, stand in for calls that wait, are used again, and end without work.

use pool_core::Pool;
use std::collections::HashSet;
use std::sync::Barrier;
use std::thread;
use std::time::Duration;
use support::{Gate, LIMIT, forever, linger, raise, threads, until, watched};

const NEVER: Duration = Duration::MAX;

#[test]
fn none_without_work() {
    watched(|| {
        let pool = Pool::builder().name("unused").build();
        assert_eq!(
            pool.max_workers(),
            (thread::available_parallelism().unwrap().get() + 4).min(32)
        );
        pool.set_max_workers(9);
        let batch = pool.map(0..9, |n| n);
        let stop = batch.stop_handle();
        let set = batch.buffer(3).max_workers(2);
        assert_eq!((set.size_hint(), pool.stats().threads), ((9, Some(9)), 0));
        stop.stop();
        drop(set);
        assert!(pool.wait_idle(Duration::ZERO));
        assert_eq!((pool.stats().threads, threads("unused")), (0, 0));
    });
}

#[test]
fn no_more_than_there_are_inputs() {
    watched(|| {
        for few in 1..4 {
            let pool = Pool::builder().max_workers(16).build();
            pool.map(0..few, |n| n).collect::<Vec<_>>();
            assert!(
                pool.stats().threads <= few,
                "{} threads for {few} inputs",
                pool.stats().threads
            );
        }
    });
}

#[test]
fn their_names_say_whose_they_are() {
    watched(|| {
        let pool = Pool::builder().name("téléchargement des pages").max_workers(3).build();
        let all = Barrier::new(3);
        let names: HashSet<_> = pool
            .map(0..3, |_| {
                all.wait();
                thread::current().name().unwrap().to_owned()
            })
            .collect();
        assert_eq!(names, (0..3).map(|n| format!("téléchargement des pages-{n}")).collect());
        let plain =
            Pool::new(1).submit(|| thread::current().name().unwrap().to_owned()).join().unwrap();
        assert_eq!(plain, "pool-0");
    });
}

#[test]
fn they_are_used_again() {
    watched(|| {
        let pool = Pool::builder().max_workers(4).keep_alive(NEVER).build();
        let mut used = HashSet::new();
        for _ in 0..100 {
            // One call at a time: the thread that is still warm runs it.
            used.insert(pool.submit(|| thread::current().id()).join().unwrap());
        }
        assert!(used.len() <= 4, "{} threads for a pool of 4", used.len());
        let all = Barrier::new(4);
        let four: HashSet<_> = pool.map(0..4, |_| (all.wait(), thread::current().id()).1).collect();
        assert_eq!((four.len(), pool.stats().threads), (4, 4));
        used.extend(four);
        assert_eq!(used.len(), 4);
    });
}

#[test]
fn they_end_after_keep_alive_and_come_back() {
    watched(|| {
        let pool = Pool::builder()
            .name("brief")
            .max_workers(4)
            .keep_alive(Duration::from_millis(5))
            .build();
        for _ in 0..5 {
            let all = Barrier::new(4);
            pool.map(0..4, |_| _ = all.wait()).for_each(drop);
            until(|| threads("brief") == 0);
            assert_eq!(pool.stats().threads, 0);
        }
        assert_eq!(pool.stats().completed, 20);
    });
}

#[test]
fn a_keep_alive_of_nothing_loses_nothing() {
    watched(|| {
        let pool =
            forever(Pool::builder().name("zero").max_workers(2).keep_alive(Duration::ZERO).build());
        for n in 0..300 {
            assert_eq!(pool.submit(move || n).join().unwrap(), n);
            assert_eq!(pool.map(0..3, |m| n + m).collect::<Vec<_>>(), [n, n + 1, n + 2]);
        }
        until(|| threads("zero") == 0);
    });
}

#[test]
fn a_pool_that_is_kept_alive_for_ever_ends_when_it_is_dropped() {
    watched(|| {
        let pool = Pool::builder().name("kept").max_workers(4).keep_alive(NEVER).build();
        let all = Barrier::new(4);
        pool.map(0..4, |_| _ = all.wait()).for_each(drop);
        assert_eq!(threads("kept"), 4);
        drop(pool);
        until(|| threads("kept") == 0);
    });
}

#[test]
fn one_more_for_each_call_that_waits() {
    watched(|| {
        let pool =
            forever(Pool::builder().name("stand-in").max_workers(2).keep_alive(NEVER).build());
        let (other, waiting, gate) = (Pool::new(8), Barrier::new(4), Gate::default());
        let wait = |_| {
            waiting.wait();
            gate.wait();
        };
        thread::scope(|scope| {
            scope.spawn(|| pool.map(0..3, |n| other.map([n], wait).for_each(drop)).for_each(drop));
            waiting.wait();
            // Three calls wait, with a thread each; beside them two calls can run.
            let both = Barrier::new(2);
            pool.map(0..20, |_| _ = both.wait()).for_each(drop);
            assert!(pool.stats().threads <= 2 + 3, "{:?}", pool.stats());
            assert_eq!(threads("stand-in"), 5);
            gate.open();
        });
        // The calls are back: what stood in for them goes, though `keep_alive` is for ever.
        until(|| pool.stats().threads <= 2);
        until(|| threads("stand-in") <= 2);
    });
}

#[test]
fn never_more_than_that() {
    fn leaves(pool: &Pool, depth: usize) -> usize {
        // With a cap of 2, and one waiting call for each level above a leaf that runs.
        assert!(pool.stats().threads <= 2 + 2 * 7, "{:?}", pool.stats());
        match depth {
            0 => 1,
            _ => pool.map(0..2, |_| leaves(pool, depth - 1)).collect::<Vec<_>>().iter().sum(),
        }
    }
    watched(|| assert_eq!(leaves(&Pool::new(2), 7), 128));
}

#[test]
fn a_lowered_cap_sends_them_home() {
    watched(|| {
        let pool = Pool::builder().name("lowered").max_workers(8).keep_alive(NEVER).build();
        let all = Barrier::new(8);
        pool.map(0..8, |_| _ = all.wait()).for_each(drop);
        assert_eq!(threads("lowered"), 8);
        pool.set_max_workers(3);
        until(|| threads("lowered") == 3);
        assert_eq!(pool.stats().threads, 3);
    });
}

#[test]
fn a_thousand_panics_change_nothing() {
    watched(|| {
        let pool = Pool::builder().max_workers(2).keep_alive(NEVER).build();
        let both = Barrier::new(2);
        let before: HashSet<_> =
            pool.map(0..2, |_| (both.wait(), thread::current().id()).1).collect();
        let panics = pool.as_completed(0..1000, |_| -> Result<(), ()> { raise("again") });
        assert_eq!(panics.scope(|done| done.filter(|done| done.result.is_err()).count()), 1000);
        let after: HashSet<_> =
            pool.map(0..2, |_| (both.wait(), thread::current().id()).1).collect();
        assert_eq!(before, after);
        assert_eq!(
            (pool.stats().completed, pool.stats().panicked, pool.stats().threads),
            (1004, 1000, 2)
        );
    });
}

#[test]
fn their_stacks_are_as_large_as_asked_for() {
    fn deep(level: usize) -> u8 {
        let room = std::hint::black_box([level as u8; 1 << 16]);
        if level == 0 { room[9] } else { deep(level - 1) ^ std::hint::black_box(room)[7] }
    }
    watched(|| {
        let pool = Pool::builder().max_workers(1).stack_size(64 << 20).build();
        pool.submit(|| deep(200)).join().unwrap();
    });
}

#[test]
fn many_threads_that_come_and_go_lose_no_call() {
    watched(|| {
        let pool = Pool::builder()
            .name("churn")
            .max_workers(3)
            .keep_alive(Duration::from_micros(20))
            .build();
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for n in 0..200 {
                        assert_eq!(
                            pool.map(0..4, |m| (linger(), m).1).collect::<Vec<_>>(),
                            [0, 1, 2, 3]
                        );
                        assert_eq!(pool.submit(move || n).join().unwrap(), n);
                    }
                });
            }
        });
        assert!(pool.wait_idle(LIMIT));
        until(|| threads("churn") == 0);
        assert_eq!(pool.stats().completed, 4000);
    });
}
