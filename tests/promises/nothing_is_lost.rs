//! Every input, result, closure and panic payload is dropped exactly once, whatever ends a batch and whatever panics
//! meanwhile, and every input that was taken is yielded once or dropped with its batch.

use pool_core::{Pool, StopHandle};
use std::sync::{Barrier, mpsc};
use std::thread;
use support::{
    Entry, Gate, LIMIT, Ledger, caught, forever, pools, pools_and_lengths, raise, until, watched,
};

/// How a batch is read.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Reader {
    Collect,
    ForEach,
    Iterator,
    /// Dropped after one result, without waiting.
    Dropped,
    /// A scope that takes one result.
    Scope,
    /// A scope that panics at the first result.
    Panics,
}

/// When the batch is stopped.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Stop {
    Never,
    Before,
    During,
    After,
}

#[derive(Clone, Copy, Debug)]
struct Case {
    call_panics: bool,
    input_panics: bool,
    result_panics: bool,
    next_panics: bool,
    reader: Reader,
    stop: Stop,
    nested: bool,
    ordered: bool,
}

const INPUTS: usize = 8;

fn cases() -> impl Iterator<Item = Case> {
    let readers = [
        Reader::Collect,
        Reader::ForEach,
        Reader::Iterator,
        Reader::Dropped,
        Reader::Scope,
        Reader::Panics,
    ];
    let stops = [Stop::Never, Stop::Before, Stop::During, Stop::After];
    (0..64).flat_map(move |bits: u32| {
        let bit = move |n: u32| bits >> n & 1 == 1;
        readers.into_iter().flat_map(move |reader| {
            stops.into_iter().map(move |stop| Case {
                call_panics: bit(0),
                input_panics: bit(1),
                result_panics: bit(2),
                next_panics: bit(3),
                reader,
                stop,
                nested: bit(4),
                ordered: bit(5),
            })
        })
    })
}

/// Reads `batch` as `reader` does. A macro, since the two kinds of batch have no trait in common.
macro_rules! read {
    ($batch:expr, $case:expr, $stop:expr) => {{
        let mut batch = $batch;
        let stop: StopHandle = batch.stop_handle();
        if $case.stop == Stop::Before {
            stop.stop();
        }
        $stop.send(stop.clone()).unwrap();
        let read = caught(|| match $case.reader {
            Reader::Collect => batch.collect::<Vec<_>>().len(),
            Reader::ForEach => {
                let mut read = 0;
                batch.for_each(|_| read += 1);
                read
            }
            Reader::Iterator => (&mut batch).filter(|_| true).count(),
            Reader::Dropped => (&mut batch).next().into_iter().count(),
            Reader::Scope => batch.scope(|results| results.next().into_iter().count()),
            Reader::Panics => batch.scope(|results| match results.next() {
                Some(_) => raise("reader"),
                None => 0,
            }),
        });
        if $case.stop == Stop::After {
            stop.stop();
        }
        read
    }};
}

impl Case {
    fn run(self, pool: &'static Pool, ledger: &Ledger) -> Result<usize, String> {
        let (stop, stops) = mpsc::channel::<StopHandle>();
        let stops = std::sync::Mutex::new(stops);
        let inputs = (0..).map({
            let ledger = ledger.clone();
            let own = ledger.entry();
            move |n| {
                own.touch();
                match n {
                    7 if self.next_panics => raise("next"),
                    3 if self.input_panics => (n, ledger.bomb()),
                    _ => (n, ledger.entry()),
                }
            }
        });
        let inputs = inputs.take(INPUTS);
        let call = {
            let ledger = ledger.clone();
            let own = ledger.entry();
            move |n: usize, input: &Entry| {
                input.touch();
                own.touch();
                if n == 1 && self.stop == Stop::During {
                    stops.lock().unwrap().recv().unwrap().stop();
                }
                if n == 2 && self.call_panics {
                    std::panic::resume_unwind(Box::new((ledger.entry(), "call")));
                }
                if n == 4 && self.result_panics { ledger.bomb() } else { ledger.entry() }
            }
        };
        if self.ordered {
            let call = move |(n, input)| {
                let result = call(n, &input);
                // Not at the end of the scope: a panic would leak the result that is on its way out, in every function.
                drop(input);
                result
            };
            read!(pool.map(inputs, call), self, stop)
        } else {
            read!(
                pool.as_completed(inputs, move |(n, input)| Ok::<_, ()>(call(*n, input))),
                self,
                stop
            )
        }
    }

