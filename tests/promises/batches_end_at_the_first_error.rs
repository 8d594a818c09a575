//! `try_collect` and `try_for_each`: the first error ends the batch, and no other result is waited for longer than it
//! has to be.

use pool_core::{Pool, is_cancelled};
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;
use support::{Gate, Ledger, caught, pools, raise, until, watched};

#[test]
fn all_values_if_none_fails() {
    watched(|| {
        for pool in pools() {
            let texts: Vec<String> = (0..100).map(|n| n.to_string()).collect();
            let all = pool.map(&texts, |text| text.parse::<u32>()).try_collect::<Vec<_>>();
            assert_eq!(all, Ok(Vec::from_iter(0..100)));
            let none = pool.map(Vec::<u8>::new(), Ok::<_, ()>).try_collect::<Vec<_>>();
            assert_eq!(none, Ok(Vec::new()));
            assert_eq!(pool.map([1, 2], |_| Ok::<_, ()>(())).try_collect::<()>(), Ok(()));
        }
    });
}

#[test]
fn an_error_stops_the_inputs_though_one_before_it_is_slow() {
    watched(|| {
        let (pool, gate, taken) = (Pool::new(3), Gate::default(), AtomicUsize::new(0));
        let inputs = (0..).inspect(|_| {
            taken.fetch_add(1, SeqCst);
        });
        let failed = pool.map(inputs, |n| match n {
            0 => {
                gate.wait();
                Ok(())
            }
            1 => Err("second"),
            _ => Ok(()),
        });
        // The head is held until no more inputs are taken: with an endless list that would be never.
        let end = std::thread::scope(|scope| {
            scope.spawn(|| {
                let mut before = usize::MAX;
                until(|| {
                    let now = taken.load(SeqCst);
                    std::thread::sleep(Duration::from_millis(20));
                    std::mem::replace(&mut before, now) == now && now > 1
                });
                gate.open();
            });
            failed.buffer(usize::MAX).try_collect::<Vec<_>>()
        });
        assert_eq!(end, Err("second"));
    });
}

#[test]
fn the_error_is_the_first_in_the_order_of_what_had_begun() {
    watched(|| {
        let pool = Pool::builder().max_workers(2).keep_alive(Duration::ZERO).build();
        let end = pool.map(0..1_000, |n| match n {
            // It fails later, and comes before the other: the other's worker has left, and ended.
            0 => {
                until(|| pool.stats().completed == 1 && pool.stats().threads == 1);
                Err("head")
            }
            1 => Err("second"),
            _ => Ok(n),
        });
        assert_eq!(end.try_collect::<Vec<_>>(), Err("head"));
    });
}

#[test]
fn a_panic_goes_on_and_what_was_gathered_is_dropped() {
    watched(|| {
        for pool in pools() {
            let ledger = Ledger::default();
            let batch = pool.map(0..50, |n| match n {
                20 => raise("call"),
                _ => Ok::<_, ()>(ledger.entry()),
            });
            assert_eq!(caught(|| batch.try_collect::<Vec<_>>().is_ok()), Err("call".to_owned()));
            let batch = pool.map(0..50, |n| if n == 20 { Err(n) } else { Ok(ledger.entry()) });
            assert_eq!(batch.try_collect::<Vec<_>>().err(), Some(20));
            assert_eq!(ledger.alive(), 0);
        }
    });
}

#[test]
fn a_loop_ends_with_its_own_error() {
    watched(|| {
        for pool in pools() {
            let (texts, mut seen) = (vec!["1", "2", "x", "4"], Vec::new());
            let end = pool.map(&texts, |text| text.parse::<u8>()).try_for_each(|number| {
                seen.push(number?);
                Ok::<_, std::num::ParseIntError>(())
            });
            assert_eq!((seen, end), (vec![1, 2], Err("x".parse::<u8>().unwrap_err())));

            let mut left = 3;
            let counted = pool.as_completed(0.., |_| Ok::<_, ()>(())).try_for_each(|_| {
                left -= 1;
                (left > 0).then_some(())
            });
            assert_eq!((counted, left), (None, 0));

            let found = pool.map(0.., |n| n * n).try_for_each(|square| match square {
                49 => ControlFlow::Break("seven"),
                _ => ControlFlow::Continue(()),
            });
            assert_eq!(found, ControlFlow::Break("seven"));
            assert_eq!(pool.map(0..5, |n| n).try_for_each(|_| Some(())), Some(()));
        }
    });
}

#[test]
fn calls_that_run_when_a_loop_ends_are_cancelled() {
    watched(|| {
        let (pool, running) = (Pool::new(2), Gate::default());
        let end = pool.as_completed(0..100, |n| {
            match n {
                0 => running.wait(),
                _ => {
                    running.open();
                    until(is_cancelled);
                }
            }
            Ok::<_, ()>(())
        });
        assert_eq!(end.try_for_each(|done| Err::<(), _>(done.input)), Err(0));
        // The first call's worker may have begun a third one by then, and no other was started.
        assert!(pool.stats().completed <= 3);
    });
}

#[test]
fn a_loop_by_reference_goes_on_afterwards() {
    watched(|| {
        for pool in pools() {
            let mut batch = pool.map(0..10, |n| n);
            let stop_at = |end| move |n| if n < end { Ok(()) } else { Err(n) };
            assert_eq!(batch.by_ref().try_for_each(stop_at(3)), Err(3));
            assert_eq!(batch.by_ref().try_for_each(stop_at(6)), Err(6));
            assert_eq!(batch.collect::<Vec<_>>(), [7, 8, 9]);
        }
    });
}
