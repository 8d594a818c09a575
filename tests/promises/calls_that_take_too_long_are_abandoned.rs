//! A batch goes on without a call that runs for too long, and every input still has one outcome.

use pool_core::{
    AsCompleted, CallError, Completion, Feed, Pool, Timeout, back_off, deadline, is_cancelled,
    sleep,
};
use std::collections::BTreeSet;
use std::panic::catch_unwind;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};
use support::{Gate, Ledger, forever, in_child, linger, pools, raise, until, watched};

const HOUR: Duration = Duration::from_secs(3_600);
const LIMIT: Duration = Duration::from_millis(40);

/// A batch of numbers whose calls for multiples of `hung` end only with the gate.
fn batch(
    pool: &Pool,
    inputs: usize,
    hung: usize,
    gate: &Gate,
) -> AsCompleted<'static, usize, usize, ()> {
    let waits = gate.clone();
    let call = move |n: &usize| {
        if n % hung == 0 {
            waits.wait();
        }
        Ok(*n)
    };
    pool.as_completed(0..inputs, call).abandon_after(LIMIT)
}

fn is_timed_out<T>(done: &Completion<usize, T, ()>) -> bool {
    matches!(done.result, Err(CallError::TimedOut))
}

#[test]
fn each_input_has_one_outcome_and_the_loop_ends() {
    watched(|| {
        let (pool, gate) = (Pool::new(8), Gate::default());
        let begun = Instant::now();
        let done: Vec<_> = batch(&pool, 1_000, 400, &gate).collect();
        assert!(begun.elapsed() >= LIMIT);
        let inputs: BTreeSet<_> = done.iter().map(|done| done.input).collect();
        assert_eq!((done.len(), inputs.len()), (1_000, 1_000));
        for done in &done {
            assert_eq!(done.index, done.input);
            assert_eq!(is_timed_out(done), done.input % 400 == 0);
            assert!(!is_timed_out(done) || done.elapsed >= LIMIT);
        }
        let stats = pool.stats();
        assert_eq!((stats.abandoned, stats.running), (3, 3));
        // They still run.
        assert!(!pool.wait_idle(Duration::from_millis(1)));
        gate.open();
        assert!(pool.wait_idle(Duration::MAX));
        assert_eq!((pool.stats().abandoned, pool.stats().running), (0, 0));
    });
}

#[test]
fn all_ways_to_consume_it_end() {
    watched(|| {
        let gate = Gate::default();
        let timed_out = |done: Vec<Completion<usize, usize, ()>>| {
            done.iter().filter(|done| is_timed_out(done)).map(|done| done.input).collect::<Vec<_>>()
        };
        let pool = Pool::new(4);
        let new = || {
            pool.set_max_workers(pool.stats().abandoned + 4);
            batch(&pool, 20, 10, &gate)
        };
        let mut seen = Vec::new();
        new().for_each(|done| seen.push(done));
        let in_order: Vec<_> = new().in_order().collect();
        assert!(in_order.iter().map(|done| done.index).eq(0..20));
        let scoped = new().scope(|done| done.collect());
        let unbuffered = new().buffer(1).collect();
        let started = new().start().collect();
        for done in [seen, in_order, scoped, unbuffered, started] {
            let mut inputs = timed_out(done);
            inputs.sort_unstable();
            assert_eq!(inputs, [0, 10]);
        }
        assert_eq!(pool.stats().abandoned, 10);
        gate.open();
        until(|| pool.stats().abandoned == 0);
    });
}

#[test]
fn a_call_that_took_longer_is_timed_out_whenever_it_is_looked_at() {
    watched(|| {
        let pool = Pool::new(1);
        let timed_out = |limit| {
            let call = |_: &usize| {
                thread::sleep(LIMIT * 2);
                Ok::<_, ()>(())
            };
            let batch = pool.as_completed([0], call).abandon_after(limit).start();
            assert!(pool.wait_idle(Duration::MAX));
            is_timed_out(&batch.collect::<Vec<_>>()[0])
        };
        assert_eq!([HOUR, LIMIT].map(timed_out), [false, true]);
        assert_eq!((pool.stats().abandoned, pool.stats().completed), (0, 2));
    });
}

