//! If no thread can be started, the thread that waits for the batch or joins the task runs the calls, within the cap.

use pool_core::Pool;
use std::sync::{Arc, Barrier, mpsc};
use std::thread;
use std::time::Duration;
use support::{Meter, assert_success, forever, in_child, linger, raise, threadless, watched};

#[test]
fn whoever_waits_for_a_batch_runs_it() {
    watched(|| {
        for workers in [1, 2, 4] {
            let pool = threadless(workers);
            let here = thread::current().id();
            let on = |n: i32| (n, thread::current().id());
            let expected: Vec<_> = (0..50).map(|n| (n, here)).collect();
            assert_eq!(pool.map(0..50, on).collect::<Vec<_>>(), expected);
            let mut all = Vec::new();
            pool.map(0..50, on).for_each(|result| all.push(result));
            assert_eq!(all, expected);
            assert_eq!(pool.map(0..50, on).scope(|results| results.collect::<Vec<_>>()), expected);
            assert_eq!(pool.map(0..50, on).buffer(1).start().collect::<Vec<_>>(), expected);
            assert_eq!(pool.map(0.., on).start().take(50).collect::<Vec<_>>(), expected);
            let done: Vec<_> = pool.as_completed(0..50, |n| Ok::<_, ()>(on(*n))).collect();
            assert_eq!(
                done.into_iter().map(|done| done.result.unwrap()).collect::<Vec<_>>(),
                expected
            );
            assert_eq!(pool.stats().threads, 0);
            assert_eq!(pool.stats().completed, 300);
        }
    });
}

#[test]
fn whoever_joins_a_task_runs_it() {
    watched(|| {
        let pool = threadless(1);
        let tasks: Vec<_> = (0..20).map(|n| pool.submit(move || n)).collect();
        for (n, task) in tasks.into_iter().enumerate().rev() {
            assert_eq!(task.join().unwrap(), n);
        }
        let task = pool.submit(|| 7).join_timeout(Duration::MAX).unwrap();
        assert_eq!(task.unwrap(), 7);
        let cancelled = pool.submit(|| unreachable!());
        cancelled.cancel().unwrap();
    });
}

fn descend(pools: &[Pool], level: usize) -> usize {
    match level {
        0 => 0,
        _ => {
            1 + pools[level % pools.len()]
                .map([()], |()| descend(pools, level - 1))
                .scope(|r| r.next().unwrap())
        }
    }
}

fn leaves(pool: &'static Pool, depth: usize) -> usize {
    match depth {
        0 => 1,
        _ => {
            let task = pool.submit(move || leaves(pool, depth - 1));
            let some: usize =
                pool.map(0..2, |_| leaves(pool, depth - 1)).collect::<Vec<_>>().iter().sum();
            some + task.join().unwrap()
        }
    }
}

#[test]
fn nested() {
    watched(|| {
        assert_eq!(descend(&[threadless(1)], 30), 30);
        assert_eq!(leaves(forever(threadless(1)), 5), 243);
        assert_eq!(leaves(forever(threadless(2)), 5), 243);
    });
}

#[test]
fn across_pools_without_threads() {
    watched(|| {
        assert_eq!(descend(&[threadless(1), threadless(1)], 30), 30);
        assert_eq!(descend(&[threadless(1), threadless(2), threadless(1)], 30), 30);
    });
}

#[test]
fn across_pools_of_which_some_have_threads() {
    watched(|| assert_eq!(descend(&[threadless(1), Pool::new(1), threadless(2)], 30), 30));
}

#[test]
fn within_the_cap() {
    watched(|| {
        for workers in [1, 2] {
            let (pool, meter) = (threadless(workers), Meter::default());
            thread::scope(|scope| {
                for _ in 0..4 {
                    scope.spawn(|| pool.map(0..40, |_| meter.run(linger)).for_each(drop));
                    scope.spawn(|| {
                        (0..40).for_each(|_| {
                            let meter = meter.clone();
                            pool.submit(move || meter.run(linger)).join().unwrap();
                        })
                    });
                }
            });
            assert!(meter.most() <= workers, "{} of {workers}", meter.most());
            assert_eq!(pool.stats().completed, 320);
        }
    });
}

#[test]
fn as_many_as_wait_run_at_once() {
    watched(|| {
        for workers in [2, 4] {
            let (pool, all) = (threadless(workers), Barrier::new(workers));
            thread::scope(|scope| {
                for _ in 0..workers {
                    scope.spawn(|| pool.map(0..3, |_| _ = all.wait()).for_each(drop));
                }
            });
            let all = Arc::new(all);
            thread::scope(|scope| {
                for _ in 0..workers {
                    let all = Arc::clone(&all);
                    scope.spawn(|| pool.submit(move || _ = all.wait()).join().unwrap());
                }
            });
        }
    });
}

