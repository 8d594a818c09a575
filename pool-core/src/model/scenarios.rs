//! Scenarios for shuttle: many random interleavings of the whole pool, with the real deques.
//!
//! ```text
//! RUSTFLAGS="--cfg pool_shuttle" cargo test -p pool-core --no-default-features --release --lib scenarios
//! ```
//!
//! Each scenario runs under two schedulers. One picks any thread at each step, and the other (PCT) looks for bugs of
//! few preemptions. `SHUTTLE_ITERATIONS` is the number of schedules for each, which is 200 by default. A failure prints
//! its schedule and its seed, and `SHUTTLE_RANDOM_SEED` repeats it. The scheduler's random numbers also decide whether
//! calls count as fast.
//!
//! `SEEDED` names a defect that [`seeded`](crate::base::sync::seeded) puts back. A schedule ends when every thread has
//! ended, so a worker that sleeps on is a deadlock.

use super::meeting::Meeting;
use crate::{CallError, Pool, PoolBuilder, is_cancelled};
use shuttle::scheduler::{PctScheduler, RandomScheduler, Scheduler};
use shuttle::sync::Mutex;
use shuttle::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use shuttle::sync::mpsc::channel;
use shuttle::{Config, Runner, thread};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::time::Duration;

/// One more than the number of preemptions of the bugs that PCT looks for.
const DEPTH: usize = 3;

fn explore(scenario: impl Fn() + Send + Sync + 'static) {
    /// Names the schedule of a run that fails, and its seed.
    struct Seed(&'static str, u64, Arc<std::sync::atomic::AtomicUsize>);
    impl Drop for Seed {
        fn drop(&mut self) {
            if std::thread::panicking() {
                let Self(name, seed, begun) = self;
                let begun = begun.load(SeqCst);
                eprintln!("failed under {name} in schedule {begun}; SHUTTLE_RANDOM_SEED={seed}");
            }
        }
    }
    fn run(
        scheduler: impl Scheduler + 'static,
        name: &'static str,
        seed: u64,
        scenario: Arc<impl Fn() + Send + Sync + 'static>,
    ) {
        let begun = Arc::new(std::sync::atomic::AtomicUsize::new(0));
        let _seed = Seed(name, seed, Arc::clone(&begun));
        let mut config = Config::new();
        config.stack_size = 1 << 18;
        let schedules = Runner::new(scheduler, config).run(move || {
            begun.fetch_add(1, SeqCst);
            scenario();
        });
        println!("{schedules} schedules, {name}");
    }
    let number = |name: &str| std::env::var(name).ok().and_then(|number| number.parse().ok());
    let iterations = number("SHUTTLE_ITERATIONS").unwrap_or(200) as usize;
    let seed = number("SHUTTLE_RANDOM_SEED").unwrap_or_else(|| {
        std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), "seed")
    });
    let scenario = Arc::new(scenario);
    run(RandomScheduler::new_from_seed(seed, iterations), "random", seed, Arc::clone(&scenario));
    run(PctScheduler::new_from_seed(seed, DEPTH, iterations), "PCT", seed, scenario);
}

fn lasting() -> PoolBuilder {
    Pool::builder().keep_alive(Duration::from_secs(3600))
}

/// A pool whose threads end as soon as they find nothing.
fn hasty() -> PoolBuilder {
    Pool::builder().keep_alive(Duration::ZERO)
}

/// A pool whose calls count themselves and check its cap.
#[derive(Clone)]
struct Capped {
    pool: Arc<Pool>,
    cap: usize,
    running: Arc<AtomicUsize>,
}

impl Capped {
    fn new(builder: PoolBuilder, cap: usize) -> Self {
        Self { pool: Arc::new(builder.max_workers(cap).build()), cap, running: Arc::default() }
    }

