//! Batches, their consumers and their inputs.

use crate::model::scenarios::{Capped, Counted, explore, hasty, lasting, quiet_panic};
use crate::{CallError, is_cancelled};
use shuttle::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use shuttle::sync::mpsc::channel;
use shuttle::thread;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

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
