//! A result is yielded as soon as it is there: in the order of the inputs or as calls finish, within a bound on the
//! wait, and with exact hints of what is to come.

use pool_core::{Pool, Timeout};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Duration;
use support::{Gate, caught, forever, pools, pools_and_lengths, raise, until, watched};

#[test]
fn in_the_order_of_the_inputs_whatever_finishes_first() {
    watched(|| {
        for workers in [2, 4] {
            let pool = Pool::new(workers);
            // Each call waits for the one after it, within a group as large as the pool.
            let gates: Vec<Gate> = (0..=20 * workers).map(|_| Gate::default()).collect();
            let call = |n: usize| {
                if n % workers != workers - 1 {
                    gates[n + 1].wait();
                }
                gates[n].open();
                n
            };
            assert_eq!(
                pool.map(0..20 * workers, call).collect::<Vec<_>>(),
                (0..20 * workers).collect::<Vec<_>>()
            );
        }
    });
}

#[test]
fn as_the_calls_finish() {
    watched(|| {
        for workers in [2, 4] {
            let pool = Pool::new(workers);
            let gates: Arc<Vec<Gate>> = Arc::new((0..workers).map(|_| Gate::default()).collect());
            let own = Arc::clone(&gates);
            let mut done = pool.as_completed(0..workers, move |n| {
                own[*n].wait();
                Ok::<_, ()>(())
            });
            for n in (0..workers).rev() {
                assert_eq!(done.next_timeout(Duration::ZERO).map(|_| ()), Err(Timeout));
                gates[n].open();
                assert_eq!(done.next().unwrap().input, n);
            }
            assert!(done.next().is_none());
        }
    });
}

#[test]
fn one_that_is_there_needs_no_time() {
    watched(|| {
        for (pool, length) in pools_and_lengths() {
            let (mut batch, mut done) = (
                pool.map(0..length, |n| n).buffer(length + 1).start(),
                pool.as_completed(0..length, |n| Ok::<_, ()>(*n)).buffer(length + 1).start(),
            );
            assert!(pool.wait_idle(support::LIMIT));
            for n in 0..length {
                assert_eq!(batch.next_timeout(Duration::ZERO), Ok(Some(n)));
                assert!(done.next_timeout(Duration::ZERO).unwrap().is_some());
            }
            for _ in 0..3 {
                assert_eq!(batch.next_timeout(Duration::ZERO), Ok(None));
                assert!(done.next_timeout(Duration::MAX).unwrap().is_none());
            }
        }
    });
}

#[test]
fn a_wait_that_ends_loses_nothing() {
    watched(|| {
        for pool in pools() {
            let gate = Gate::default();
            let mut batch = pool.map(0..40, {
                let gate = gate.clone();
                move |n| {
                    if n == 3 {
                        gate.wait();
                    }
                    n
                }
            });
            let mut seen = Vec::new();
            for wait in [Duration::ZERO, Duration::from_nanos(1), Duration::from_millis(2)] {
                while let Ok(result) = batch.next_timeout(wait) {
                    seen.push(result.unwrap());
                }
            }
            gate.open();
            while let Some(result) = batch.next_timeout(Duration::MAX).unwrap() {
                seen.push(result);
            }
            assert_eq!(seen, (0..40).collect::<Vec<_>>());

            let lent: Vec<i32> = (0..40).collect();
            let read = pool.map(&lent, |n| *n).scope(|results| {
                let mut seen = Vec::new();
                loop {
                    match results.next_timeout(Duration::from_micros(1)) {
                        Ok(Some(n)) => seen.push(n),
                        Ok(None) => break seen,
                        Err(Timeout) => {}
                    }
                }
            });
            assert_eq!(read, lent);
        }
    });
}

#[test]
fn a_wait_within_a_call_that_ends_loses_nothing() {
    watched(|| {
        for pool in pools() {
            let pool = forever(pool);
            let outer = pool.map(0..4, |_| {
                let mut batch = pool.map(0..40, |n| n);
                let mut seen = Vec::new();
                loop {
                    match batch.next_timeout(Duration::from_nanos(1)) {
                        Ok(Some(n)) => seen.push(n),
                        Ok(None) => break seen == (0..40).collect::<Vec<_>>(),
                        Err(Timeout) => thread::yield_now(),
                    }
                }
            });
            assert_eq!(outer.collect::<Vec<_>>(), [true; 4]);
        }
    });
}