    /// What may come of it: a number of results or one of the panics that were laid.
    fn check(self, outcome: &Result<usize, String>) {
        let all = matches!(self.reader, Reader::Collect | Reader::ForEach | Reader::Iterator);
        let laid = [
            // A payload that is no text.
            ("no text", self.call_panics && self.ordered),
            ("drop", self.input_panics || self.result_panics),
            ("next", self.next_panics),
            ("reader", self.reader == Reader::Panics),
        ];
        let quiet = !laid.iter().any(|(_, laid)| *laid);
        match outcome {
            Ok(read) if self.stop == Stop::Before => assert_eq!(*read, 0),
            Ok(read) if all && quiet && self.stop != Stop::During => assert_eq!(*read, INPUTS),
            Ok(read) => assert!(*read <= INPUTS),
            Err(text) => assert!(laid.iter().any(|(kind, laid)| *laid && text == kind), "{text:?}"),
        }
        if all && matches!(self.stop, Stop::Never | Stop::After) && !quiet {
            // Whatever was laid is on the way of who reads to the end.
            outcome.as_ref().expect_err("a panic was lost");
        }
    }
}

fn all_cases_on(pool: Pool) {
    let pool = forever(pool);
    for case in cases() {
        let ledger = Ledger::default();
        let outcome = if case.nested {
            let ledger = ledger.clone();
            pool.map([()], move |()| case.run(pool, &ledger)).collect::<Vec<_>>().remove(0)
        } else {
            case.run(pool, &ledger)
        };
        let checked = caught(|| case.check(&outcome));
        assert!(checked.is_ok(), "{case:?}: {outcome:?}: {checked:?}");
        match case.reader {
            // What borrows is gone before the call that lent it returns.
            Reader::Collect | Reader::ForEach | Reader::Scope | Reader::Panics => {}
            Reader::Iterator | Reader::Dropped => assert!(pool.wait_idle(LIMIT)),
        }
        assert_eq!(ledger.alive(), 0, "{case:?}: {outcome:?}, of {} made", ledger.made());
        assert_eq!(pool.stats().running, 0, "{case:?}");
    }
    assert_eq!(pool.map(0..9, |n| n).collect::<Vec<_>>().len(), 9);
}

#[test]
fn in_1536_cases_on_one_worker() {
    watched(|| all_cases_on(Pool::new(1)));
}

#[test]
fn in_1536_cases_on_two_workers() {
    watched(|| all_cases_on(Pool::new(2)));
}

#[test]
fn in_1536_cases_on_four_workers() {
    watched(|| all_cases_on(Pool::new(4)));
}

#[test]
fn in_1536_cases_without_a_thread() {
    watched(|| all_cases_on(support::threadless(2)));
}

#[test]
fn each_input_comes_back_once() {
    watched(|| {
        for (pool, length) in pools_and_lengths() {
            let ordered: Vec<_> = pool.map(0..length, |n| n).collect();
            assert_eq!(ordered, (0..length).collect::<Vec<_>>());
            let mut done: Vec<_> = pool
                .as_completed(0..length, |n| if n % 3 == 0 { Err(*n) } else { Ok(*n) })
                .collect();
            done.sort_by_key(|done| done.index);
            assert_eq!(done.len(), length);
            for (n, done) in done.into_iter().enumerate() {
                assert_eq!((done.index, done.input), (n, n));
                assert_eq!(done.result.is_err(), n % 3 == 0);
            }
        }
    });
}

