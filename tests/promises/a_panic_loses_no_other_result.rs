//! A panic in a call, in the inputs, in a `Drop` or in the caller's own closure costs one result or ends one batch, and
//! no more.

use pool_core::CallError;
use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use support::{
    Gate, LIMIT, Ledger, assert_success, caught, forever, in_child, pools, pools_and_lengths,
    raise, watched,
};

#[test]
fn as_completed_hands_it_over_with_its_input() {
    watched(|| {
        for (pool, length) in pools_and_lengths() {
            let batch = pool.as_completed(0..length, |n| match n % 3 {
                0 => raise("third"),
                1 => Err("error"),
                _ => Ok(*n),
            });
            let mut seen = vec![false; length];
            batch.for_each(|done| {
                assert_eq!(done.index, done.input);
                assert!(!std::mem::replace(&mut seen[done.index], true));
                match (done.index % 3, done.result) {
                    (0, Err(CallError::Panicked(panic))) => assert_eq!(panic.message(), "third"),
                    (1, Err(CallError::Failed(error))) => assert_eq!(error, "error"),
                    (2, Ok(n)) => assert_eq!(n, done.input),
                    (_, result) => panic!("{result:?}"),
                }
            });
            assert!(seen.iter().all(|seen| *seen));
            assert_eq!(pool.stats().panicked, length.div_ceil(3));
        }
    });
}

#[test]
fn map_raises_it_where_the_result_would_have_been() {
    watched(|| {
        for pool in pools() {
            for at in [0, 1, 7] {
                let mut seen = Vec::new();
                let call = |n| if n == at { raise("call") } else { n };
                assert_eq!(
                    caught(|| pool.map(0..20, call).for_each(|n| seen.push(n))),
                    Err("call".into())
                );
                assert_eq!(seen, (0..at).collect::<Vec<_>>());

                let mut batch = pool.map(0..20, move |n| if n == at { raise("call") } else { n });
                for n in 0..at {
                    assert_eq!(batch.next(), Some(n));
                }
                assert_eq!(caught(|| batch.next()), Err("call".into()));
                assert_eq!(
                    (batch.next(), batch.next(), batch.size_hint()),
                    (None, None, (0, Some(0)))
                );
            }
        }
    });
}

#[test]
fn the_payload_is_the_caller_s_own() {
    #[derive(Debug, PartialEq)]
    struct Own(Vec<u8>);
    watched(|| {
        for pool in pools() {
            let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                pool.map([()], |()| std::panic::resume_unwind(Box::new(Own(vec![1, 2]))))
                    .for_each(drop);
            }));
            assert_eq!(*outcome.unwrap_err().downcast::<Own>().unwrap(), Own(vec![1, 2]));
            let panic = pool
                .submit(|| std::panic::resume_unwind(Box::new(Own(vec![3]))))
                .join()
                .map(|()| 0)
                .unwrap_err();
            assert_eq!(*panic.into_payload().downcast::<Own>().unwrap(), Own(vec![3]));
            let resumed = caught(|| {
                pool.submit(|| raise("resumed")).join().map(|()| 0).unwrap_err().resume()
            });
            assert_eq!(resumed.map(|never: std::convert::Infallible| never), Err("resumed".into()));
            // What `panic!` itself makes.
            let formatted =
                pool.submit(|| std::panic::resume_unwind(Box::new(format!("n. {}", 7)))).join();
            assert_eq!(formatted.map(|()| 0).unwrap_err().message(), "n. 7");
        }
    });
}

#[test]
fn all_may_panic_at_once() {
    watched(|| {
        for pool in pools() {
            let all = Barrier::new(pool.max_workers());
            let batch = pool.as_completed(0..10 * pool.max_workers(), |_| -> Result<(), ()> {
                all.wait();
                raise("all")
            });
            assert_eq!(
                batch.scope(|done| done.filter(|done| done.result.is_err()).count()),
                10 * pool.max_workers()
            );
        }
    });
}

