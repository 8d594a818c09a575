//! Inputs are taken one at a time, in order, when a worker is free to run one; a slow, endless, blocking or odd one
//! holds back no other.

use pool_core::Pool;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, mpsc};
use std::thread;
use std::time::Duration;
use support::{Gate, caught, forever, linger, pools, pools_and_lengths, until, watched};

/// Counts what was taken, and fails if two threads are inside.
struct Watch<I> {
    inputs: I,
    taken: Arc<AtomicUsize>,
    inside: Arc<AtomicBool>,
}

impl<I: Iterator> Iterator for Watch<I> {
    type Item = I::Item;

    fn next(&mut self) -> Option<I::Item> {
        assert!(!self.inside.swap(true, Ordering::SeqCst), "two threads are inside the iterator");
        linger();
        let next = self.inputs.next();
        self.taken.fetch_add(1, Ordering::SeqCst);
        self.inside.store(false, Ordering::SeqCst);
        next
    }
}

fn watch<I: IntoIterator>(inputs: I) -> (Watch<I::IntoIter>, Arc<AtomicUsize>) {
    let taken = Arc::default();
    (Watch { inputs: inputs.into_iter(), taken: Arc::clone(&taken), inside: Arc::default() }, taken)
}

#[test]
fn one_at_a_time_and_in_order() {
    watched(|| {
        for (pool, length) in pools_and_lengths() {
            let (inputs, taken) = watch(0..length);
            let mut order: Vec<_> = pool
                .as_completed(inputs, |n| Ok::<_, ()>(*n))
                .scope(|done| done.map(|done| (done.index, done.input)).collect());
            order.sort();
            assert_eq!(order, (0..length).map(|n| (n, n)).collect::<Vec<_>>());
            assert_eq!(taken.load(Ordering::SeqCst), length + 1);
        }
    });
}

#[test]
fn only_when_a_worker_is_free() {
    watched(|| {
        for pool in pools() {
            let workers = pool.max_workers();
            let (inputs, taken) = watch(0..);
            let (gate, all) = (Gate::default(), Arc::new(Barrier::new(workers + 1)));
            let mut batch = pool
                .map(inputs, {
                    let (gate, all) = (gate.clone(), Arc::clone(&all));
                    move |n| {
                        if n < workers {
                            all.wait();
                            gate.wait();
                        }
                        n
                    }
                })
                .start();
            all.wait();
            // All workers run something: nobody is left to take another input.
            assert!(batch.next_timeout(Duration::from_millis(1)).is_err());
            assert_eq!(taken.load(Ordering::SeqCst), workers);
            gate.open();
            assert_eq!(batch.next(), Some(0));
        }
    });
}

#[test]
fn nothing_is_taken_before_the_first_result_is_asked_for() {
    watched(|| {
        let (inputs, taken) = watch(0..);
        let pool = Pool::new(2);
        let batch = pool.map(inputs, |n| n).buffer(4);
        assert_eq!(taken.load(Ordering::SeqCst), 0);
        let mut started = batch.start();
        until(|| taken.load(Ordering::SeqCst) == 4);
        assert_eq!(started.next(), Some(0));
    });
}

#[test]
fn no_further_than_the_buffer() {
    watched(|| {
        for pool in pools() {
            for buffer in [1, 2, 5, 16] {
                let (inputs, taken) = watch(0..);
                let mut batch = pool.map(inputs, |n| n).buffer(buffer).start();
                for n in 0..30 {
                    until(|| pool.stats().completed % 1000 >= n + buffer);
                    assert_eq!(taken.load(Ordering::SeqCst), n + buffer);
                    assert_eq!(batch.next(), Some(n));
                }
                drop(batch);
                assert!(pool.wait_idle(support::LIMIT));
                // Rounds the count up, for the next one.
                let missing = 1000 - pool.stats().completed % 1000;
                pool.map(0..missing, |_| ()).for_each(drop);
            }
        }
    });
}

#[test]
fn the_default_buffer_is_16_for_each_worker() {
    watched(|| {
        for (pool, most) in
            pools().into_iter().flat_map(|pool| [(pool, usize::MAX)]).chain([(Pool::new(8), 2)])
        {
            let expected = 16 * pool.max_workers().min(most);
            let (inputs, taken) = watch(0..);
            let mut batch =
                pool.as_completed(inputs, |n| Ok::<_, ()>(*n)).max_workers(most).start();
            until(|| pool.stats().completed == expected);
            assert_eq!(taken.load(Ordering::SeqCst), expected);
            assert!(batch.next().is_some());
            until(|| pool.stats().completed == expected + 1);
        }
    });
}