#[test]
fn the_call_sees_its_deadline_and_the_stop() {
    watched(|| {
        let pool = Pool::new(2);
        let call = |n: &usize| {
            assert!(deadline().is_some() && !is_cancelled());
            let slept = sleep(HOUR);
            assert!(!slept && is_cancelled() && *n < 2);
            Err::<(), _>(())
        };
        let batch = pool.as_completed([0, 1], call).abandon_after(LIMIT).timeout(HOUR);
        // Each ends by itself at about the time at which it is abandoned.
        assert_eq!(batch.count(), 2);
        assert!(pool.wait_idle(Duration::MAX));
        assert_eq!(pool.stats().panicked, 0);

        // The sooner limit counts.
        let early = pool
            .as_completed([0], |_| Ok::<_, ()>(sleep(HOUR)))
            .timeout(LIMIT / 4)
            .abandon_after(HOUR);
        assert!(early.map(|done| done.result.unwrap()).eq([false]));
    });
}

#[test]
fn late_results_and_stand_ins_are_dropped_once() {
    watched(|| {
        let ledger = Ledger::default();
        let (pool, gate) = (Pool::new(4), Gate::default());
        let (waits, entries) = (gate.clone(), ledger.clone());
        let inputs: Vec<_> = (0..20).map(|n| (n, ledger.entry())).collect();
        let call = move |(n, _): &(usize, support::Entry)| {
            if n % 10 == 0 {
                waits.wait();
            }
            Ok::<_, ()>(entries.entry())
        };
        let done: Vec<_> = pool.as_completed(inputs, call).abandon_after(LIMIT).collect();
        assert_eq!(
            done.iter().filter(|done| matches!(done.result, Err(CallError::TimedOut))).count(),
            2
        );
        drop(done);
        gate.open();
        assert!(pool.wait_idle(Duration::MAX));
        drop(pool);
        until(|| ledger.alive() == 0);
    });
}

#[test]
fn a_copy_that_panics_is_the_outcome() {
    #[derive(Debug)]
    struct Bomb(usize);
    impl Clone for Bomb {
        fn clone(&self) -> Self {
            if self.0 == 1 { raise("clone") } else { Self(self.0) }
        }
    }
    watched(|| {
        for pool in pools() {
            let batch = pool
                .as_completed([0, 1, 2].map(Bomb), |bomb| Ok::<_, ()>(bomb.0))
                .abandon_after(HOUR);
            batch.for_each(|done| match (done.input.0, done.result) {
                (1, Err(CallError::Panicked(panic))) => assert_eq!(panic.message(), "clone"),
                (n, result) => assert_eq!(result.unwrap(), n),
            });
            assert_eq!(pool.stats().panicked, 1);
        }
    });
}

#[test]
fn a_stop_a_drop_and_a_timeout_do_not_wait_for_it() {
    watched(|| {
        let (pool, gate) = (Pool::new(4), Gate::default());
        let mut batch_one = batch(&pool, 1, 1, &gate);
        assert!(matches!(batch_one.next_timeout(LIMIT / 4), Err(Timeout)));
        assert!(
            batch_one.next_timeout(Duration::MAX).unwrap().is_some_and(|done| is_timed_out(&done))
        );
        assert!(batch_one.next().is_none());

        let stopped = batch(&pool, 100, 1, &gate);
        let stop = stopped.stop_handle();
        let mut seen = 0;
        stopped.for_each(|done| {
            seen += 1;
            assert!(is_timed_out(&done));
            stop.stop();
        });
        assert!((1..=3).contains(&seen), "{seen}");

        pool.set_max_workers(8);
        // Neither of them waits for what has begun and is not overdue yet, but for its limit.
        let end = batch(&pool, 100, 1, &gate).try_for_each(|_| Err("enough"));
        assert_eq!(end, Err("enough"));
        pool.set_max_workers(16);
        let dropped = batch(&pool, 100, 1, &gate).start();
        until(|| pool.stats().running == 16);
        drop(dropped);
        drop(pool);
        gate.open();
    });
}