#[test]
fn nothing_is_alive_when_a_borrowing_call_returns() {
    watched(|| {
        for pool in pools() {
            let (ledger, workers) = (Ledger::default(), pool.max_workers());
            for _ in 0..100 {
                let (begun, own) = (Barrier::new(workers), ledger.entry());
                // It ends at the first result, while other calls run: it waits for these.
                let first = pool
                    .map(0..4 * workers, |n| {
                        if n < workers {
                            begun.wait();
                        }
                        own.touch();
                        thread::yield_now();
                        own.clone()
                    })
                    .scope(|results| results.next().is_some());
                assert!(first);
                assert_eq!(ledger.alive(), 1);
                let failed: Result<Vec<Entry>, Entry> = pool
                    .map(0..40, |n| if n == 7 { Err(own.clone()) } else { Ok(own.clone()) })
                    .collect();
                drop(failed);
                assert_eq!(ledger.alive(), 1);
            }
        }
    });
}

#[test]
fn a_borrowing_call_waits_for_an_iterator_that_blocks() {
    watched(|| {
        let (pool, ledger) = (Pool::new(2), Ledger::default());
        let (inside, gate) = (Gate::default(), Gate::default());
        let lent = ledger.entry();
        let inputs = (0..).map(|n| {
            if n == 1 {
                inside.open();
                gate.wait();
            }
            lent.touch();
            lent.clone()
        });
        thread::scope(|scope| {
            scope.spawn(|| (inside.wait(), gate.open()));
            pool.map(inputs, |input| input).scope(|results| {
                assert!(results.next().is_some());
                inside.wait();
            });
        });
        assert_eq!(ledger.alive(), 1);
    });
}

#[test]
fn a_taken_result_is_not_kept() {
    watched(|| {
        for pool in pools() {
            let (ledger, made) = (Ledger::default(), Ledger::default());
            let batch = pool.map(0..50, |_| (ledger.entry(), made.entry()).0);
            batch.for_each(|result| {
                drop(result);
                let others = ledger.made() - 1;
                assert!(ledger.alive() <= others as isize);
            });
            // The last result that was taken is gone while the batch is still there.
            let mut batch = pool.map([ledger.entry(), ledger.entry()], |input| input);
            for left in [1, 0] {
                drop(batch.next().unwrap());
                until(|| ledger.alive() == left);
            }
            assert!(batch.next().is_none());
        }
    });
}

#[test]
fn a_finished_task_drops_its_closure_before_its_result_is_seen() {
    watched(|| {
        for pool in pools() {
            let ledger = Ledger::default();
            for _ in 0..100 {
                let own = ledger.entry();
                let task = pool.submit(move || own.touch());
                task.join().unwrap();
                assert_eq!(ledger.alive(), 0);
            }
        }
    });
}

#[test]
fn a_task_that_is_dropped_drops_its_result() {
    watched(|| {
        for pool in pools() {
            let ledger = Ledger::default();
            for n in 0..200 {
                let own = ledger.entry();
                let task = pool.submit(move || {
                    if n % 5 == 0 {
                        std::panic::resume_unwind(Box::new(own));
                    }
                    own
                });
                match n % 4 {
                    0 => drop(task),
                    1 => until(|| task.is_finished()),
                    2 => drop(task.cancel()),
                    _ => drop(task.join_timeout(std::time::Duration::ZERO)),
                }
            }
            assert!(pool.wait_idle(LIMIT));
            assert_eq!(ledger.alive(), 0);
        }
    });
}

#[test]
fn a_panic_of_a_result_that_a_scope_left_reaches_the_caller() {
    watched(|| {
        for pool in pools() {
            let pool = forever(pool);
            let ledger = Ledger::default();
            let (entered, gate) = (Gate::default(), Gate::default());
            /// Is dropped by the scope that ends. Sees to it that the call has ended before the scope looks.
            struct Tail(Gate, &'static Pool);
            impl Drop for Tail {
                fn drop(&mut self) {
                    self.0.open();
                    assert!(self.1.wait_idle(LIMIT));
                }
            }
            let tail = Tail(gate.clone(), pool);
            let inputs = [0].into_iter().chain(std::iter::repeat_with(move || (&tail, 1).1));
            let outcome = caught(|| {
                pool.map(inputs, |_| {
                    entered.open();
                    gate.wait();
                    ledger.bomb()
                })
                .max_workers(1)
                .scope(|results| {
                    assert!(results.next_timeout(std::time::Duration::ZERO).is_err());
                    entered.wait();
                });
            });
            assert_eq!(outcome, Err("drop".into()));
            assert_eq!(ledger.alive(), 0);
        }
    });
}
