//! Calls that run elsewhere: another thread finishes them, and no worker waits for one.

use super::{Lent, model, pool};
use crate::api::inputs::IntoInputs as _;
use crate::api::sent::Carrier;
use crate::batch::{Depart, Outcome};
use crate::threads::crew::Hint;
use crate::{AsCompleted, CallError, Feed, Map, Pool};
use loom::sync::{Arc, Condvar, Mutex};
use loom::thread;
use std::convert::Infallible;
use std::time::Duration;

/// Where calls run, and how many have come. Each returns its index.
struct Elsewhere(Mutex<(Vec<(Hint, usize)>, usize)>, Condvar);

impl Elsewhere {
    fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::default(), Condvar::new()))
    }

    /// Waits for a call, and takes it.
    fn take(&self) -> (Hint, usize) {
        let mut calls = self.0.lock().unwrap();
        loop {
            match calls.0.pop() {
                Some(call) => return call,
                None => calls = self.1.wait(calls).unwrap(),
            }
        }
    }

    /// Blocks until so many calls have come.
    fn wait_for(&self, calls: usize) {
        let mut state = self.0.lock().unwrap();
        while state.1 < calls {
            state = self.1.wait(state).unwrap();
        }
    }

    /// Finishes a call that may have come.
    fn finish_late(&self) {
        let call = self.0.lock().unwrap().0.pop();
        call.into_iter().for_each(|(batch, index)| batch.finish(index));
    }

    /// Finishes so many calls, on another thread.
    fn finish(this: &Arc<Self>, calls: usize) -> thread::JoinHandle<()> {
        let elsewhere = Arc::clone(this);
        thread::spawn(move || {
            for _ in 0..calls {
                let (batch, index) = elsewhere.take();
                batch.finish(index);
            }
        })
    }
}

/// Sends calls there. With `Some`, a call reads that memory when it is received.
struct Sender<'env>(Arc<Elsewhere>, Option<&'env Lent>);

impl<'env> Sender<'env> {
    fn call(&self, index: usize) -> Depart {
        let elsewhere = Arc::clone(&self.0);
        Box::new(move |batch| {
            let mut calls = elsewhere.0.lock().unwrap();
            calls.0.push((batch, index));
            calls.1 += 1;
            elsewhere.1.notify_all();
        })
    }

    fn read(&self) {
        self.1.into_iter().for_each(Lent::touch);
    }
}

impl<I> Carrier<I, usize> for Sender<'_> {
    fn send(&self, index: usize, _: &I) -> Option<Depart> {
        self.read();
        Some(self.call(index))
    }

    fn receive(&self, index: usize) -> (Outcome<usize>, Option<Duration>) {
        self.read();
        (Ok(index), None)
    }
}

impl<I> Carrier<I, Result<usize, Infallible>> for Sender<'_> {
    fn send(&self, index: usize, _: &I) -> Option<Depart> {
        Some(self.call(index))
    }

    fn receive(&self, index: usize) -> (Outcome<Result<usize, Infallible>>, Option<Duration>) {
        (Ok(Ok(index)), None)
    }
}

fn map<'env>(pool: &Pool, calls: usize, sender: Sender<'env>) -> Map<'env, usize> {
    Map::sent(pool.crew(), 0..calls, sender)
}

fn as_completed<I: Send + 'static>(
    pool: &Pool,
    inputs: Vec<I>,
    elsewhere: &Arc<Elsewhere>,
) -> AsCompleted<'static, I, usize, Infallible> {
    AsCompleted::sent(pool.crew(), inputs.into_iter(), Sender(Arc::clone(elsewhere), None))
}

#[test]
fn calls_that_were_sent_have_an_outcome_each() {
    model(|| {
        let (pool, elsewhere) = (pool(1), Elsewhere::new());
        let thread = Elsewhere::finish(&elsewhere, 2);
        let results = map(&pool, 2, Sender(Arc::clone(&elsewhere), None)).collect::<Vec<_>>();
        assert_eq!(results, [0, 1]);
        thread.join().unwrap();
    });
}

#[test]
fn calls_are_sent_again_when_there_is_room() {
    model(|| {
        let (pool, elsewhere) = (pool(1), Elsewhere::new());
        let thread = Elsewhere::finish(&elsewhere, 3);
        let batch = map(&pool, 3, Sender(Arc::clone(&elsewhere), None)).buffer(1);
        assert_eq!(batch.scope(|results| results.count()), 3);
        thread.join().unwrap();
    });
}