#[test]
fn the_calls_of_a_nested_batch_run_on_other_threads() {
    watched(|| {
        let (pool, gate) = (forever(Pool::new(1)), Gate::default());
        let waits = gate.clone();
        let task = pool.submit(move || {
            pool.set_max_workers(2);
            batch(pool, 1, 1, &waits).map(|done| is_timed_out(&done)).collect::<Vec<_>>()
        });
        assert_eq!(task.join().unwrap(), [true]);
        assert_eq!(pool.stats().abandoned, 1);
        gate.open();
        assert!(pool.wait_idle(Duration::MAX));

        for pool in pools() {
            let pool = forever(pool);
            let gate = Gate::default();
            gate.open();
            let sums = pool.map(0..8, move |n| {
                batch(pool, 10, 3, &gate).map(|done| done.result.unwrap() * n).sum::<usize>()
            });
            assert!(sums.eq((0..8).map(|n| 45 * n)));
        }
    });
}

#[test]
fn a_feed_ends_without_it() {
    watched(|| {
        let (pool, gate) = (Pool::new(4), Gate::default());
        let feed = Feed::from([1_usize]);
        let waits = gate.clone();
        let call = move |n: &usize| {
            if *n == 4 {
                waits.wait();
            }
            Ok::<_, ()>(*n)
        };
        let mut seen = Vec::new();
        pool.as_completed(feed.inputs(), call).abandon_after(LIMIT).for_each(|done| {
            seen.push((done.input, done.result.is_ok()));
            if done.input < 8 {
                feed.push(done.input * 2).unwrap();
            }
        });
        assert_eq!(seen, [(1, true), (2, true), (4, false), (8, true)]);
        assert_eq!(feed.push(9), Err(9));
        gate.open();
    });
}

#[test]
fn states_are_dropped_when_it_ends() {
    watched(|| {
        let (pool, gate, ledger) = (Pool::new(2), Gate::default(), Ledger::default());
        let (waits, entries) = (gate.clone(), ledger.clone());
        let call = move |_: &mut support::Entry, n: &usize| {
            if *n == 0 {
                waits.wait();
            }
            linger();
            Ok::<_, ()>(())
        };
        let batch =
            pool.as_completed_init(0..10, move || Ok(entries.entry()), call).abandon_after(LIMIT);
        assert_eq!(batch.filter(|done| done.result.is_err()).count(), 1);
        gate.open();
        assert!(pool.wait_idle(Duration::MAX));
        until(|| ledger.alive() == 0);
        assert!(ledger.made() <= 2);
    });
}

#[test]
fn all_places_may_be_taken_until_the_cap_is_raised() {
    watched(|| {
        let (pool, gate) = (Pool::new(2), Gate::default());
        let mut batch = batch(&pool, 10, 1, &gate);
        assert!(is_timed_out(&batch.next().unwrap()) && is_timed_out(&batch.next().unwrap()));
        assert!(matches!(batch.next_timeout(2 * LIMIT), Err(Timeout)));
        assert_eq!(pool.stats().abandoned, pool.max_workers());
        pool.set_max_workers(20);
        assert_eq!(batch.count(), 8);
        gate.open();
    });
}

#[test]
fn its_error_says_so() {
    let error = CallError::<String>::TimedOut;
    assert_eq!(error.to_string(), "the call took longer than `abandon_after` allows");
    assert_eq!(error.failed(), None);
    assert_eq!(
        error.into_failed().unwrap_err().message(),
        "the call took longer than `abandon_after` allows"
    );
}