    /// A piece of a call that does not wait.
    fn work(&self) {
        let before = self.running.fetch_add(1, SeqCst);
        assert!(before < self.cap, "{} calls run at once", before + 1);
        thread::yield_now();
        self.running.fetch_sub(1, SeqCst);
    }
}

/// Panics without the message that a hook would print.
fn quiet_panic<R>() -> R {
    resume_unwind(Box::new("on purpose"))
}

/// A value that counts how many of its kind are alive.
struct Counted(Arc<AtomicUsize>);

impl Counted {
    fn new(alive: &Arc<AtomicUsize>) -> Self {
        alive.fetch_add(1, SeqCst);
        Self(Arc::clone(alive))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, SeqCst);
    }
}

#[test]
fn mixed_batches_share_a_pool() {
    explore(|| {
        let all = Capped::new(lasting(), 2);
        let threads: Vec<_> = (0..3)
            .map(|kind| {
                let all = all.clone();
                thread::spawn(move || {
                    let call = |n: usize| {
                        all.work();
                        n
                    };
                    match kind {
                        0 => {
                            let mut seen = Vec::new();
                            all.pool.map(0..5, call).buffer(2).for_each(|n| seen.push(n));
                            assert_eq!(seen, [0, 1, 2, 3, 4]);
                        }
                        1 => {
                            let done = all.pool.as_completed(0..5, |n| Ok::<_, ()>(call(*n)));
                            assert_eq!(
                                done.collect::<Vec<_>>().iter().map(|d| d.input).sum::<usize>(),
                                10
                            );
                        }
                        _ => {
                            let batch = all.pool.map(0..5, call).max_workers(1);
                            assert_eq!(batch.collect::<Vec<_>>(), [0, 1, 2, 3, 4]);
                        }
                    }
                })
            })
            .collect();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
    });
}

#[test]
fn nested_trees_complete() {
    fn leaves(all: &Capped, depth: usize) -> usize {
        all.work();
        if depth == 0 {
            return 1;
        }
        let mut sum = 0;
        let children = all.pool.map(0..2, |_| leaves(all, depth - 1));
        match depth % 2 {
            0 => children.for_each(|n| sum += n),
            _ => sum = children.collect::<Vec<_>>().iter().sum(),
        }
        all.work();
        sum
    }
    explore(|| {
        for cap in 1..3 {
            let all = Capped::new(hasty(), cap);
            assert_eq!(leaves(&all, 3), 8);
        }
    });
}

#[test]
fn two_pools_call_each_other() {
    fn bounce(pools: [&Capped; 2], left: usize) -> usize {
        pools[1].work();
        if left == 0 {
            return 1;
        }
        pools[0]
            .pool
            .map(0..2, |_| bounce([pools[1], pools[0]], left - 1))
            .collect::<Vec<_>>()
            .iter()
            .sum()
    }
    explore(|| {
        let (one, two) = (Capped::new(lasting(), 1), Capped::new(hasty(), 1));
        let (back, forth) = (one.clone(), two.clone());
        let thread = thread::spawn(move || {
            forth.pool.map(0..1, |_| bounce([&back, &forth], 1)).collect::<Vec<_>>()
        });
        let sum: usize =
            one.pool.map(0..2, |_| bounce([&two, &one], 2)).collect::<Vec<_>>().iter().sum();
        assert_eq!((sum, thread.join().unwrap()), (8, vec![2]));
    });
}

#[test]
fn completions_are_dropped_half_read() {
    explore(|| {
        let alive = Arc::new(AtomicUsize::new(0));
        let pool = lasting().max_workers(2).build();
        for read in 0..3 {
            let inputs: Vec<_> = (0..4).map(|_| Counted::new(&alive)).collect();
            let held = Counted::new(&alive);
            let mut batch = pool.as_completed(inputs, move |input| {
                let _ = &held;
                thread::yield_now();
                Ok::<_, ()>(Counted::new(&input.0))
            });
            for _ in 0..read {
                assert!(batch.next().unwrap().result.is_ok());
            }
        }
        assert!(pool.wait_idle(Duration::MAX));
        assert_eq!(alive.load(SeqCst), 0);
    });
}