#[test]
fn calls_are_sent_again_when_one_is_over() {
    model(|| {
        let (pool, elsewhere) = (pool(1), Elsewhere::new());
        let thread = Elsewhere::finish(&elsewhere, 2);
        let batch = as_completed(&pool, vec![(), ()], &elsewhere).max_workers(1);
        assert_eq!(batch.map(|done| done.result.unwrap()).sum::<usize>(), 1);
        thread.join().unwrap();
    });
}

#[test]
fn inputs_are_handed_back_once_however_often_a_call_is_finished() {
    model(|| {
        let (pool, elsewhere) = (pool(1), Elsewhere::new());
        let both = Arc::clone(&elsewhere);
        let thread = thread::spawn(move || {
            let (batch, index) = both.take();
            let (again, other) = (Hint::clone(&batch), index);
            let other = thread::spawn(move || again.finish(other));
            batch.finish(index);
            other.join().unwrap();
        });
        let mut batch = as_completed(&pool, vec!["input"], &elsewhere);
        assert_eq!(batch.next().unwrap().input, "input");
        assert!(batch.next().is_none());
        thread.join().unwrap();
    });
}

#[test]
fn nothing_borrowed_is_touched_by_a_call_that_comes_back_late() {
    model(|| {
        let (pool, elsewhere) = (pool(1), Elsewhere::new());
        let mut lent = Lent::new();
        let thread = Elsewhere::finish(&elsewhere, 1);
        // Whether it has come back by then or not.
        map(&pool, 1, Sender(Arc::clone(&elsewhere), Some(&lent))).scope(|results| {
            let _ = results.next_timeout(Duration::ZERO);
            elsewhere.wait_for(1);
        });
        lent.end();
        drop(pool);
        thread.join().unwrap();
    });
}

#[test]
fn a_batch_that_is_dropped_waits_for_no_call_that_was_sent() {
    model(|| {
        let (pool, elsewhere) = (pool(1), Elsewhere::new());
        let mut lent = Lent::new();
        map(&pool, 1, Sender(Arc::clone(&elsewhere), Some(&lent))).scope(|results| {
            let none = results.next_timeout(Duration::ZERO);
            assert!(none.is_err());
        });
        lent.end();
        elsewhere.finish_late();
    });
}

#[test]
fn a_stop_keeps_the_calls_that_were_sent() {
    model(|| {
        let (pool, elsewhere) = (pool(1), Elsewhere::new());
        let batch = as_completed(&pool, vec![(), ()], &elsewhere).max_workers(1).start();
        let stop = batch.stop_handle();
        let there = Arc::clone(&elsewhere);
        let thread = thread::spawn(move || {
            let (batch, index) = there.take();
            stop.stop();
            batch.finish(index);
        });
        assert_eq!(batch.count(), 1);
        thread.join().unwrap();
    });
}

#[test]
fn a_call_waits_for_calls_that_were_sent_on_its_own_pool() {
    model(|| {
        let (pool, elsewhere) = (Arc::new(pool(1)), Elsewhere::new());
        let thread = Elsewhere::finish(&elsewhere, 1);
        let (inner, there) = (Arc::clone(&pool), Arc::clone(&elsewhere));
        let task = pool.submit(move || map(&inner, 1, Sender(there, None)).collect::<Vec<_>>());
        assert_eq!(task.join().unwrap(), [0]);
        thread.join().unwrap();
    });
}

#[test]
fn a_feed_ends_when_no_call_is_elsewhere() {
    model(|| {
        let (pool, elsewhere) = (pool(1), Elsewhere::new());
        let thread = Elsewhere::finish(&elsewhere, 2);
        let feed = Feed::from([7_usize]);
        let sender = Sender(Arc::clone(&elsewhere), None);
        let batch = AsCompleted::<usize, usize, Infallible>::sent(
            pool.crew(),
            feed.inputs().into_inputs(),
            sender,
        );
        let mut seen = Vec::new();
        batch.for_each(|done| {
            if done.index == 0 {
                feed.push(8).unwrap();
            }
            seen.push(done.input);
        });
        assert_eq!(seen, [7, 8]);
        thread.join().unwrap();
    });
}

#[test]
fn a_call_elsewhere_is_abandoned() {
    model(|| {
        let (pool, elsewhere) = (pool(1), Elsewhere::new());
        let batch = as_completed(&pool, vec![7], &elsewhere);
        let mut batch = batch.abandon_after(Duration::from_nanos(1));
        let done = batch.next().unwrap();
        assert!(done.input == 7 && matches!(done.result, Err(CallError::TimedOut)));
        assert!(batch.next().is_none());
        drop(batch);
        assert!(pool.wait_idle(Duration::MAX));
        elsewhere.finish_late();
        assert_eq!(pool.stats().abandoned, 0);
    });
}
