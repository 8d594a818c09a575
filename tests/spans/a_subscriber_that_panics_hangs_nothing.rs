//! A panic of a subscriber on a worker is the outcome of that input, wherever it comes from.

use pool_core::{CallError, Completion, Pool};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use support::{caught, raise, watched};
use tracing::span::{Attributes, Id, Record};
use tracing::{Dispatch, Event, Metadata, Subscriber, dispatcher};

/// Where it panics.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum At {
    New,
    Enter,
    Exit,
    Close,
}

/// Panics for every other span.
struct Broken(At, AtomicUsize);

impl Broken {
    fn panic_if(&self, at: At) {
        if self.0 == at && self.1.fetch_add(1, Ordering::SeqCst) % 2 == 0 {
            raise("subscriber");
        }
    }
}

impl Subscriber for Broken {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        self.panic_if(At::New);
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, _: &Event<'_>) {}
    fn enter(&self, _: &Id) {
        self.panic_if(At::Enter);
    }
    fn exit(&self, _: &Id) {
        self.panic_if(At::Exit);
    }
    fn try_close(&self, _: Id) -> bool {
        self.panic_if(At::Close);
        true
    }
}

/// Builds something under a subscriber that panics at each of the four.
fn broken(test: impl Fn(&Pool, &dyn Fn(&mut dyn FnMut()), At) + Send + 'static) {
    watched(move || {
        for at in [At::New, At::Enter, At::Exit, At::Close] {
            let pool = Pool::new(2);
            let dispatch = Dispatch::new(Broken(at, AtomicUsize::new(0)));
            test(&pool, &|build| dispatcher::with_default(&dispatch, build), at);
            assert!(pool.wait_idle(Duration::MAX));
            assert_eq!(pool.stats().running, 0);
        }
    });
}

#[test]
fn completions_say_so() {
    broken(|pool, under, at| {
        let mut batch = None;
        under(&mut || batch = Some(pool.as_completed(0..10, |n| Ok::<_, ()>(*n))));
        let done: Vec<Completion<_, _, _>> = batch.unwrap().collect();
        let mut inputs: Vec<_> = done.iter().map(|done| done.input).collect();
        inputs.sort();
        assert_eq!(inputs, (0..10).collect::<Vec<_>>());
        let panicked = done
            .iter()
            .filter(|done| matches!(&done.result, Err(CallError::Panicked(panic)) if panic.message() == "subscriber"));
        assert_eq!(panicked.count(), 5, "{at:?}");
    });
}

#[test]
fn ordered_results_raise_it() {
    broken(|pool, under, at| {
        let mut batch = None;
        under(&mut || batch = Some(pool.map(0..10, |n| n)));
        let all = caught(|| batch.unwrap().collect::<Vec<_>>());
        assert_eq!(all, Err("subscriber".to_owned()), "{at:?}");
    });
}

#[test]
fn a_task_is_joined_with_it() {
    broken(|pool, under, at| {
        for n in 0..10 {
            let mut task = None;
            under(&mut || task = Some(pool.submit(move || n)));
            match task.unwrap().join() {
                Ok(result) => assert_eq!(result, n),
                Err(panic) => assert_eq!(panic.message(), "subscriber", "{at:?}"),
            }
        }
    });
}

#[test]
fn a_panic_of_the_call_itself_comes_first() {
    broken(|pool, under, _| {
        let mut batch = None;
        under(&mut || {
            batch = Some(pool.as_completed(0..10, |_| -> Result<(), ()> { raise("call") }))
        });
        for done in batch.unwrap().collect::<Vec<_>>() {
            let Err(CallError::Panicked(panic)) = done.result else { panic!("it did not panic") };
            assert!(["call", "subscriber"].contains(&panic.message()));
        }
    });
}
