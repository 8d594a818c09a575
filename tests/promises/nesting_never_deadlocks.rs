//! Calls may run batches and tasks on their own pool and on others, to any depth and with a cap of 1.

use pool_core::Pool;
use std::sync::{Barrier, Mutex, mpsc};
use std::thread;
use support::{Gate, forever, linger, pools, watched};

/// How a call waits for another.
#[derive(Clone, Copy, Debug)]
enum Way {
    Collect,
    ForEach,
    Scope,
    AsCompleted,
    Iterator,
    Started,
    Timeout,
    Join,
    /// Two streams, of which one is held while the other is read.
    Held,
}

const WAYS: [Way; 9] = [
    Way::Collect,
    Way::ForEach,
    Way::Scope,
    Way::AsCompleted,
    Way::Iterator,
    Way::Started,
    Way::Timeout,
    Way::Join,
    Way::Held,
];

/// Goes down to level 0, each level on the next of `pools`, and counts the levels on the way back.
fn descend(pools: &'static [Pool], way: Way, level: usize) -> usize {
    if level == 0 {
        return 0;
    }
    let pool = &pools[level % pools.len()];
    let next = move |_: u8| descend(pools, way, level - 1);
    let below = match way {
        Way::Collect => pool.map([0], next).collect::<Vec<_>>()[0],
        Way::ForEach => {
            let mut below = 0;
            pool.map([0], next).for_each(|n| below = n);
            below
        }
        Way::Scope => pool.map([0], next).scope(|results| results.next().unwrap()),
        Way::AsCompleted => {
            pool.as_completed([0], move |n| Ok::<_, ()>(next(*n))).next().unwrap().result.unwrap()
        }
        Way::Iterator => pool.map([0], next).next().unwrap(),
        Way::Started => pool.map([0], next).start().next().unwrap(),
        Way::Timeout => {
            let mut batch = pool.map([0], next);
            loop {
                if let Ok(result) = batch.next_timeout(std::time::Duration::from_micros(50)) {
                    break result.unwrap();
                }
            }
        }
        Way::Join => pool.submit(move || next(0)).join().unwrap(),
        Way::Held => {
            let mut held = pool.map(0..3, |n| n).start();
            let mut batch = pool.map([0], next);
            assert_eq!(held.next(), Some(0));
            let below = batch.next().unwrap();
            assert_eq!((held.next(), batch.next(), held.next()), (Some(1), None, Some(2)));
            below
        }
    };
    below + 1
}

#[test]
fn sixty_four_deep_on_one_pool() {
    watched(|| {
        for pool in pools() {
            let pool = forever([pool]);
            for way in WAYS {
                assert_eq!(descend(pool, way, 64), 64, "{way:?}");
            }
        }
    });
}

#[test]
fn through_two_and_three_pools_with_caps_of_one() {
    watched(|| {
        let rings =
            [vec![Pool::new(1), Pool::new(1)], vec![Pool::new(1), Pool::new(1), Pool::new(1)]];
        for ring in rings {
            let ring = forever(ring);
            for way in WAYS {
                assert_eq!(descend(ring, way, 48), 48, "{way:?}");
            }
        }
    });
}

#[test]
fn through_pools_that_many_threads_use() {
    watched(|| {
        let ring = forever([Pool::new(1), Pool::new(2), Pool::new(1)]);
        thread::scope(|scope| {
            for way in WAYS {
                scope.spawn(move || assert_eq!(descend(ring, way, 12), 12));
            }
        });
    });
}

fn leaves(pool: &Pool, depth: usize) -> usize {
    match depth {
        0 => 1,
        _ => pool.map(0..3, |_| leaves(pool, depth - 1)).collect::<Vec<_>>().iter().sum(),
    }
}

#[test]
fn a_tree_of_6561_leaves() {
    watched(|| {
        let pool = Pool::new(2);
        assert_eq!(leaves(&pool, 8), 6561);
        for pool in pools() {
            assert_eq!(leaves(&pool, 6), 729);
        }
    });
}

/// A tree in which every level waits in another way, on another of the pools.
fn jungle(pools: &'static [Pool], path: usize, depth: usize) -> usize {
    if depth == 0 {
        linger();
        return 1;
    }
    let pool = &pools[(path + depth) % pools.len()];
    let below = move |n: usize| jungle(pools, 3 * path + n, depth - 1);
    match path % 5 {
        0 => pool.map(0..3, below).collect::<Vec<_>>().iter().sum(),
        1 => pool.map(0..3, below).buffer(1).scope(|results| results.sum()),
        2 => pool
            .as_completed(0..3, move |n| Ok::<_, ()>(below(*n)))
            .map(|done| done.result.unwrap())
            .sum(),
        3 => {
            let tasks: Vec<_> = (0..3).map(|n| pool.submit(move || below(n))).collect();
            tasks.into_iter().rev().map(|task| task.join().unwrap()).sum()
        }
        _ => pool.map(0..3, below).max_workers(1).start().sum(),
    }
}