#[test]
fn a_wait_for_completions_that_ends_loses_nothing() {
    watched(|| {
        for pool in pools() {
            let words: Vec<String> = (0..40).map(|n| n.to_string()).collect();
            let parse = |word: &&String| word.parse::<usize>();
            let waits =
                [Duration::ZERO, Duration::from_nanos(1), Duration::from_millis(2), Duration::MAX];
            let mut seen = pool.as_completed(&words, parse).scope(|results| {
                let mut seen = Vec::new();
                for wait in waits.into_iter().cycle() {
                    match results.next_timeout(wait) {
                        Ok(Some(done)) => seen.push((done.index, done.result.unwrap())),
                        Ok(None) => break,
                        Err(Timeout) => assert!(wait < Duration::MAX),
                    }
                }
                assert!(results.next_timeout(Duration::ZERO).unwrap().is_none());
                seen
            });
            seen.sort();
            assert_eq!(seen, (0..40).map(|n| (n, n)).collect::<Vec<_>>());
            // While a call runs there is nothing; then there is all of it.
            let gate = Gate::default();
            let mut done = pool.as_completed(0..3, {
                let gate = gate.clone();
                move |n| (gate.wait(), Ok::<_, ()>(*n)).1
            });
            for wait in &waits[..3] {
                assert_eq!(done.next_timeout(*wait).map(drop), Err(Timeout));
            }
            gate.open();
            assert!((0..3).all(|_| done.next_timeout(Duration::MAX).unwrap().is_some()));
            assert!(done.next_timeout(Duration::MAX).unwrap().is_none());
        }
    });
}

#[test]
fn after_the_end_there_is_nothing_however_it_came() {
    watched(|| {
        for pool in pools() {
            let broken = || {
                (0..9).inspect(|n| {
                    if *n == 4 {
                        raise("input")
                    }
                })
            };
            let call = |n| if n == 4 { raise("call") } else { n };
            let mut batch = pool.map(0..9, call);
            let mut inputs = pool.map(broken(), |n| n);
            let mut done = pool.as_completed(broken(), |n| Ok::<_, ()>(*n));
            for n in 0..4 {
                assert_eq!((batch.next(), inputs.next()), (Some(n), Some(n)));
                assert!(done.next().is_some());
            }
            assert_eq!(caught(|| batch.next()), Err("call".into()));
            assert_eq!(caught(|| inputs.next()), Err("input".into()));
            assert_eq!(caught(|| done.next().map(drop)), Err("input".into()));
            for _ in 0..3 {
                assert_eq!(
                    (batch.next(), inputs.next(), done.next().map(drop)),
                    (None, None, None)
                );
                assert_eq!(batch.next_timeout(Duration::MAX), Ok(None));
            }
            assert_eq!(
                [batch.size_hint(), inputs.size_hint(), done.size_hint()],
                [(0, Some(0)); 3]
            );
        }
    });
}

#[test]
fn on_whichever_thread_asks() {
    watched(|| {
        for pool in pools() {
            let mut batch = pool.map(0..30, |n| n);
            for n in 0..30 {
                let (next, back) = thread::spawn(move || (batch.next(), batch)).join().unwrap();
                batch = back;
                assert_eq!(next, Some(n));
            }
            assert_eq!(batch.next(), None);
            // While it waits, nobody else does.
            let (input, inputs) = mpsc::channel();
            let mut batch = pool.map(inputs, |n: i32| n);
            assert_eq!(batch.next_timeout(Duration::from_millis(1)), Err(Timeout));
            let consumer = thread::spawn(move || batch.next());
            input.send(9).unwrap();
            assert_eq!(consumer.join().unwrap(), Some(9));
        }
    });
}

#[test]
fn two_at_once_on_one_thread() {
    watched(|| {
        for pool in pools() {
            let (odd, even) = (
                pool.map((1..200).step_by(2), |n| n),
                pool.map((0..200).step_by(2), |n| n).buffer(1),
            );
            let all: Vec<_> = even.zip(odd).flat_map(|(even, odd)| [even, odd]).collect();
            assert_eq!(all, (0..200).collect::<Vec<_>>());
        }
    });
}