#[test]
fn an_error_of_its_own_is_asked_for_in_vain_and_the_panic_says_so() {
    if let Some(child) = in_child(|| _ = CallError::<String>::TimedOut.into_error()) {
        let told = String::from_utf8(child.stderr).unwrap();
        assert!(told.contains("the call took longer than `abandon_after` allows"), "{told}");
    }
}

#[test]
fn zero_and_one_that_comes_too_late_are_refused() {
    let new = || Pool::new(1).as_completed([0], |n| Ok::<_, ()>(*n));
    let zero = catch_unwind(|| new().abandon_after(Duration::ZERO));
    let message = *zero.unwrap_err().downcast::<&str>().unwrap();
    assert_eq!(message, "`abandon_after` is zero; each call would be abandoned before it starts");
    let late = catch_unwind(|| new().start().abandon_after(HOUR));
    assert!(
        late.unwrap_err()
            .downcast::<String>()
            .unwrap()
            .starts_with("`abandon_after` comes too late")
    );
}

#[test]
fn the_end_is_found_though_all_places_are_taken() {
    watched(|| {
        let (pool, gate) = (Pool::new(2), Gate::default());
        let mut done = batch(&pool, 2, 1, &gate);
        assert!(done.by_ref().all(|done| is_timed_out(&done)));
        assert_eq!(done.size_hint(), (0, Some(0)));
        gate.open();
        assert!(pool.wait_idle(Duration::MAX));

        // One whose hint is wrong has an outcome for each input.
        struct Liar(std::ops::Range<usize>);
        impl Iterator for Liar {
            type Item = usize;
            fn next(&mut self) -> Option<usize> {
                self.0.next()
            }
            fn size_hint(&self) -> (usize, Option<usize>) {
                (0, Some(self.0.len() - 3))
            }
        }
        let gate = Gate::default();
        let waits = gate.clone();
        let call = move |n: &usize| {
            waits.wait();
            Ok::<_, ()>(*n)
        };
        let mut inputs: Vec<_> = pool
            .as_completed(Liar(0..5), call)
            .abandon_after(LIMIT)
            .map(|done| done.input)
            .collect();
        inputs.sort_unstable();
        assert_eq!(inputs, [0, 1, 2, 3, 4]);
        gate.open();
    });
}

/// Ten inputs that take a while each, and claim to be none.
struct Liar(i32);

impl Iterator for Liar {
    type Item = i32;

    fn next(&mut self) -> Option<i32> {
        thread::sleep(Duration::from_micros(300));
        self.0 += 1;
        (self.0 <= 10).then_some(self.0)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, Some(0))
    }
}

#[test]
fn inputs_that_claim_too_few_end_all_the_same() {
    for round in 0..300 {
        let (done, end) = channel();
        thread::spawn(move || {
            let pool = Pool::new(4);
            let call = |_: &i32| Ok::<_, ()>(sleep(Duration::from_micros(400)));
            let batch = pool.as_completed(Liar(0), call).abandon_after(Duration::from_micros(200));
            let _ = done.send(batch.count());
        });
        assert_eq!(end.recv_timeout(Duration::from_secs(10)), Ok(10), "round {round}");
    }
}

#[test]
fn a_call_gets_all_outcomes_though_some_threads_do_not_start() {
    use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
    static STARTS: AtomicUsize = AtomicUsize::new(0);
    fn some_panic() {
        if STARTS.fetch_add(1, SeqCst) % 5 < 2 {
            std::panic::resume_unwind(Box::new("no"));
        }
    }
    for round in 0..400 {
        STARTS.store(2 + round % 3, SeqCst);
        let pool = Arc::new(Pool::builder().max_workers(1).on_start(some_panic).build());
        let inner = Arc::clone(&pool);
        let (done, end) = channel();
        let task = pool.submit(move || {
            let call = |n: &u64| {
                thread::sleep(Duration::from_millis(5 * (n - 1)));
                Ok::<_, ()>(())
            };
            let batch = inner.as_completed([1, 2], call).abandon_after(Duration::from_millis(2));
            done.send(batch.count()).unwrap();
        });
        let got = end.recv_timeout(Duration::from_secs(15));
        assert_eq!(got, Ok(2), "round {round}, starts {}, {:?}", STARTS.load(SeqCst), pool.stats());
        task.join().unwrap();
    }
}