#[test]
fn endless_ones() {
    watched(|| {
        for pool in pools() {
            assert_eq!(
                pool.map(0.., |n| n).take(100).collect::<Vec<_>>(),
                (0..100).collect::<Vec<_>>()
            );
            assert_eq!(pool.map(0.., |n| n).scope(|results| results.find(|n| *n == 77)), Some(77));
            let first: Result<Vec<i32>, i32> =
                pool.map(0.., |n| if n == 50 { Err(n) } else { Ok(n) }).collect();
            assert_eq!(first, Err(50));
            assert!(pool.wait_idle(support::LIMIT));
        }
    });
}

#[test]
fn a_result_does_not_wait_for_the_next_input() {
    watched(|| {
        for pool in pools() {
            let (input, inputs) = mpsc::channel();
            let mut batch = pool.map(inputs, |n| n);
            let (other, others) = mpsc::channel();
            let mut done = pool.as_completed(others, |n| Ok::<_, ()>(*n));
            for n in 0..100 {
                // There never is a further input when a result is asked for.
                input.send(n).unwrap();
                assert_eq!(batch.next(), Some(n));
            }
            drop(input);
            assert_eq!(batch.next(), None);
            for n in 0..100 {
                other.send(n).unwrap();
                assert_eq!(done.next().unwrap().index, n);
            }
        }
    });
}

#[test]
fn a_result_within_a_call_does_not_wait_for_the_next_input_either() {
    watched(|| {
        for pool in pools() {
            let pool = forever(pool);
            pool.map(0..3, |_| {
                let (input, inputs) = mpsc::channel();
                let mut batch = pool.map(inputs, |n| n);
                for n in 0..20 {
                    input.send(n).unwrap();
                    assert_eq!(batch.next(), Some(n));
                }
                drop(input);
                assert_eq!(batch.next(), None);
            })
            .for_each(drop);
        }
    });
}

#[test]
fn one_that_blocks_holds_one_worker_and_nobody_else() {
    watched(|| {
        for workers in [2, 4] {
            let pool = Pool::new(workers);
            let inside = Gate::default();
            let (input, inputs) = mpsc::channel::<i32>();
            let inputs = std::iter::from_fn({
                let inside = inside.clone();
                move || {
                    inside.open();
                    inputs.recv().ok()
                }
            });
            let mut blocked = pool.map(inputs, |n| n).start();
            inside.wait();
            let rest = Barrier::new(workers - 1);
            pool.map(0..20 * (workers - 1), |_| _ = rest.wait()).for_each(drop);
            pool.submit(|| ()).join().unwrap();
            input.send(1).unwrap();
            assert_eq!(blocked.next(), Some(1));
        }
    });
}

/// Visits the numbers below `top`, each found by the one that it is made from.
fn crawl(pool: &Pool, top: usize) -> usize {
    let (input, inputs) = mpsc::channel();
    input.send(1).unwrap();
    let (mut open, mut input) = (1, Some(input));
    let batch = pool.map(inputs, move |n: usize| {
        [2 * n, 2 * n + 1].into_iter().filter(|n| *n < top).collect::<Vec<_>>()
    });
    let mut seen = 0;
    batch.for_each(|found| {
        seen += 1;
        open = open + found.len() - 1;
        found.into_iter().for_each(|n| input.as_ref().unwrap().send(n).unwrap());
        if open == 0 {
            input = None;
        }
    });
    seen
}

#[test]
fn results_may_feed_them() {
    watched(|| {
        for pool in pools() {
            assert_eq!(crawl(&pool, 500), 499);
        }
    });
}

#[test]
fn results_may_feed_them_within_a_call() {
    watched(|| {
        for pool in pools() {
            assert_eq!(pool.map([()], |()| crawl(&pool, 200)).collect::<Vec<_>>(), [199]);
        }
    });
}

#[test]
fn a_hint_that_lies_is_not_believed() {
    struct Liar<I>(I, (usize, Option<usize>));
    impl<I: Iterator> Iterator for Liar<I> {
        type Item = I::Item;
        fn next(&mut self) -> Option<I::Item> {
            self.0.next()
        }
        fn size_hint(&self) -> (usize, Option<usize>) {
            self.1
        }
    }
    let hints = [
        (0, None),
        (0, Some(0)),
        (3, Some(2)),
        (1, Some(1)),
        (1000, None),
        (usize::MAX, None),
        (usize::MAX, Some(usize::MAX)),
        (usize::MAX, Some(0)),
    ];
    watched(move || {
        for pool in pools() {
            for hint in hints {
                let liar = || Liar(0..30, hint);
                let expected: Vec<_> = (0..30).collect();
                assert_eq!(pool.map(liar(), |n| n).collect::<Vec<_>>(), expected, "{hint:?}");
                let mut seen = Vec::new();
                pool.map(liar(), |n| n).for_each(|n| seen.push(n));
                assert_eq!(seen, expected);
                let batch = pool.map(liar(), |n| [n; 512]).start();
                seen.clear();
                for result in batch {
                    seen.push(result[511]);
                }
                assert_eq!(seen, expected);
                assert_eq!(
                    pool.as_completed(liar(), |n| Ok::<_, ()>(*n)).collect::<Vec<_>>().len(),
                    30
                );
            }
        }
    });
}

