//! A batch that is stopped, dropped or ended early takes no further input, and its calls can see it.

mod support;

use pool_core::{Pool, StopHandle, is_cancelled, sleep};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex, OnceLock, mpsc};
use std::thread;
use std::time::Duration;
use support::{Gate, LIMIT, caught, forever, pools, raise, until, watched};

#[test]
fn from_another_thread_while_calls_run() {
    watched(|| {
        for pool in pools() {
            let workers = pool.max_workers();
            let (begun, gate) = (Barrier::new(workers + 1), Gate::default());
            let batch = pool.map(0.., |n| {
                begun.wait();
                gate.wait();
                (n, is_cancelled())
            });
            let stop = batch.stop_handle();
            thread::scope(|scope| {
                scope.spawn(|| {
                    begun.wait();
                    stop.stop();
                    stop.clone().stop();
                    gate.open();
                });
                // The calls that run are yielded still, and know.
                assert_eq!(
                    batch.collect::<Vec<_>>(),
                    (0..workers).map(|n| (n, true)).collect::<Vec<_>>()
                );
            });
        }
    });
}

#[test]
fn within_a_call() {
    watched(|| {
        for pool in pools() {
            let stop = OnceLock::<StopHandle>::new();
            let begun = AtomicUsize::new(0);
            let batch = pool.map(0.., |n| {
                begun.fetch_add(1, Ordering::SeqCst);
                if n == 5 {
                    stop.get().unwrap().stop();
                    assert!(is_cancelled());
                }
                n
            });
            stop.set(batch.stop_handle()).unwrap();
            let seen: Vec<i32> = batch.collect();
            assert_eq!(seen, (0..seen.len() as i32).collect::<Vec<_>>());
            assert!(seen.len() >= 6);
            assert_eq!(begun.into_inner(), seen.len());
        }
    });
}

#[test]
fn before_the_start_it_is_an_empty_one() {
    watched(|| {
        for pool in pools() {
            for way in 0..5 {
                let batch = pool.map(0.., |_| unreachable!());
                batch.stop_handle().stop();
                match way {
                    0 => assert_eq!(batch.collect::<Vec<u8>>(), []),
                    1 => batch.for_each(|_: u8| unreachable!()),
                    2 => assert_eq!(batch.scope(|results| results.next()), None::<u8>),
                    3 => assert_eq!(batch.start().count(), 0),
                    _ => assert_eq!({ batch }.next_timeout(Duration::ZERO), Ok(None::<u8>)),
                }
            }
            assert!(pool.wait_idle(Duration::ZERO));
            assert_eq!(pool.stats().completed, 0);
        }
    });
}

#[test]
fn after_the_end_it_does_nothing() {
    watched(|| {
        for pool in pools() {
            let batch = pool.map(0..9, |n| n);
            let stop = batch.stop_handle();
            assert_eq!(batch.collect::<Vec<_>>().len(), 9);
            stop.stop();
            let mut batch = pool.map(0..9, |n| n).start();
            let stop = batch.stop_handle();
            assert!(pool.wait_idle(LIMIT));
            stop.stop();
            // What has run is yielded.
            assert_eq!((&mut batch).count(), 9);
            drop(batch);
            stop.stop();
            drop(pool);
            stop.stop();
        }
    });
}

#[test]
fn a_waiting_consumer_is_woken_though_the_inputs_block() {
    watched(|| {
        for pool in pools() {
            let inside = Gate::default();
            let (input, inputs) = mpsc::channel::<i32>();
            let inputs = std::iter::from_fn({
                let inside = inside.clone();
                move || {
                    inside.open();
                    inputs.recv().ok()
                }
            });
            let mut batch = pool.map(inputs, |n| n);
            let stop = batch.stop_handle();
            let consumer = thread::spawn(move || batch.next());
            inside.wait();
            stop.stop();
            assert_eq!(consumer.join().unwrap(), None);
            drop(input);
            assert!(pool.wait_idle(LIMIT));
        }
    });
}

#[test]
fn an_input_that_comes_too_late_is_dropped() {
    watched(|| {
        for pool in pools() {
            let ledger = support::Ledger::default();
            let (inside, gate) = (Gate::default(), Gate::default());
            let inputs = std::iter::repeat_with(|| {
                inside.open();
                gate.wait();
                assert!(is_cancelled());
                ledger.entry()
            });
            let batch = pool.map(inputs, |_| unreachable!("it is not run"));
            let stop = batch.stop_handle();
            thread::scope(|scope| {
                scope.spawn(|| {
                    inside.wait();
                    stop.stop();
                    gate.open();
                });
                assert_eq!(batch.collect::<Vec<()>>(), []);
            });
            assert_eq!((ledger.made(), ledger.alive()), (1, 0));
        }
    });
}

/// Runs until it is cancelled.
fn run_on() {
    until(is_cancelled);
}

#[test]
fn calls_see_that_their_batch_was_dropped() {
    watched(|| {
        for pool in pools() {
            let begun = Gate::default();
            let batch = pool
                .map(0.., {
                    let begun = begun.clone();
                    move |_| {
                        begun.open();
                        run_on();
                    }
                })
                .start();
            begun.wait();
            drop(batch);
            assert!(pool.wait_idle(LIMIT));
        }
    });
}

