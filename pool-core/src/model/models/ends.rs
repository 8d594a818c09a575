//! The end of a batch: it is seen, and nothing that the batch held or borrowed is touched or left behind.

use super::{Lent, Meeting, Model, model, pool};
use crate::is_cancelled;
use loom::sync::Arc;
use loom::sync::atomic::{AtomicUsize, Ordering};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::time::Duration;

#[test]
fn nothing_borrowed_is_touched_after_collect() {
    model(|| {
        let pool = pool(2);
        let mut lent = Lent::new();
        let all: Vec<i32> = pool
            .map([1, 2], |n| {
                lent.touch();
                n
            })
            .collect();
        lent.end();
        assert_eq!(all, [1, 2]);
    });
}

#[test]
fn nothing_borrowed_is_touched_after_an_early_end() {
    model(|| {
        let pool = pool(2);
        let mut lent = Lent::new();
        let first: Option<i32> = pool
            .map([1, 2, 3], |n| {
                lent.touch();
                n
            })
            .scope(|results| results.next());
        lent.end();
        assert_eq!(first, Some(1));
    });
}

#[test]
fn a_stop_wakes_the_consumer() {
    model(|| {
        let pool = pool(1);
        let (batch, meeting) = (pool.map([1, 2], |_| ()), Meeting::new());
        let stop = batch.stop_handle();
        let other = Arc::clone(&meeting);
        let thread = loom::thread::spawn(move || {
            other.attend(1);
            stop.stop();
        });
        let seen: Vec<()> = batch.collect();
        assert!(seen.len() <= 2);
        thread.join().unwrap();
    });
}

#[test]
fn a_dropped_batch_drops_what_it_held_once() {
    a_dropped_batch(false);
    a_dropped_batch(true);
}

fn a_dropped_batch(fast: bool) {
    Model { fast, ..Model::DEFAULT }.check(|| {
        let alive = Arc::new(AtomicUsize::new(0));
        struct Counted(Arc<AtomicUsize>);
        impl Counted {
            fn new(alive: &Arc<AtomicUsize>) -> Self {
                alive.fetch_add(1, Ordering::SeqCst);
                Self(Arc::clone(alive))
            }
        }
        impl Drop for Counted {
            fn drop(&mut self) {
                self.0.fetch_sub(1, Ordering::SeqCst);
            }
        }
        let pool = pool(1);
        let inputs = [(); 3].map(|()| Counted::new(&alive));
        let held = Counted::new(&alive);
        let result = Arc::clone(&alive);
        let mut batch = pool.map(inputs, move |_| {
            let _ = &held;
            Counted::new(&result)
        });
        drop(batch.next());
        drop(batch);
        assert!(pool.wait_idle(Duration::MAX));
        assert_eq!(alive.load(Ordering::SeqCst), 0);
    });
}

#[test]
fn a_task_is_run_or_cancelled() {
    model(|| {
        let pool = pool(1);
        let ran = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&ran);
        let task = pool.submit(move || count.fetch_add(1, Ordering::SeqCst));
        match task.cancel() {
            Ok(()) => assert!(pool.wait_idle(Duration::MAX)),
            Err(task) => {
                task.join().unwrap();
            }
        }
        assert!(ran.load(Ordering::SeqCst) <= 1);
    });
}

#[test]
fn a_dropped_task_runs() {
    model(|| {
        let pool = pool(1);
        let ran = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&ran);
        drop(pool.submit(move || count.fetch_add(1, Ordering::SeqCst)));
        assert!(pool.wait_idle(Duration::MAX));
        assert_eq!(ran.load(Ordering::SeqCst), 1);
    });
}

#[test]
fn a_call_sees_that_it_is_cancelled() {
    model(|| {
        let pool = pool(1);
        let mut batch = pool.map(0.., |n: usize| (n, is_cancelled()));
        assert_eq!(batch.next(), Some((0, false)));
        drop(batch);
        assert!(pool.wait_idle(Duration::MAX));
    });
}

#[test]
fn a_sleeping_call_wakes_when_its_batch_is_dropped() {
    model(|| {
        let pool = pool(1);
        drop(pool.map([1], |_| crate::sleep(Duration::from_secs(3600))).start());
        assert!(pool.wait_idle(Duration::MAX));
    });
}