/// Inputs that run a batch of their own before each, and before their end.
struct Nested(Arc<Pool>, usize);

impl Iterator for Nested {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        assert_eq!(self.0.map([1, 2], |n| n).collect::<Vec<_>>(), [1, 2]);
        self.1 = self.1.checked_sub(1)?;
        Some(self.1)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.1, Some(self.1))
    }
}

#[test]
fn a_call_that_asks_for_the_end_of_inputs_has_its_place() {
    for round in 0..300 {
        let (done, end) = channel();
        thread::spawn(move || {
            let (outer, inner) = (Pool::new(2), Arc::new(Pool::new(4)));
            let call = move |_: usize| {
                let rest = |_: &usize| Ok::<_, ()>(sleep(HOUR));
                let inputs = Nested(Arc::clone(&inner), 2);
                inner.as_completed(inputs, rest).abandon_after(Duration::from_millis(5)).count()
            };
            let counts: Vec<_> = outer.map(0..6, call).collect();
            let _ = done.send(counts);
        });
        let counts = end.recv_timeout(Duration::from_secs(10));
        assert_eq!(counts, Ok(vec![2; 6]), "round {round}");
    }
}

#[test]
fn the_end_is_found_though_the_batch_has_no_place_left() {
    watched(|| {
        let (pool, gate) = (Pool::new(4), Gate::default());
        assert_eq!(batch(&pool, 2, 1, &gate).max_workers(2).count(), 2);
        assert_eq!(pool.stats().abandoned, 2);
        gate.open();
    });
}

#[test]
fn an_outcome_does_not_wait_for_inputs_that_block() {
    watched(|| {
        let (pool, gate) = (Pool::new(1), Gate::default());
        let (waits, (sender, receiver)) = (gate.clone(), channel());
        sender.send(0).unwrap();
        // After the last number it waits for another message, to no end.
        let inputs = receiver.into_iter().zip(0..1);
        let call = move |_: &(usize, usize)| {
            waits.wait();
            Ok::<_, ()>(())
        };
        let mut batch = pool.as_completed(inputs, call).abandon_after(LIMIT);
        assert!(matches!(batch.next().unwrap().result, Err(CallError::TimedOut)));
        drop(sender);
        assert!(batch.next().is_none());
        gate.open();
    });
}

/// An input whose end takes a rest. The hung call has one of the two places, and the consumer has to take the other one
/// before it asks for the end.
#[test]
fn inputs_that_rest_at_their_end_keep_the_cap() {
    struct Rests(std::ops::Range<usize>);
    impl Iterator for Rests {
        type Item = usize;
        fn next(&mut self) -> Option<usize> {
            let next = self.0.next();
            if next.is_none() {
                back_off(4 * LIMIT);
            }
            next
        }
        fn size_hint(&self) -> (usize, Option<usize>) {
            self.0.size_hint()
        }
    }
    watched(|| {
        let (pool, gate) = (forever(Pool::new(2)), Gate::default());
        let waits = gate.clone();
        let task = pool.submit(move || {
            let call = move |_: &usize| {
                waits.wait();
                Ok::<_, ()>(())
            };
            pool.as_completed(Rests(0..1), call).abandon_after(LIMIT).count()
        });
        until(|| pool.stats().abandoned == 1);
        let mut beside = pool.map(0..400, |_| thread::sleep(Duration::from_millis(1))).start();
        while beside.next().is_some() {
            let running = pool.stats().running;
            assert!(running <= 2, "{running}");
        }
        assert_eq!(task.join().unwrap(), 1);
        gate.open();
    });
}