#[test]
fn the_first_end_is_the_end() {
    watched(|| {
        for pool in pools() {
            let mut asked = 0;
            let ended = Arc::new(AtomicUsize::new(0));
            let inputs = std::iter::from_fn({
                let ended = Arc::clone(&ended);
                move || {
                    asked += 1;
                    if asked == 4 {
                        ended.fetch_add(1, Ordering::SeqCst);
                        return None;
                    }
                    assert!(asked < 4, "asked again after the end");
                    Some(asked)
                }
            });
            let mut batch = pool.map(inputs, |n| n);
            assert_eq!((&mut batch).collect::<Vec<_>>(), [1, 2, 3]);
            assert_eq!((batch.next(), batch.next()), (None, None));
            assert_eq!(ended.load(Ordering::SeqCst), 1);
        }
    });
}

#[test]
fn they_may_use_the_pool_themselves() {
    watched(|| {
        for pool in pools() {
            let pool = forever(pool);
            let inputs = (0..20).map(|n| {
                let task = pool.submit(move || n);
                pool.map(0..n, |m| m).collect::<Vec<_>>().len() + task.join().unwrap() - n
            });
            assert_eq!(pool.map(inputs, |n| n).collect::<Vec<_>>(), (0..20).collect::<Vec<_>>());
            // And be a batch.
            let chain =
                pool.map(pool.map(pool.map(0..100, |n| n + 1), |n| n + 1).buffer(2), |n| n + 1);
            assert_eq!(chain.collect::<Vec<_>>(), (3..103).collect::<Vec<_>>());
        }
    });
}

#[test]
fn a_slow_one_holds_back_no_result_of_others() {
    watched(|| {
        for workers in [2, 4] {
            let (pool, gate) = (Pool::new(workers), Gate::default());
            let call = |n: &i32| {
                if *n == 0 {
                    gate.wait();
                }
                Ok::<_, ()>(*n)
            };
            let mut others = 0;
            pool.as_completed(0..200, call).for_each(|done| {
                others += usize::from(done.input != 0);
                if others == 199 {
                    gate.open();
                }
            });
        }
    });
}

/// A call that ends, for input 0, only when all others of `inputs` have run.
fn slow_head(inputs: usize) -> impl Fn(usize) -> usize + Send + Sync {
    let (gate, ran) = (Gate::default(), AtomicUsize::new(0));
    move |n| {
        if n == 0 {
            gate.wait();
        } else if ran.fetch_add(1, Ordering::SeqCst) + 2 == inputs {
            gate.open();
        }
        n
    }
}

#[test]
fn a_slow_head_holds_back_nobody_if_all_are_gathered() {
    watched(|| {
        for workers in [2, 4] {
            let pool = Pool::new(workers);
            assert_eq!(pool.map(0..200, slow_head(200)).collect::<Vec<_>>().len(), 200);
            let outer =
                pool.map([()], |()| pool.map(0..200, slow_head(200)).collect::<Vec<_>>().len());
            assert_eq!(outer.collect::<Vec<_>>(), [200]);
        }
    });
}

#[test]
fn a_slow_head_holds_back_nobody_though_the_batch_was_started() {
    watched(|| {
        for workers in [2, 4] {
            let pool = Pool::new(workers);
            assert_eq!(pool.map(0..200, slow_head(200)).start().collect::<Vec<_>>().len(), 200);
        }
    });
}

#[test]
fn many_consumers_and_many_threads() {
    watched(|| {
        for pool in pools() {
            thread::scope(|scope| {
                for _ in 0..8 {
                    scope.spawn(|| {
                        for length in 0..30 {
                            let (inputs, _) = watch(0..length);
                            assert_eq!(
                                pool.map(inputs, |n| n).collect::<Vec<_>>(),
                                (0..length).collect::<Vec<_>>()
                            );
                        }
                    });
                }
            });
        }
    });
}

#[test]
fn none_at_all() {
    watched(|| {
        for pool in pools() {
            assert_eq!(pool.map(Vec::<u8>::new(), |n| n).collect::<Vec<_>>(), []);
            assert!(pool.as_completed(None::<u8>, |n| Ok::<_, ()>(*n)).next().is_none());
            assert_eq!(caught(|| pool.map(0..0, |n| n).for_each(|_| unreachable!())), Ok(()));
            assert_eq!(pool.map(0..0, |n: u8| n).scope(|results| results.next()), None);
            assert_eq!(pool.stats().completed, 0);
        }
    });
}