#[test]
fn one_of_the_inputs_comes_after_the_results_before_it_and_once() {
    watched(|| {
        for pool in pools() {
            for at in [0, 1, 9] {
                let inputs = move || (0..20).map(move |n| if n == at { raise("next") } else { n });
                let mut seen = Vec::new();
                assert_eq!(
                    caught(|| pool.map(inputs(), |n| n).for_each(|n| seen.push(n))),
                    Err("next".into())
                );
                assert_eq!(seen, (0..at).collect::<Vec<_>>());
                seen.clear();
                let batch = pool.as_completed(inputs(), |n| Ok::<_, ()>(*n));
                assert_eq!(
                    caught(|| batch.for_each(|done| seen.push(done.input))),
                    Err("next".into())
                );
                seen.sort();
                assert_eq!(seen, (0..at).collect::<Vec<_>>());
                assert_eq!(
                    caught(|| pool.map(inputs(), |n| n).collect::<Vec<_>>()),
                    Err("next".into())
                );

                let mut batch = pool.map(inputs(), |n| n);
                assert_eq!((&mut batch).take(at).collect::<Vec<_>>(), (0..at).collect::<Vec<_>>());
                assert_eq!(caught(|| batch.next()), Err("next".into()));
                assert_eq!((batch.next(), batch.next()), (None, None));
            }
        }
    });
}

#[test]
fn one_of_the_caller_ends_his_batch_and_no_other() {
    watched(|| {
        for pool in pools() {
            let ran = AtomicUsize::new(0);
            let other = std::thread::scope(|scope| {
                let other = scope.spawn(|| pool.map(0..200, |n| n).collect::<Vec<_>>());
                let batch = pool.map(0.., |n| (ran.fetch_add(1, Ordering::SeqCst), n).1).buffer(3);
                assert_eq!(
                    caught(|| batch.for_each(|n| if n == 2 {
                        raise("mine")
                    })),
                    Err("mine".into())
                );
                other.join().unwrap()
            });
            assert_eq!(other, (0..200).collect::<Vec<_>>());
            let after = ran.load(Ordering::SeqCst);
            assert!((3..=6).contains(&after), "{after} of an endless batch ran");
        }
    });
}

#[test]
fn one_in_a_nested_batch_is_that_of_its_own_level() {
    watched(|| {
        for pool in pools() {
            let pool = forever(pool);
            let outer = pool.map(0..10, |n| {
                let inner =
                    pool.map(0..5, move |m| if m == 3 && n % 2 == 0 { raise("inner") } else { m });
                caught(|| inner.collect::<Vec<_>>())
            });
            for (n, inner) in outer.enumerate() {
                assert_eq!(
                    inner,
                    if n % 2 == 0 { Err("inner".into()) } else { Ok(vec![0, 1, 2, 3, 4]) }
                );
            }
            let through = pool.as_completed(0..10, |_| {
                Ok::<_, ()>(pool.map(0..5, |_| -> u8 { raise("deep") }).collect::<Vec<_>>())
            });
            for done in through {
                assert!(
                    matches!(done.result, Err(CallError::Panicked(panic)) if panic.message() == "deep")
                );
            }
            assert_eq!(pool.stats().running, 0);
        }
    });
}

#[test]
fn those_of_inputs_and_results_that_are_dropped_unread_are_swallowed() {
    watched(|| {
        for pool in pools() {
            let ledger = Ledger::default();
            for _ in 0..50 {
                let (inputs, results) = (ledger.clone(), ledger.clone());
                let mut batch = pool.as_completed((0..).map(move |_| inputs.bomb()), move |_| {
                    Ok::<_, ()>(results.entry())
                });
                std::mem::forget(caught(|| drop(batch.next())));
                assert_eq!(caught(|| drop(batch)), Ok(()));
                let results = ledger.clone();
                let mut batch = pool.map(0.., move |_| results.bomb()).buffer(4).start();
                assert_eq!(caught(|| drop(batch.next())), Err("drop".into()));
                assert_eq!(caught(|| drop(batch)), Ok(()));
                let bomb = ledger.bomb();
                assert_eq!(caught(|| drop(pool.map(0..9, move |_| bomb.touch()).start())), Ok(()));
                let bomb = ledger.bomb();
                assert_eq!(caught(|| drop(pool.submit(move || bomb))), Ok(()));
            }
            assert!(pool.wait_idle(support::LIMIT));
            assert_eq!(ledger.alive(), 0);
        }
    });
}