#[test]
fn trees_that_wait_in_every_way_over_pools_that_share() {
    watched(|| {
        for caps in [[1, 1, 1], [1, 2, 3]] {
            let pools = forever(caps.map(Pool::new));
            thread::scope(|scope| {
                for path in 0..4 {
                    scope.spawn(move || assert_eq!(jungle(pools, path, 6), 729));
                }
            });
        }
    });
}

#[test]
fn what_is_joined_may_need_the_pool_through_another() {
    watched(|| {
        let (pool, other, third) =
            (forever(Pool::new(1)), forever(Pool::new(1)), forever(Pool::new(1)));
        let (begun, gate) = (Gate::default(), Gate::default());
        let outer = pool.submit(move || {
            let inner = pool.submit({
                let (begun, gate) = (begun.clone(), gate.clone());
                move || {
                    begun.open();
                    let back = |()| {
                        gate.wait();
                        pool.map([7], |n| n).collect::<Vec<_>>()[0]
                    };
                    other.map([()], back).collect::<Vec<_>>()[0]
                }
            });
            // Lends its place to the task, which lends it back.
            third.map([()], |()| begun.wait()).for_each(drop);
            gate.open();
            inner.join().unwrap()
        });
        assert_eq!(outer.join().unwrap(), 7);
    });
}

#[test]
fn streams_dropped_half_read_at_every_level() {
    fn half(pool: &'static Pool, level: usize) -> usize {
        if level == 0 {
            return 1;
        }
        let mut ordered = pool.map(0.., move |_| half(pool, level - 1)).buffer(2);
        let mut finished =
            pool.as_completed(0.., move |_| Ok::<_, ()>(half(pool, level - 1))).buffer(2);
        ordered.next().unwrap() + finished.next().unwrap().result.unwrap()
    }
    watched(|| {
        for pool in pools() {
            let pool = forever(pool);
            assert_eq!(half(pool, 4), 16);
            assert!(pool.wait_idle(support::LIMIT));
        }
    });
}

#[test]
fn a_lock_may_be_held_across_a_batch_of_other_work() {
    watched(|| {
        for pool in pools() {
            let (lock, pool) = (Mutex::new(0), &pool);
            // A thread that waits and enters another of these calls would wait for the lock that it holds itself.
            let call = |n: u32| {
                let mut held = lock.lock().unwrap();
                *held += pool.map(0..3, |m| (linger(), n * m).1).collect::<Vec<_>>().len();
                pool.map(0..3, |m| (linger(), n * m).1).for_each(|_| *held += 1);
                *held += pool
                    .map(0..3, |m| (linger(), n * m).1)
                    .max_workers(1)
                    .scope(|results| results.count());
            };
            thread::scope(|scope| {
                for _ in 0..3 {
                    scope.spawn(|| pool.map(0..12, call).for_each(drop));
                }
            });
            assert_eq!(*lock.lock().unwrap(), 3 * 12 * 9);
        }
    });
}

#[test]
fn a_lock_may_be_held_while_a_task_of_other_work_is_joined() {
    watched(|| {
        for pool in pools() {
            let (lock, pool) = (forever(Mutex::new(0)), forever(pool));
            let tasks: Vec<_> = (0..20)
                .map(|n| {
                    pool.submit(move || {
                        let mut held = lock.lock().unwrap();
                        let other = pool.submit(move || (linger(), n).1);
                        *held += other.join().unwrap();
                    })
                })
                .collect();
            tasks.into_iter().for_each(|task| task.join().unwrap());
            assert_eq!(*lock.lock().unwrap(), 190);
        }
    });
}

#[test]
fn a_call_that_waits_enters_no_other_one() {
    watched(|| {
        for pool in pools() {
            let (calls, pool) = (&thread_depth, &pool);
            thread::scope(|scope| {
                for _ in 0..3 {
                    scope.spawn(move || {
                        // No call of this batch waits for another one of it: on one thread there is never more than one
                        // of them.
                        pool.map(0..30, |_| {
                            calls(1);
                            pool.map(0..4, |_| linger()).for_each(drop);
                            pool.as_completed(0..4, |n| (linger(), Ok::<_, ()>(*n)).1)
                                .for_each(drop);
                            calls(-1);
                        })
                        .for_each(drop);
                    });
                }
            });
        }
    });
}