#[test]
fn calls_see_that_their_batch_ended_early() {
    watched(|| {
        for pool in [Pool::new(2), Pool::new(4)] {
            let begun = Barrier::new(2);
            let call = |n: usize| match n {
                0 => {
                    begun.wait();
                    Err("first")
                }
                1 => {
                    begun.wait();
                    run_on();
                    Ok(())
                }
                _ => {
                    run_on();
                    Ok(())
                }
            };
            assert_eq!(pool.map(0.., call).collect::<Result<Vec<_>, _>>(), Err("first"));
            let panics = |n: usize| {
                if let Err(text) = call(n) {
                    raise(text)
                }
            };
            assert_eq!(caught(|| pool.map(0.., panics).for_each(drop)), Err("first".into()));
            assert_eq!(
                caught(|| pool.as_completed(0.., |n| call(*n)).for_each(|_| raise("mine"))),
                Err("mine".into())
            );
            pool.as_completed(0.., |n| call(*n)).scope(|done| drop(done.next()));
        }
    });
}

#[test]
fn nested_calls_see_what_happened_around_them() {
    watched(|| {
        for pool in pools() {
            let (pool, other) = (forever(pool), forever(Pool::new(1)));
            let begun = Arc::new(AtomicUsize::new(0));
            let batch = pool
                .map([0], {
                    let begun = Arc::clone(&begun);
                    move |_| {
                        pool.map([0], |_| {
                            other
                                .map([0], |_| {
                                    begun.fetch_add(1, Ordering::SeqCst);
                                    run_on();
                                })
                                .for_each(drop);
                            assert!(is_cancelled());
                        })
                        .for_each(drop);
                    }
                })
                .start();
            until(|| begun.load(Ordering::SeqCst) == 1);
            drop(batch);
            assert!(pool.wait_idle(LIMIT) && other.wait_idle(LIMIT));
            // What is around a call does not see what happens within.
            let outer = pool.map(0..3, |_| {
                let mut inner = pool.map(0.., |n| n);
                assert_eq!(inner.next(), Some(0));
                drop(inner);
                is_cancelled()
            });
            assert_eq!(outer.collect::<Vec<_>>(), [false; 3]);
        }
    });
}

#[test]
fn nothing_else_is_cancelled() {
    watched(|| {
        assert!(!is_cancelled());
        for pool in pools() {
            let pool = forever(pool);
            let stop = Arc::new(OnceLock::<StopHandle>::new());
            let own = Arc::clone(&stop);
            let batch = pool.map([0], move |_| {
                own.get().unwrap().stop();
                // A task belongs to no batch, whoever runs it.
                let task = pool.submit(|| {
                    (
                        is_cancelled(),
                        sleep(Duration::from_millis(1)),
                        pool.map([0], |_| is_cancelled()).next(),
                    )
                });
                (is_cancelled(), task.join().unwrap())
            });
            stop.set(batch.stop_handle()).unwrap();
            assert_eq!(batch.collect::<Vec<_>>(), [(true, (false, true, Some(false)))]);
        }
    });
}

#[test]
fn a_sleep_ends_at_once() {
    watched(|| {
        for pool in pools() {
            for way in 0..3 {
                let (pool, begun) = (forever(Pool::new(pool.max_workers())), Gate::default());
                let (slept, results) = mpsc::channel();
                let nested = {
                    let begun = begun.clone();
                    move |_| {
                        begun.open();
                        let inner = pool.map([0], |_| sleep(Duration::MAX)).collect::<Vec<_>>()[0];
                        slept.send(inner || sleep(Duration::from_secs(3600))).unwrap();
                    }
                };
                let batch = pool.map([0], nested);
                let stop = batch.stop_handle();
                let batch = batch.start();
                begun.wait();
                match way {
                    0 => drop(batch),
                    1 => stop.stop(),
                    _ => thread::scope(|scope| _ = scope.spawn(|| stop.stop())),
                }
                assert_eq!(results.recv(), Ok(false));
            }
        }
    });
}

#[test]
fn a_sleep_lasts_as_long_as_asked_for_otherwise() {
    watched(|| {
        let nap = Duration::from_millis(20);
        let timed = move || {
            let begun = std::time::Instant::now();
            (sleep(nap), begun.elapsed() >= nap)
        };
        assert_eq!(timed(), (true, true));
        let pool = Pool::new(2);
        assert_eq!(pool.map(0..4, |_| timed()).collect::<Vec<_>>(), [(true, true); 4]);
        assert_eq!(pool.submit(timed).join().unwrap(), (true, true));
        assert_eq!(pool.map([Duration::ZERO], sleep).collect::<Vec<_>>(), [true]);
    });
}

#[test]
fn a_stop_races_with_everything_and_loses_nothing() {
    watched(|| {
        for round in 0..300 {
            let (pool, ledger) = (Pool::new(1 + round % 3), support::Ledger::default());
            let results = ledger.clone();
            let inputs = std::iter::repeat_with({
                let ledger = ledger.clone();
                move || ledger.entry()
            });
            let taken = Arc::new(Mutex::new(0));
            let mut batch = pool.map(inputs, {
                let taken = Arc::clone(&taken);
                move |input| {
                    *taken.lock().unwrap() += 1;
                    (input, results.entry()).1
                }
            });
            let stop = batch.stop_handle();
            let read = thread::scope(|scope| {
                scope.spawn(|| {
                    (0..round % 7).for_each(|_| thread::yield_now());
                    stop.stop();
                });
                (&mut batch).map(drop).count()
            });
            assert_eq!(read, *taken.lock().unwrap());
            drop(batch);
            assert!(pool.wait_idle(LIMIT));
            assert_eq!(ledger.alive(), 0);
        }
    });
}