#[test]
fn that_of_an_input_that_comes_after_a_stop_is_raised() {
    watched(|| {
        for pool in pools() {
            let (ledger, entered, ended) = (Ledger::default(), Gate::default(), Gate::default());
            let inputs = std::iter::repeat_with(|| {
                entered.open();
                ended.wait();
                ledger.bomb()
            });
            let batch = pool.map(inputs, drop);
            let stop = batch.stop_handle();
            thread::scope(|scope| {
                scope.spawn(|| {
                    entered.wait();
                    stop.stop();
                });
                let raised = caught(|| {
                    batch.scope(|results| {
                        assert_eq!(results.count(), 0);
                        // The input comes when the results have ended, and is gone before the closure returns.
                        ended.open();
                        assert!(pool.wait_idle(LIMIT));
                    });
                });
                assert_eq!(raised, Err("drop".into()));
            });
        }
    });
}

/// Panics when it is dropped, even while another panic is under way.
struct Grenade;

impl Drop for Grenade {
    fn drop(&mut self) {
        std::panic::resume_unwind(Box::new(Payload));
    }
}

/// So does what it panics with.
struct Payload;

impl Drop for Payload {
    fn drop(&mut self) {
        raise("payload");
    }
}

/// Each of these may be dropped unread together with others, which must not meet in one unwinding: that ends the
/// process.
#[test]
fn many_in_one_batch_do_not_meet() {
    assert_success(in_child(|| {
        for pool in pools() {
            let pool = forever(pool);
            // The inputs and the closure of a batch that never ran.
            let own = Grenade;
            drop(pool.map(Some(Grenade), move |input| (std::mem::forget(input), _ = &own)));
            // Unread results, beside a panic of the inputs and that of the closure.
            let own = Grenade;
            let batch = pool.map(
                (0..9)
                    .map(|n| if n == 8 { std::panic::resume_unwind(Box::new(Payload)) } else { n }),
                move |_| {
                    let _ = &own;
                    Grenade
                },
            );
            let batch = batch.start();
            assert!(pool.wait_idle(support::LIMIT));
            drop(batch);
            // An input that arrives after the end, with its iterator.
            let (inside, gate, tail) =
                (support::Gate::default(), support::Gate::default(), Grenade);
            let inputs = std::iter::repeat_with({
                let (inside, gate) = (inside.clone(), gate.clone());
                move || {
                    let _ = &tail;
                    inside.open();
                    gate.wait();
                    Grenade
                }
            });
            let batch = pool.map(inputs, std::mem::forget).start();
            inside.wait();
            drop(batch);
            gate.open();
            assert!(pool.wait_idle(support::LIMIT));
            // Panics of calls whose payloads are not read.
            let batch =
                pool.map(0..9, |_| -> u8 { std::panic::resume_unwind(Box::new(Payload)) }).start();
            assert!(pool.wait_idle(support::LIMIT));
            drop(batch);
            drop(pool.submit(|| -> u8 { std::panic::resume_unwind(Box::new(Payload)) }));
            drop(pool.submit(|| Grenade));
            assert!(pool.wait_idle(support::LIMIT));
            assert_eq!(pool.map(0..9, |n| n).count(), 9);
        }
    }));
}

#[test]
fn a_payload_may_use_the_batch_when_it_is_dropped() {
    struct Stops(pool_core::StopHandle);
    impl Drop for Stops {
        fn drop(&mut self) {
            self.0.stop();
        }
    }
    struct Raises(std::sync::mpsc::Receiver<pool_core::StopHandle>);
    impl Drop for Raises {
        fn drop(&mut self) {
            if let Ok(stop) = self.0.recv() {
                std::panic::resume_unwind(Box::new(Stops(stop)));
            }
        }
    }
    watched(|| {
        for pool in pools() {
            // Two results whose drops panic: the first payload is kept for the caller, the second one is dropped by the
            // batch.
            let (give, take): (Vec<_>, Vec<_>) = (0..3).map(|_| std::sync::mpsc::channel()).unzip();
            let batch = pool.map(take, Raises).max_workers(2);
            give.iter().for_each(|give| give.send(batch.stop_handle()).unwrap());
            drop(give);
            let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                batch.scope(|results| std::mem::forget(results.next()));
            }));
            drop(outcome);
            assert_eq!(pool.submit(|| 1).join().unwrap(), 1);
        }
    });
}
