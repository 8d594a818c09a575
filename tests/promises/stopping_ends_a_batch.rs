//! A batch that is stopped, dropped or ended early takes no further input, and its calls can see it.

use pool_core::{Pool, StopHandle, is_cancelled, sleep};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex, OnceLock, mpsc};
use std::thread;
use std::time::{Duration, Instant};
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
fn within_the_inputs_and_within_what_is_dropped() {
    struct Stops(Arc<OnceLock<StopHandle>>, bool);
    impl Drop for Stops {
        fn drop(&mut self) {
            if self.1 {
                self.0.get().unwrap().stop();
            }
        }
    }
    watched(|| {
        for pool in pools() {
            // The input that comes with the stop comes too late.
            let stop = Arc::new(OnceLock::<StopHandle>::new());
            let inputs = (0..).inspect(|n| {
                if *n == 5 {
                    stop.get().unwrap().stop();
                    assert!(is_cancelled());
                }
            });
            let batch = pool.map(inputs, |n| n);
            stop.set(batch.stop_handle()).unwrap();
            assert_eq!(batch.collect::<Vec<_>>(), [0, 1, 2, 3, 4]);
            // The drop of an input in a call, and of a result at the reader.
            for by_input in [true, false] {
                let stop = Arc::new(OnceLock::<StopHandle>::new());
                let begun = AtomicUsize::new(0);
                let inputs = (0..).map(|n| (n, Stops(Arc::clone(&stop), by_input && n == 5)));
                let batch = pool.as_completed(inputs, |(n, _)| {
                    begun.fetch_add(1, Ordering::SeqCst);
                    Ok::<_, ()>(Stops(Arc::clone(&stop), !by_input && *n == 5))
                });
                stop.set(batch.stop_handle()).unwrap();
                let mut seen = 0;
                batch.for_each(|done| {
                    drop(done);
                    seen += 1;
                });
                assert!(seen >= 6);
                assert_eq!(begun.into_inner(), seen);
            }
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

#[test]
fn as_completed_ends_likewise() {
    watched(|| {
        for pool in pools() {
            // Before the start.
            let batch = pool.as_completed(0.., |_| -> Result<(), ()> { unreachable!() });
            batch.stop_handle().stop();
            assert_eq!(batch.collect::<Vec<_>>().len(), 0);
            // Inside a call, twice: what has begun is yielded, each once.
            let (stop, begun) = (OnceLock::<StopHandle>::new(), AtomicUsize::new(0));
            let batch = pool.as_completed(0.., |n: &usize| {
                begun.fetch_add(1, Ordering::SeqCst);
                if *n == 5 {
                    (0..2).for_each(|_| stop.get().unwrap().stop());
                }
                if n % 2 == 0 { Ok(is_cancelled()) } else { Err(is_cancelled()) }
            });
            stop.set(batch.stop_handle()).unwrap();
            let mut seen: Vec<_> =
                batch.collect::<Vec<_>>().iter().map(|done| done.index).collect();
            seen.sort();
            assert_eq!(seen, (0..begun.into_inner()).collect::<Vec<_>>());
            assert!(seen.len() >= 6);
            // From another thread, while the consumer waits and the inputs block.
            let (inside, gate) = (Gate::default(), Gate::default());
            let inputs = std::iter::repeat_with({
                let (inside, gate) = (inside.clone(), gate.clone());
                move || (inside.open(), gate.wait()).1
            });
            let mut batch = pool.as_completed(inputs, |_| Ok::<_, ()>(()));
            let stop = batch.stop_handle();
            let consumer = thread::spawn(move || (batch.next().is_none(), batch.next().is_none()));
            inside.wait();
            stop.stop();
            assert_eq!(consumer.join().unwrap(), (true, true));
            gate.open();
            assert!(pool.wait_idle(LIMIT));
            stop.stop();
        }
    });
}

#[test]
fn a_handle_outlives_what_its_batch_has_borrowed() {
    watched(|| {
        for pool in pools() {
            let words = vec![String::from("a"); 20];
            let (batch, never) =
                (pool.map(&words, |word| word.len()), pool.map(&words, String::len));
            let (stop, other) = (batch.stop_handle(), never.stop_handle());
            assert_eq!(batch.collect::<Vec<_>>(), [1; 20]);
            drop(never);
            drop(words);
            stop.stop();
            other.stop();
            drop(pool);
            stop.clone().stop();
        }
    });
}

/// Blocks in its second `next` until the gate is opened, and then notes that it is through.
fn blocking(
    inside: &Gate,
    gate: &Gate,
    through: &Arc<AtomicUsize>,
) -> impl Iterator<Item = usize> + Send + use<> {
    let (inside, gate, through) = (inside.clone(), gate.clone(), Arc::clone(through));
    (0..).inspect(move |n| {
        if *n == 1 {
            inside.open();
            gate.wait();
            through.fetch_add(1, Ordering::SeqCst);
        }
    })
}

#[test]
fn while_the_inputs_block_iterators_end_and_borrowing_calls_wait() {
    watched(|| {
        for pool in pools() {
            for way in 0..8 {
                let (inside, gate) = (Gate::default(), Gate::default());
                let through = Arc::new(AtomicUsize::new(0));
                let inputs = blocking(&inside, &gate, &through);
                let (ordered, done) = if way % 2 == 0 {
                    (Some(pool.map(inputs, |n| n)), None)
                } else {
                    (None, Some(pool.as_completed(inputs, |n| Ok::<_, ()>(*n))))
                };
                let stop = match (&ordered, &done) {
                    (Some(batch), _) => batch.stop_handle(),
                    (_, Some(batch)) => batch.stop_handle(),
                    _ => unreachable!(),
                };
                let waits = way >= 2;
                let stopper = thread::spawn({
                    let gate = gate.clone();
                    move || {
                        inside.wait();
                        stop.stop();
                        if waits {
                            // Time for a wait that returns too early to do so.
                            thread::sleep(Duration::from_millis(2));
                            gate.open();
                        }
                    }
                });
                let results = match (way, ordered, done) {
                    (0, Some(batch), _) => batch.count(),
                    (1, _, Some(batch)) => batch.count(),
                    (2, Some(batch), _) => batch.collect::<Vec<_>>().len(),
                    (3, _, Some(batch)) => batch.collect::<Vec<_>>().len(),
                    (4, Some(batch), _) => {
                        let mut count = 0;
                        batch.for_each(|_| count += 1);
                        count
                    }
                    (5, _, Some(batch)) => {
                        let mut count = 0;
                        batch.for_each(|_| count += 1);
                        count
                    }
                    (6, Some(batch), _) => batch.scope(|results| results.count()),
                    (7, _, Some(batch)) => batch.scope(|results| results.count()),
                    _ => unreachable!(),
                };
                // What was begun is yielded, and the input that came too late is not run.
                assert_eq!((results, through.load(Ordering::SeqCst)), (1, usize::from(waits)));
                gate.open();
                stopper.join().unwrap();
                assert!(pool.wait_idle(LIMIT));
            }
        }
    });
}

#[test]
fn inputs_see_it_too() {
    watched(|| {
        for pool in pools() {
            for way in 0..6 {
                let (inside, seen) = (Gate::default(), Gate::default());
                let inputs = (0..).inspect({
                    let (inside, seen) = (inside.clone(), seen.clone());
                    move |n| {
                        if *n == 1 {
                            inside.open();
                            run_on();
                            seen.open();
                        } else {
                            assert!(*n == 0 && !is_cancelled());
                        }
                    }
                });
                match way {
                    0 => {
                        let batch = pool.map(inputs, |n| n).start();
                        inside.wait();
                        drop(batch);
                    }
                    1 => {
                        let batch = pool.as_completed(inputs, |n| Ok::<_, ()>(*n)).start();
                        inside.wait();
                        batch.stop_handle().stop();
                        assert_eq!(batch.count(), 1);
                    }
                    2 => {
                        let first: Result<Vec<()>, _> = pool.map(inputs, Err).collect();
                        assert_eq!(first, Err(0));
                        inside.open();
                        seen.open();
                    }
                    3 => pool.map(inputs, |n| n).scope(|results| {
                        assert_eq!(results.next(), Some(0));
                        inside.wait();
                    }),
                    4 => {
                        let ended = caught(|| {
                            pool.map(inputs, |n| n).for_each(|_| {
                                inside.wait();
                                raise("mine")
                            });
                        });
                        assert_eq!(ended, Err("mine".into()));
                    }
                    _ => {
                        let panics = |_| {
                            inside.wait();
                            raise("call")
                        };
                        // With a single worker no thread is in the iterator while the call runs.
                        let panics: Box<dyn Fn(i32) + Send + Sync> = match pool.max_workers() {
                            1 => Box::new(|_| raise("call")),
                            _ => Box::new(panics),
                        };
                        assert_eq!(
                            caught(|| pool.map(inputs, panics).for_each(drop)),
                            Err("call".into())
                        );
                        inside.open();
                        seen.open();
                    }
                }
                seen.wait();
                assert!(pool.wait_idle(LIMIT));
            }
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
                // A task belongs to no batch, whichever thread runs it.
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
fn a_sleep_ends_with_the_stop() {
    watched(|| {
        let pool = Pool::new(1);
        let mut late: Vec<Duration> = (0..101)
            .map(|_| {
                let (begin, begun) = mpsc::channel();
                let batch = pool
                    .map([0], move |_| {
                        begin.send(()).unwrap();
                        assert!(!sleep(Duration::from_secs(3600)));
                        Instant::now()
                    })
                    .start();
                begun.recv().unwrap();
                // So that it sleeps by now, mostly.
                thread::sleep(Duration::from_micros(500));
                let stopped = Instant::now();
                batch.stop_handle().stop();
                batch.collect::<Vec<_>>()[0].duration_since(stopped)
            })
            .collect();
        late.sort();
        println!("median {:?}, worst {:?}", late[50], late[100]);
        assert!(late[50] < Duration::from_secs(30));
    });
}

#[test]
fn a_sleep_lasts_as_long_as_asked_for_otherwise() {
    watched(|| {
        let nap = Duration::from_millis(20);
        let timed = move || {
            let begun = Instant::now();
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

#[test]
fn an_error_of_try_for_each_drops_the_closure_before_it_waits_for_the_inputs() {
    watched(|| {
        for pool in pools() {
            let (input, inputs) = mpsc::channel();
            input.send(1).unwrap();
            // A worker waits in `next()` for as long as the closure keeps its end of the channel.
            let end = pool.map(inputs, |n| n).try_for_each(move |n| {
                let _ = &input;
                Err(n)
            });
            assert_eq!(end, Err(1));
        }
    });
}