#[test]
fn a_stop_ends_an_endless_batch() {
    explore(|| {
        let all = Capped::new(lasting(), 2);
        let called = all.clone();
        let mut batch = all.pool.map(0.., move |n| {
            called.work();
            // This call runs until it is cancelled.
            while n == 3 && !is_cancelled() {
                thread::yield_now();
            }
            n
        });
        let stop = batch.stop_handle();
        assert_eq!(batch.next(), Some(0));
        let thread = thread::spawn(move || stop.stop());
        let rest: Vec<usize> = batch.collect();
        assert!(rest.iter().copied().eq(1..=rest.len()));
        thread.join().unwrap();
    });
}

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
fn panics_change_nothing() {
    explore(|| {
        let alive = Arc::new(AtomicUsize::new(0));
        let pool = lasting().max_workers(2).build();
        let call = |n: usize| {
            let counted = Counted::new(&alive);
            if n == 1 { quiet_panic() } else { counted }
        };
        let ordered = pool.map(0..4, call);
        assert!(catch_unwind(AssertUnwindSafe(|| ordered.collect::<Vec<_>>().len())).is_err());
        let mut panics = 0;
        pool.as_completed(0..4, |n| Ok::<_, ()>(call(*n))).for_each(|done| {
            panics += usize::from(matches!(done.result, Err(CallError::Panicked(_))))
        });
        assert_eq!(panics, 1);
        let inputs = (0..4).inspect(|&n| {
            if n == 2 {
                quiet_panic()
            }
        });
        let pulled = pool.map(inputs, |n| (n, Counted::new(&alive)));
        assert!(catch_unwind(AssertUnwindSafe(|| pulled.for_each(drop))).is_err());
        assert!(pool.submit(quiet_panic::<()>).join().is_err());
        assert_eq!(pool.map(0..2, |n| n).collect::<Vec<_>>(), [0, 1]);
        assert_eq!(alive.load(SeqCst), 0);
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
fn a_buffer_of_one_is_enough() {
    explore(|| {
        let all = Capped::new(lasting(), 2);
        let mut seen = Vec::new();
        let call = |n| {
            all.work();
            n
        };
        all.pool.map(0..5, call).buffer(1).for_each(|n| {
            thread::yield_now();
            seen.push(n);
        });
        assert_eq!(seen, [0, 1, 2, 3, 4]);
        let both = all.pool.map(0..3, |n| {
            all.pool.map(0..2, call).buffer(1).scope(|results| results.sum::<usize>()) + n
        });
        assert_eq!(both.buffer(1).collect::<Vec<_>>(), [1, 2, 3]);
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
fn many_callers_share_one_worker() {
    explore(|| {
        let all = Capped::new(hasty(), 1);
        let threads: Vec<_> = (0..6)
            .map(|n| {
                let all = all.clone();
                thread::spawn(move || {
                    let called = all.clone();
                    let task = all.pool.submit(move || called.work());
                    assert_eq!(all.pool.map([n], |n| n).collect::<Vec<_>>(), [n]);
                    task.join().unwrap();
                })
            })
            .collect();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
    });
}

#[test]
fn results_feed_the_inputs() {
    explore(|| {
        let all = Capped::new(lasting(), 2);
        let (send, receive) = channel::<usize>();
        send.send(3).unwrap();
        let mut send = Some(send);
        let (mut seen, mut open) = (0, 1);
        // Each result sends two smaller inputs. The last result closes the channel.
        all.pool
            .map(std::iter::from_fn(|| receive.recv().ok()), |n| {
                all.work();
                n
            })
            .for_each(|n| {
                seen += 1;
                open -= 1;
                for _ in 0..if n > 1 { 2 } else { 0 } {
                    open += 1;
                    send.as_ref().unwrap().send(n - 1).unwrap();
                }
                if open == 0 {
                    send = None;
                }
            });
        assert_eq!(seen, 7);
    });
}

#[test]
fn calls_feed_batches_of_their_own() {
    explore(|| {
        let pool = lasting().max_workers(2).build();
        pool.map(0..3, |_| {
            let (send, receive) = channel::<usize>();
            let inputs = std::iter::from_fn(|| receive.recv().ok());
            pool.map(inputs, |n| n).scope(|results| {
                for n in 0..3 {
                    send.send(n).unwrap();
                    assert_eq!(results.next(), Some(n));
                }
                drop(send);
                assert_eq!(results.next(), None);
            });
        })
        .for_each(drop);
    });
}

#[test]
fn sleeping_calls_wake_when_their_batch_is_dropped() {
    explore(|| {
        let pool = Arc::new(lasting().max_workers(2).build());
        let inner = Arc::clone(&pool);
        let mut batch = pool.map(0..3, move |n| {
            // Cancelling this call cancels the calls of its own batch, too.
            n == 0
                || inner.map(0..2, |_| crate::sleep(Duration::from_secs(3600))).collect::<Vec<_>>()
                    [0]
        });
        assert_eq!(batch.next(), Some(true));
        drop(batch);
        assert!(pool.wait_idle(Duration::MAX));
    });
}

#[test]
fn calls_rest_and_nest_while_their_pool_pauses() {
    explore(|| {
        let all = Capped::new(lasting(), 2);
        let (pool, inner) = (Arc::clone(&all.pool), all.clone());
        let pauses = thread::spawn(move || {
            assert!(pool.pause_for(Duration::MAX));
            thread::yield_now();
            pool.resume();
        });
        let rest = |all: &Capped| {
            all.work();
            assert!(crate::back_off(Duration::ZERO));
            all.work();
        };
        let outer = all.pool.map(0..3, |n| {
            rest(&inner);
            let leaves = inner.pool.map(0..2, |m| {
                rest(&inner);
                2 * n + m
            });
            leaves.collect::<Vec<_>>()
        });
        assert_eq!(outer.collect::<Vec<_>>(), [[0, 1], [2, 3], [4, 5]]);
        pauses.join().unwrap();
        assert!(all.pool.wait_idle(Duration::MAX));
        let stats = all.pool.stats();
        assert_eq!((stats.running, stats.resting, stats.waiting, stats.completed), (0, 0, 0, 9));
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
fn calls_that_wait_return_before_others_begin() {
    explore(|| {
        let pool = Arc::new(lasting().max_workers(2).build());
        let (lock, meeting) = (Arc::new(Mutex::new(())), Meeting::new());
        let (inner, held, met) = (Arc::clone(&pool), Arc::clone(&lock), Arc::clone(&meeting));
        let holder = pool.submit(move || {
            let _held = held.lock().unwrap();
            inner.map([1], |_| met.attend(2)).for_each(drop);
        });
        // These two would block on the lock with both permits.
        let others = [0, 1].map(|_| {
            let (lock, meeting) = (Arc::clone(&lock), Arc::clone(&meeting));
            pool.submit(move || {
                meeting.attend(1);
                drop(lock.lock().unwrap());
            })
        });
        holder.join().unwrap();
        others.into_iter().for_each(|task| task.join().unwrap());
    });
}

#[test]
fn calls_that_waited_elsewhere_return_within_the_cap() {
    explore(|| {
        let (all, other) = (Capped::new(lasting(), 1), Arc::new(lasting().max_workers(1).build()));
        let tasks = [0, 1].map(|_| {
            let (all, other) = (all.clone(), Arc::clone(&other));
            all.pool.clone().submit(move || {
                drop(other.submit(|| ()));
                assert!(other.wait_idle(Duration::MAX));
                all.work();
            })
        });
        all.pool.map(0..2, |_| all.work()).for_each(drop);
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