#[test]
fn room_for_the_next_input_is_made_when_a_result_is_taken() {
    watched(|| {
        for pool in pools() {
            for buffer in [1, 2, 4, 32] {
                let begun = Arc::new(std::sync::atomic::AtomicUsize::new(0));
                let own = Arc::clone(&begun);
                let mut batch = pool
                    .map(0.., move |n: usize| {
                        own.fetch_max(n + 1, std::sync::atomic::Ordering::SeqCst);
                        n
                    })
                    .buffer(buffer);
                // As fast as it goes for a while; then the reader stops, and waits for what the results it has taken
                // made room for.
                for stretch in [1, 100, 1, 1000, 3, 20_000] {
                    let last = (&mut batch).take(stretch).last().unwrap();
                    until(|| begun.load(std::sync::atomic::Ordering::SeqCst) == last + 1 + buffer);
                }
            }
        }
    });
}

#[test]
fn hints_are_exact_at_every_step() {
    watched(|| {
        for (pool, length) in pools_and_lengths() {
            let mut batch = pool.map(0..length, |n| n);
            let mut done = pool.as_completed(vec![0; length], |n| Ok::<_, ()>(*n)).buffer(2);
            for left in (0..length).rev() {
                assert_eq!(
                    (batch.size_hint(), done.size_hint()),
                    ((left + 1, Some(left + 1)), (left + 1, Some(left + 1)))
                );
                assert!(batch.next().is_some() && done.next().is_some());
                assert_eq!(
                    (batch.size_hint(), done.size_hint()),
                    ((left, Some(left)), (left, Some(left)))
                );
            }
            assert!(batch.next().is_none() && done.next().is_none());
            assert_eq!((batch.size_hint(), done.size_hint()), ((0, Some(0)), (0, Some(0))));
            pool.map(0..length, |n| n).scope(|results| {
                for left in (0..length).rev() {
                    assert_eq!(results.size_hint(), (left + 1, Some(left + 1)));
                    results.next();
                }
                assert_eq!(results.size_hint(), (0, Some(0)));
            });
        }
    });
}

#[test]
fn hints_of_inputs_that_are_stopped_or_not_exact() {
    watched(|| {
        for pool in pools() {
            let mut odd = pool.map((0..50).filter(|n| n % 2 == 1), |n| n);
            assert_eq!(odd.size_hint(), (0, Some(50)));
            for left in (0..25).rev() {
                assert!(odd.next().is_some());
                let (lower, upper) = odd.size_hint();
                assert!(lower <= left && left <= upper.unwrap(), "{left} of {lower}, {upper:?}");
            }
            assert_eq!((odd.next(), odd.size_hint()), (None, (0, Some(0))));
            let mut batch = pool.map(0..50, |n| n).buffer(5).start();
            until(|| pool.stats().completed == 30);
            batch.stop_handle().stop();
            assert!(pool.wait_idle(support::LIMIT));
            assert_eq!(batch.size_hint(), (5, Some(5)));
            assert_eq!((&mut batch).count(), 5);
            assert_eq!(batch.size_hint(), (0, Some(0)));
        }
    });
}

/// Asks for the hint before each of its items and after the last one.
struct Hints(Vec<(usize, Option<usize>)>);

impl<T> FromIterator<T> for Hints {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        let (mut items, mut hints) = (items.into_iter(), Vec::new());
        loop {
            hints.push(items.size_hint());
            if items.next().is_none() {
                hints.push(items.size_hint());
                return Self(hints);
            }
        }
    }
}