fn thread_depth(change: i32) {
    thread_local!(static DEPTH: std::cell::Cell<i32> = const { std::cell::Cell::new(0) });
    DEPTH.set(DEPTH.get() + change);
    assert!(DEPTH.get() <= 1, "a call was entered inside another that does not wait for it");
}

#[test]
fn a_call_returns_though_others_wait_for_its_end() {
    watched(|| {
        for workers in [2, 4] {
            let (pool, done, entered) =
                (Pool::new(workers), Gate::default(), Barrier::new(workers));
            thread::scope(|scope| {
                // All other places are taken until this call has ended, and more such calls wait in the queue.
                scope.spawn(|| {
                    let block = |_| {
                        entered.wait();
                        done.wait();
                    };
                    pool.map(1..workers, block).for_each(drop);
                });
                let call = |()| {
                    entered.wait();
                    let task = pool.submit({
                        let done = done.clone();
                        move || done.wait()
                    });
                    let inner: Vec<u32> = pool.map(0..10, |n| n).collect();
                    pool.map(0..10, |n| n).for_each(drop);
                    assert_eq!(inner.len(), 10);
                    done.open();
                    task
                };
                pool.map([()], call).for_each(|task| task.join().unwrap());
            });
        }
    });
}

#[test]
fn a_level_takes_less_than_8_kib_of_stack() {
    fn descend(pool: &Pool, level: usize, frames: &Mutex<Vec<usize>>) {
        let here = 0_u8;
        frames.lock().unwrap().push(&raw const here as usize);
        if level > 0 {
            pool.map([()], |()| descend(pool, level - 1, frames)).collect::<Vec<_>>();
        }
    }
    watched(|| {
        let frames = Mutex::new(Vec::new());
        let pool = Pool::new(1);
        pool.map([()], |()| descend(&pool, 64, &frames)).collect::<Vec<_>>();
        let frames = frames.into_inner().unwrap();
        assert_eq!(frames.len(), 65);
        // With a cap of 1 each level stands on the one before.
        for level in frames.windows(2) {
            assert!(level[0].abs_diff(level[1]) < 8 << 10, "{} bytes", level[0].abs_diff(level[1]));
        }
    });
}

#[test]
fn a_call_that_feeds_its_own_batch_while_another_returns() {
    watched(|| {
        let (pool, other) = (forever(Pool::new(1)), forever(Pool::new(1)));
        for _ in 0..3000 {
            let back = pool.submit(|| other.map(0..1, |n| n).collect::<Vec<i32>>());
            let feeder = pool.submit(|| {
                let (send, inputs) = mpsc::channel();
                send.send(3).unwrap();
                let (mut send, mut open, mut seen) = (Some(send), 1, 0);
                // Each result begets as many smaller ones as it says; the channel is closed after the last.
                pool.map(inputs, |n: u32| n).for_each(|n| {
                    seen += 1;
                    open += n;
                    open -= 1;
                    (0..n).for_each(|_| send.as_ref().unwrap().send(n - 1).unwrap());
                    if open == 0 {
                        send = None;
                    }
                });
                seen
            });
            assert_eq!(feeder.join().unwrap(), 16);
            assert_eq!(back.join().unwrap(), [0]);
        }
    });
}

#[test]
fn inputs_that_claim_to_be_none_and_need_another_pool() {
    /// One input, which its hint denies.
    struct Denied(Option<u8>);
    impl Iterator for Denied {
        type Item = u8;

        fn next(&mut self) -> Option<u8> {
            self.0.take()
        }

        fn size_hint(&self) -> (usize, Option<usize>) {
            (0, Some(0))
        }
    }
    watched(|| {
        let (one, two) = (forever(Pool::new(1)), forever(Pool::new(1)));
        let task = one.submit(|| {
            let back = |n| one.submit(move || n).join().unwrap();
            two.map(Denied(Some(1)), back).collect::<Vec<_>>()
        });
        assert_eq!(task.join().unwrap(), [1]);
        // The thread that starts a batch runs none of it.
        let here = std::thread::current().id();
        let ahead =
            two.map(Denied(Some(2)), move |n| (n, std::thread::current().id() == here)).start();
        assert_eq!(ahead.collect::<Vec<_>>(), [(2, false)]);
    });
}
