//! The states of `map_init` and `as_completed_init`: as few as calls run at once, one call at a time, and gone with
//! their batch.

use pool_core::{CallError, Pool, is_cancelled, sleep};
use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Barrier, Mutex};
use std::thread;
use std::time::{Duration, Instant};
use support::{Entry, Gate, Ledger, caught, forever, linger, pools, raise, watched};

#[test]
fn there_are_as_many_as_calls_run_at_once() {
    watched(|| {
        for workers in [1, 2, 8] {
            let (pool, ledger) = (Pool::new(workers), Ledger::default());
            let init = || ledger.entry();
            pool.map_init(0..4_000, init, |state, _| state.touch()).for_each(drop);
            assert!((1..=workers).contains(&ledger.made()), "{} on {workers}", ledger.made());

            let ledger = Ledger::default();
            let init = || Ok::<_, ()>(ledger.entry());
            let batch = pool.as_completed_init(0..4_000, init, |state, _| {
                state.touch();
                linger();
                Ok(())
            });
            assert_eq!(batch.max_workers(2).collect::<Vec<_>>().len(), 4_000);
            assert!((1..=workers.min(2)).contains(&ledger.made()));
            assert_eq!(ledger.alive(), 0);
        }
    });
}

#[test]
fn a_call_has_its_state_to_itself() {
    watched(|| {
        for pool in pools() {
            // Not `Sync`.
            let init = || Cell::new(false);
            pool.map_init(0..500, init, |taken, _| {
                assert!(!taken.replace(true));
                linger();
                taken.set(false);
            })
            .for_each(drop);
        }
    });
}

#[test]
fn all_are_gone_when_a_batch_returns_that_borrows() {
    /// Looks at the memory of its caller when it is dropped.
    struct Borrows<'a>(&'a Mutex<u32>);
    impl Drop for Borrows<'_> {
        fn drop(&mut self) {
            *self.0.lock().unwrap() -= 1;
        }
    }
    watched(|| {
        for pool in pools() {
            let alive = Mutex::new(0);
            let init = || {
                *alive.lock().unwrap() += 1;
                Borrows(&alive)
            };
            let batch = || pool.map_init(0..100, init, |_, n| if n < 70 { Ok(n) } else { Err(n) });
            let none = |way: &str| assert_eq!(*alive.lock().unwrap(), 0, "after {way}");
            assert_eq!(batch().collect::<Vec<_>>().len(), 100);
            none("collect");
            assert_eq!(batch().try_collect::<Vec<_>>(), Err(70));
            none("try_collect");
            batch().for_each(drop);
            none("for_each");
            assert_eq!(batch().try_for_each(|result| result.map(drop)), Err(70));
            none("try_for_each");
            assert_eq!(batch().scope(|results| results.next()), Some(Ok(0)));
            none("scope");
            caught(|| batch().for_each(|_| raise("consumer"))).unwrap_err();
            none("a panic of the consumer");
            caught(|| {
                pool.map_init(0..9, init, |_, n| {
                    if n == 4 {
                        raise("call")
                    }
                })
                .for_each(drop)
            })
            .unwrap_err();
            none("a panic of a call");
        }
    });
}

#[test]
fn a_dropped_batch_drops_its_own_in_the_background() {
    watched(|| {
        for pool in pools() {
            let ledger = Ledger::default();
            let states = ledger.clone();
            let mut batch = pool.map_init(
                0..,
                move || states.entry(),
                |state: &mut Entry, n| {
                    state.touch();
                    n
                },
            );
            assert_eq!(batch.next(), Some(0));
            drop(batch);
            assert!(pool.wait_idle(Duration::MAX));
            assert!(ledger.made() > 0);
            assert_eq!(ledger.alive(), 0);
        }
    });
}

#[test]
fn none_is_kept_for_the_next_batch() {
    watched(|| {
        let pool = Pool::new(1);
        for name in ["first", "second"] {
            let seen: Vec<_> = pool.map_init([1, 2], || name, |state, _| *state).collect();
            assert_eq!(seen, [name; 2]);
        }
    });
}