#[test]
fn hints_are_exact_where_results_come_by_the_lot() {
    watched(|| {
        for (pool, length) in pools_and_lengths() {
            let exact: Vec<_> =
                (0..=length).rev().chain([0]).map(|left| (left, Some(left))).collect();
            let lent: Vec<usize> = (0..length).collect();
            let (Hints(ordered), Hints(done), Hints(narrow)) = (
                pool.map(&lent, |n| *n).collect(),
                pool.as_completed(&lent, |n| Ok::<_, ()>(**n)).collect(),
                pool.map(&lent, |n| *n).buffer(1).collect(),
            );
            assert_eq!((&ordered, &done, &narrow), (&exact, &exact, &exact));
        }
        // Long enough for many lots.
        let Hints(many) = Pool::new(2).map(0..20_000, |n| n).collect();
        assert!(
            many.iter().rev().skip(1).enumerate().all(|(left, hint)| *hint == (left, Some(left)))
        );
        // Vague inputs give bounds.
        let Hints(vague) = Pool::new(2).map((0..).take_while(|n| *n < 99), |n| n).collect();
        for (left, (lower, upper)) in vague.iter().rev().skip(1).enumerate() {
            assert!(
                *lower <= left && upper.is_none_or(|upper| left <= upper),
                "{lower}, {upper:?}"
            );
        }
        assert_eq!(vague.last(), Some(&(0, Some(0))));
        // No room is made for what they only claim.
        struct Boasts(usize);
        impl Iterator for Boasts {
            type Item = u64;
            fn next(&mut self) -> Option<u64> {
                self.0 = self.0.checked_sub(1)?;
                Some(7)
            }
            fn size_hint(&self) -> (usize, Option<usize>) {
                (usize::MAX, Some(usize::MAX))
            }
        }
        assert_eq!(Pool::new(2).map(Boasts(5), |n| n).collect::<Vec<_>>(), [7; 5]);
        let mut boasts = Pool::new(2).map(Boasts(5), |n| n).buffer(usize::MAX);
        assert_eq!((&mut boasts).count(), 5);
        assert_eq!(boasts.size_hint(), (0, Some(0)));
    });
}

#[test]
fn hints_after_a_stop_are_those_of_what_is_left() {
    watched(|| {
        for pool in pools() {
            let mut done = pool.as_completed(0..50, |n| Ok::<_, ()>(*n)).buffer(5).start();
            until(|| pool.stats().completed == 5);
            assert_eq!(done.size_hint(), (50, Some(50)));
            done.stop_handle().stop();
            assert!(pool.wait_idle(support::LIMIT));
            for left in (0..5).rev() {
                assert_eq!(done.size_hint(), (left + 1, Some(left + 1)));
                assert!(done.next().is_some());
            }
            assert_eq!((done.next().map(drop), done.size_hint()), (None, (0, Some(0))));
            // In a scope, and while a call runs that is still to be yielded.
            let (gate, entered) = (Gate::default(), Gate::default());
            let batch = pool.map(0..50, |n| {
                if n == 2 {
                    entered.open();
                    gate.wait();
                }
                n
            });
            let stop = batch.stop_handle();
            batch.max_workers(1).scope(|results| {
                assert_eq!((results.next(), results.next()), (Some(0), Some(1)));
                entered.wait();
                stop.stop();
                assert_eq!(results.size_hint(), (1, Some(1)));
                gate.open();
                assert_eq!((results.next(), results.size_hint()), (Some(2), (0, Some(0))));
                assert_eq!(results.next(), None);
            });
            let unstarted = pool.map(0..50, |n| n);
            unstarted.stop_handle().stop();
            assert_eq!(unstarted.size_hint(), (0, Some(0)));
        }
    });
}

#[test]
fn within_a_call_before_the_closure_is_dropped() {
    /// Waits in its drop until the result has been seen.
    struct Held(Mutex<mpsc::Receiver<()>>);
    impl Drop for Held {
        fn drop(&mut self) {
            self.0.get_mut().unwrap().recv().unwrap();
        }
    }
    watched(|| {
        let pool = support::forever(Pool::new(4));
        let task = pool.submit(|| {
            let (seen, told) = mpsc::channel();
            let held = Held(Mutex::new(told));
            // The first result is the last one filed, so the thread that files it drops the closure.
            let batch = pool.map([300, 1], move |ms| {
                let _held = &held;
                thread::sleep(Duration::from_millis(ms));
                ms
            });
            let mut batch = batch.start();
            // Else this call would run an input itself, and drop the closure after that.
            until(|| pool.stats().completed == 1);
            assert_eq!((batch.next(), batch.next()), (Some(300), Some(1)));
            seen.send(()).unwrap();
        });
        task.join().unwrap();
    });
}