#[test]
fn nothing_borrowed_is_dropped_after_collect() {
    /// Touches borrowed memory when the call is dropped.
    struct Last<'a>(&'a Lent);
    impl Drop for Last<'_> {
        fn drop(&mut self) {
            self.0.touch();
        }
    }
    model(|| {
        let pool = pool(1);
        let mut lent = Lent::new();
        let last = Last(&lent);
        let call = move |n: i32| {
            // The whole value: a closure captures no more of a value than it names.
            let last = &last;
            last.0.touch();
            n
        };
        assert_eq!(pool.map([1], call).collect::<Vec<_>>(), [1]);
        lent.end();
    });
}

#[test]
fn no_input_is_taken_after_a_panic_that_ends_the_batch() {
    model(|| {
        let pool = pool(1);
        let (taken, mut seen) = (AtomicUsize::new(0), 0);
        let inputs = (0..3).inspect(|_| {
            taken.fetch_add(1, Ordering::SeqCst);
        });
        let batch = pool.map(inputs, |_| resume_unwind(Box::new("on purpose")));
        let ended = catch_unwind(AssertUnwindSafe(|| batch.for_each(|()| seen += 1)));
        assert!(ended.is_err());
        assert_eq!((taken.load(Ordering::SeqCst), seen), (1, 0));
    });
}

#[test]
fn a_batch_has_dropped_its_call_when_its_end_is_seen() {
    model(|| {
        let pool = pool(1);
        let held = Arc::new(());
        let mut batch = pool.map([1], {
            let held = Arc::clone(&held);
            move |n| {
                let _held = &held;
                n
            }
        });
        assert_eq!((batch.next(), batch.next()), (Some(1), None));
        assert!(Arc::try_unwrap(held).is_ok());
    });
}

#[cfg(feature = "tracing")]
#[test]
fn a_panic_of_a_subscriber_is_an_outcome() {
    use crate::base::span::{At, Site};
    use tracing::{Event, Metadata, Subscriber, dispatcher, span};

    struct Broken;
    impl Subscriber for Broken {
        fn enabled(&self, _: &Metadata<'_>) -> bool {
            true
        }
        fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
            resume_unwind(Box::new("on purpose"))
        }
        fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
        fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
        fn event(&self, _: &Event<'_>) {}
        fn enter(&self, _: &span::Id) {}
        fn exit(&self, _: &span::Id) {}
    }
    // Where there is just one subscriber, `tracing` asks the default of whichever thread first comes to a span. That
    // may be one of another model, which has none, and then the span is off for all. With two it asks both.
    let (broken, _other) = (tracing::Dispatch::new(Broken), tracing::Dispatch::new(Broken));
    let outcome = dispatcher::with_default(&broken, || {
        let at = At { pool: "pool", index: 0 };
        Site::here().run(at, || ())
    });
    assert!(outcome.is_err());
}

/// A state whose `Drop` touches memory of the caller.
struct Borrows<'a>(&'a Lent);

impl Drop for Borrows<'_> {
    fn drop(&mut self) {
        self.0.touch();
    }
}

#[test]
fn states_are_gone_after_collect_and_as_many_as_calls_at_once() {
    model(|| {
        let (pool, made) = (pool(2), AtomicUsize::new(0));
        let mut lent = Lent::new();
        let init = || {
            made.fetch_add(1, Ordering::Relaxed);
            Borrows(&lent)
        };
        let all: Vec<i32> = pool.map_init([1, 2, 3], init, |_, n| n).collect();
        lent.end();
        assert_eq!(all, [1, 2, 3]);
        assert!(made.load(Ordering::Relaxed) <= 2);
    });
}

#[test]
fn a_state_in_which_a_call_panicked_is_used_no_more() {
    model(|| {
        let pool = pool(1);
        let init = || Ok::<_, ()>(0);
        let batch = pool.as_completed_init([1, 2], init, |state, n| {
            *state += n;
            if *n == 1 {
                resume_unwind(Box::new(()));
            }
            Ok(*state)
        });
        let all: Vec<_> = batch.map(|done| done.result.ok()).collect();
        assert_eq!(all, [None, Some(2)]);
    });
}

#[test]
fn a_guard_that_is_dropped_cancels_its_call() {
    model(|| {
        let pool = pool(1);
        let guard = pool.submit(|| crate::sleep(Duration::MAX)).cancel_on_drop();
        drop(guard);
        assert!(pool.wait_idle(Duration::MAX));
    });
}