#[test]
fn slow_closings_overlap() {
    /// Closes only when another one does, too.
    struct Closes<'a>(&'a Barrier);
    impl Drop for Closes<'_> {
        fn drop(&mut self) {
            self.0.wait();
        }
    }
    watched(|| {
        let (pool, calls, closings) = (Pool::new(2), Barrier::new(2), Barrier::new(2));
        // Both calls run at once, so there are two states.
        pool.map_init([1, 2], || Closes(&closings), |_, _| calls.wait()).for_each(|_| {});
    });
}

#[test]
fn a_slow_closing_keeps_no_result_from_a_call_that_waits() {
    /// Says that it is being dropped, and waits until the first result is seen.
    struct State(Gate, Gate);
    impl Drop for State {
        fn drop(&mut self) {
            self.0.open();
            self.1.wait();
        }
    }
    watched(|| {
        let pool = forever(Pool::new(4));
        let outer = pool.submit(|| {
            let (closing, seen, running) = (Gate::default(), Gate::default(), Barrier::new(3));
            let init = || State(closing.clone(), seen.clone());
            let batch = pool.map_init([0, 1], init, |_, n| {
                running.wait();
                if n == 0 {
                    // The other worker has found the end of the inputs. The call outside waits by now.
                    closing.wait();
                    thread::sleep(Duration::from_millis(20));
                }
                n
            });
            batch.scope(|results| {
                running.wait();
                assert_eq!(results.next(), Some(0));
                seen.open();
            });
        });
        outer.join().unwrap();
    });
}

#[test]
fn one_that_cannot_be_made_fails_its_input_and_the_next_tries_again() {
    watched(|| {
        let (pool, tries) = (Pool::new(1), AtomicUsize::new(0));
        let init = || match tries.fetch_add(1, SeqCst) {
            0 => Err("no connection"),
            1 => raise("init"),
            try_ => Ok(try_),
        };
        let batch = pool.as_completed_init(["a", "b", "c", "d"], init, |state, _| Ok(*state));
        let done: Vec<_> = batch.in_order().collect();
        assert!(matches!(done[0].result, Err(CallError::Failed("no connection"))));
        assert!(
            matches!(&done[1].result, Err(CallError::Panicked(panic)) if panic.message() == "init")
        );
        assert_eq!(done[0].elapsed, Duration::ZERO);
        // The third try made one, which is used again.
        assert_eq!((done[2].result.as_ref().unwrap(), done[3].result.as_ref().unwrap()), (&2, &2));
        assert_eq!(done.iter().map(|done| done.input).collect::<Vec<_>>(), ["a", "b", "c", "d"]);
        assert_eq!(tries.load(SeqCst), 3);
    });
}

#[test]
fn a_panic_of_what_makes_one_is_that_of_the_call() {
    watched(|| {
        for pool in pools() {
            let init = || -> u8 { raise("init") };
            let panic = caught(|| pool.map_init(0..5, init, |_, n| n).collect::<Vec<_>>());
            assert_eq!(panic, Err("init".to_owned()));
            assert!(pool.wait_idle(Duration::MAX));
            assert!(pool.stats().panicked > 0);
        }
    });
}

#[test]
fn a_panic_of_what_makes_one_is_over_when_its_input_is_dropped() {
    /// Counts the drops while a panic unwinds, when one more panic would end the process.
    struct Input<'a>(&'a AtomicUsize);
    impl Drop for Input<'_> {
        fn drop(&mut self) {
            self.0.fetch_add(usize::from(thread::panicking()), SeqCst);
        }
    }
    watched(|| {
        for pool in pools() {
            let met = AtomicUsize::new(0);
            let init = || -> u8 { raise("init") };
            let panic = caught(|| pool.map_init([Input(&met)], init, |_, _| ()).for_each(drop));
            assert_eq!(panic, Err("init".to_owned()));
            assert_eq!(met.into_inner(), 0);
        }
    });
}