#[test]
fn panics_inputs_that_end_and_waits_that_do() {
    watched(|| {
        let pool = threadless(1);
        let ends = support::caught(|| {
            pool.map(0..5, |n| if n == 3 { raise("call") } else { n }).for_each(drop)
        });
        assert_eq!(ends, Err("call".into()));
        assert_eq!(pool.submit(|| -> u8 { raise("task") }).join().unwrap_err().message(), "task");
        assert_eq!(pool.map(Vec::new(), |n: u8| n).collect::<Vec<_>>(), []);
        // What feeds the inputs is the loop over the results.
        let (input, inputs) = mpsc::channel();
        input.send(5).unwrap();
        let mut input = Some(input);
        let mut seen = Vec::new();
        pool.map(inputs, |n: u32| n).for_each(|n| {
            seen.push(n);
            match n {
                0 => input = None,
                n => input.as_ref().unwrap().send(n - 1).unwrap(),
            }
        });
        assert_eq!(seen, [5, 4, 3, 2, 1, 0]);
    });
}

#[test]
fn pool_and_batch_may_be_dropped() {
    watched(|| {
        let ledger = support::Ledger::default();
        let pool = threadless(1);
        let entry = ledger.entry();
        let mut batch = pool
            .map(vec![ledger.entry(), ledger.entry(), ledger.entry()], move |input| {
                (entry.touch(), input).1
            });
        drop(pool);
        assert!(batch.next().is_some());
        drop(batch);
        assert_eq!(ledger.alive(), 0);
    });
}

/// Lets the process have `bytes` of address space, or as much as there is.
fn limit_address_space(bytes: Option<u64>) {
    let bytes = bytes.map_or_else(|| "unlimited".to_owned(), |bytes| bytes.to_string());
    let pid = std::process::id().to_string();
    let set = std::process::Command::new("prlimit")
        .args(["--pid", &pid, &format!("--as={bytes}:")])
        .status();
    assert!(set.unwrap().success());
}

/// Stacks of 4 GiB, of which there is room for `room`.
fn with_room_for_threads(room: u64, test: impl FnOnce(&'static Pool)) {
    const STACK: usize = 4 << 30;
    let pool = forever(Pool::builder().max_workers(4).stack_size(STACK).build());
    limit_address_space(Some((room * STACK as u64) + (2 << 30)));
    test(pool);
    limit_address_space(None);
}

#[test]
fn when_a_thread_can_be_started_later_there_is_one() {
    assert_success(in_child(|| {
        with_room_for_threads(0, |pool| {
            let (kept, dropped) = (pool.submit(|| 1), pool.submit(|| 2));
            let (ran, runs) = mpsc::channel();
            drop(pool.submit(move || ran.send(3).unwrap()));
            assert_eq!(pool.map(0..9, |n| n).collect::<Vec<_>>().len(), 9);
            assert_eq!(pool.stats().threads, 0);
            limit_address_space(None);
            let all = Barrier::new(4);
            pool.map(0..4, |_| _ = all.wait()).for_each(drop);
            assert_eq!(pool.stats().threads, 4);
            drop(dropped);
            assert_eq!(runs.recv(), Ok(3));
            assert_eq!(kept.join().unwrap(), 1);
            assert!(pool.wait_idle(support::LIMIT), "the dropped task never runs");
            assert_eq!(pool.stats().completed, 9 + 4 + 3);
        });
    }));
}

#[test]
fn with_fewer_threads_than_the_cap() {
    {
        assert_success(in_child(|| {
            with_room_for_threads(1, |pool| {
                let meter = Meter::default();
                for _ in 0..50 {
                    let nested = |n: usize| {
                        let inner: usize = pool
                            .map(0..5, |m| meter.run(|| (linger(), m).1))
                            .collect::<Vec<_>>()
                            .iter()
                            .sum();
                        inner + n
                    };
                    assert_eq!(
                        pool.map(0..8, nested).collect::<Vec<_>>(),
                        (10..18).collect::<Vec<_>>()
                    );
                }
                assert!(meter.most() <= 4);
                // The thread may be trying to start another one, and that counts until it is refused.
                support::until(|| pool.stats().threads == 1);
                // The one thread is taken, so the consumer runs the calls itself.
                let (gate, entered) = (support::Gate::default(), support::Gate::default());
                let task = pool.submit({
                    let (gate, entered) = (gate.clone(), entered.clone());
                    move || (entered.open(), gate.wait())
                });
                entered.wait();
                assert_eq!(pool.map(0..5, |n| n).collect::<Vec<_>>(), [0, 1, 2, 3, 4]);
                gate.open();
                task.join().unwrap();
            });
        }));
    }
}
