//! A result is yielded as soon as it is there: in the order of the inputs or as calls finish, within a bound on the wait, and with
//! exact hints of what is to come.

mod support;

use pool_core::{Pool, Timeout};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;
use support::{Gate, forever, pools, pools_and_lengths, until, watched};

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
                // As fast as it goes for a while; then the reader stops, and waits for what the results it has taken made room for.
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