#[test]
fn a_call_that_panics_drops_its_own_and_one_that_fails_keeps_it() {
    watched(|| {
        let (pool, ledger) = (Pool::new(1), Ledger::default());
        let init = || Ok((0, ledger.entry()));
        let batch = pool.as_completed_init(
            ["ok", "fail", "panic", "ok", "reopen", "ok"],
            init,
            |state, what| {
                state.0 += 1;
                match *what {
                    "fail" => Err("failed"),
                    "panic" => raise("panicked"),
                    "reopen" => {
                        *state = (10, ledger.entry());
                        Ok(state.0)
                    }
                    _ => Ok(state.0),
                }
            },
        );
        let counts: Vec<_> =
            batch.in_order().scope(|done| done.map(|done| done.result.ok()).collect());
        assert_eq!(counts, [Some(1), None, None, Some(1), Some(10), Some(11)]);
        assert_eq!((ledger.made(), ledger.alive()), (3, 0));
    });
}

#[test]
fn panics_of_their_drops_are_told_once_and_stop_no_other() {
    watched(|| {
        for pool in [Pool::new(1), Pool::new(4)] {
            let (ledger, calls) = (Ledger::default(), Barrier::new(pool.max_workers()));
            let meet = |_: &mut Entry, _| calls.wait().is_leader();
            let inputs = 0..pool.max_workers();
            let panic = caught(|| pool.map_init(inputs, || ledger.bomb(), meet).for_each(drop));
            assert_eq!(panic, Err("drop".to_owned()));
            assert_eq!((ledger.made(), ledger.alive()), (pool.max_workers(), 0));
        }
    });
}

#[test]
fn panics_of_their_drops_meet_no_other_panic() {
    watched(|| {
        let (pool, ledger) = (Pool::new(1), Ledger::default());
        let batch = pool.as_completed_init(
            [1],
            || Ok::<_, ()>(ledger.bomb()),
            |_, _| -> Result<(), _> { raise("call") },
        );
        let done: Vec<_> = batch.collect();
        assert!(
            matches!(&done[0].result, Err(CallError::Panicked(panic)) if panic.message() == "call")
        );
        assert_eq!(ledger.alive(), 0);
    });
}

#[test]
fn nested_batches_of_the_same_function_have_their_own() {
    fn sum(pool: &Pool, ledger: &Ledger, depth: u32) -> u32 {
        let init = || (ledger.entry(), 0);
        let batch = pool.map_init([1, 2], init, |state, n| {
            state.1 += 1;
            let before = state.1;
            let inner = if depth > 0 { sum(pool, ledger, depth - 1) } else { 0 };
            assert_eq!(state.1, before, "another call had this state meanwhile");
            n + inner
        });
        batch.collect::<Vec<_>>().into_iter().sum()
    }
    watched(|| {
        for pool in pools() {
            let ledger = Ledger::default();
            assert_eq!(sum(&pool, &ledger, 3), 3 * (1 + 2 + 4 + 8));
            assert_eq!(ledger.alive(), 0);
        }
    });
}

#[test]
fn the_time_of_a_call_is_its_own() {
    watched(|| {
        let pool = Pool::new(1);
        let begun = Instant::now();
        let init = || {
            std::thread::sleep(Duration::from_millis(200));
            Ok::<_, ()>(Instant::now())
        };
        let mut batch = pool.as_completed_init([1], init, |made, _| Ok(made.elapsed()));
        let done = batch.next().unwrap();
        let (whole, after) = (begun.elapsed(), done.result.unwrap());
        assert!(
            done.elapsed + Duration::from_millis(200) <= whole,
            "{:?} of {whole:?}",
            done.elapsed
        );
        assert!(after <= whole);
    });
}

#[test]
fn what_makes_one_can_be_cancelled() {
    watched(|| {
        let (pool, entered) = (Pool::new(1), Gate::default());
        let inside = entered.clone();
        let init = move || {
            assert!(!is_cancelled());
            inside.open();
            let slept = sleep(Duration::from_secs(3_600));
            assert!(is_cancelled());
            slept
        };
        let batch = pool.map_init([1, 2, 3], init, |slept, _| *slept).start();
        entered.wait();
        batch.stop_handle().stop();
        assert_eq!(batch.collect::<Vec<_>>(), [false]);
    });
}
