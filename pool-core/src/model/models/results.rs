//! Results and inputs: each result arrives, and each input that has room is taken.

use super::{Meeting, Model, model, pool};
use crate::Feed;
use crate::base::sync;
use loom::sync::{Arc, Condvar, Mutex};

#[test]
fn a_buffer_of_one_is_refilled() {
    model(|| {
        let mut seen = Vec::new();
        pool(1).map([1, 2, 3], |n| n).buffer(1).for_each(|n| seen.push(n));
        assert_eq!(seen, [1, 2, 3]);
    });
}

#[test]
fn a_buffer_of_two_feeds_two_workers() {
    // Two minutes with two preemptions.
    Model { bound: 1, ..Model::DEFAULT }.check(|| {
        let mut seen = Vec::new();
        pool(2).map([1, 2, 3], |n| n).buffer(2).for_each(|n| seen.push(n));
        assert_eq!(seen, [1, 2, 3]);
    });
}

#[test]
fn every_completion_arrives() {
    model(|| {
        let mut seen = 0;
        pool(2).as_completed([1, 2], |n| Ok::<_, ()>(*n)).for_each(|done| seen += done.input);
        assert_eq!(seen, 3);
    });
}

#[test]
fn inputs_of_unknown_number_are_shared() {
    model(|| {
        let pool = pool(2);
        let meeting = Meeting::new();
        pool.map([1, 2].into_iter().filter(|_| true), |_| meeting.attend(2)).for_each(drop);
    });
}

#[test]
fn a_batch_goes_on_after_a_task_without_its_consumer() {
    model(|| {
        let pool = pool(1);
        let (meeting, called) = (Meeting::new(), Meeting::new());
        let met = Arc::clone(&meeting);
        let batch = pool.map([1, 2], move |_| met.attend(1)).max_workers(1).start();
        drop(pool.submit(move || called.attend(1)));
        meeting.attend(3);
        drop(batch);
    });
}

#[test]
fn a_buffer_is_refilled_when_a_result_is_taken() {
    model(|| {
        let pool = pool(1);
        let meeting = Meeting::new();
        let met = Arc::clone(&meeting);
        let mut batch = pool.map([1, 2], move |_| met.attend(1)).buffer(1);
        assert_eq!(batch.next(), Some(()));
        meeting.attend(3);
    });
}

#[test]
fn a_buffer_is_refilled_when_a_fetched_result_is_taken() {
    model(|| {
        let pool = pool(1);
        let meeting = Meeting::new();
        let met = Arc::clone(&meeting);
        // With `max_workers(1)` only the thread that has run a call looks for room for the next one.
        let mut batch = pool.map([1, 2, 3, 4], move |_| met.attend(1)).max_workers(1).buffer(2);
        assert_eq!((batch.next(), batch.next()), (Some(()), Some(())));
        // All four calls run while no consumer asks for a result.
        meeting.attend(5);
    });
}

#[test]
fn results_are_seen_before_the_inputs_go_on() {
    /// Yields one input. It ends only after the consumer has seen the result.
    struct Fed(Arc<Meeting>, bool);
    impl Iterator for Fed {
        type Item = ();

        fn next(&mut self) -> Option<()> {
            if !std::mem::replace(&mut self.1, true) {
                return Some(());
            }
            self.0.attend(2);
            None
        }
    }
    model(|| {
        let pool = pool(1);
        let meeting = Meeting::new();
        let mut batch = pool.map(Fed(Arc::clone(&meeting), false), |()| ());
        assert_eq!(batch.next(), Some(()));
        meeting.attend(2);
        assert_eq!(batch.next(), None);
    });
}

#[cfg(feature = "stream")]
#[test]
fn a_poll_misses_no_result() {
    use futures_core::Stream;
    use std::pin::pin;
    use std::task::{Context, Poll, Wake, Waker};

    struct Woken(Mutex<bool>, Condvar);
    impl Wake for Woken {
        fn wake(self: std::sync::Arc<Self>) {
            *self.0.lock().unwrap() = true;
            self.1.notify_all();
        }
    }
    model(|| {
        let pool = pool(1);
        let mut stream = pin!(pool.map([1, 2], |n| n).into_stream());
        let woken = std::sync::Arc::new(Woken(Mutex::new(false), Condvar::new()));
        let waker = Waker::from(std::sync::Arc::clone(&woken));
        let mut seen = Vec::new();
        loop {
            match stream.as_mut().poll_next(&mut Context::from_waker(&waker)) {
                Poll::Ready(Some(n)) => seen.push(n),
                Poll::Ready(None) => break,
                Poll::Pending => {
                    let mut due = woken.0.lock().unwrap();
                    while !std::mem::take(&mut *due) {
                        due = woken.1.wait(due).unwrap();
                    }
                }
            }
        }
        assert_eq!(seen, [1, 2]);
    });
}

#[test]
fn a_feed_ends_when_all_is_dealt_with() {
    model(|| {
        let (pool, feed, mut seen) = (pool(2), Feed::from([1]), Vec::new());
        pool.as_completed(feed.inputs(), |n| Ok::<_, ()>(*n)).for_each(|done| {
            seen.push(done.input);
            if done.input < 3 {
                feed.push(done.input + 1).unwrap();
            }
        });
        assert_eq!(seen, [1, 2, 3]);
        assert_eq!(feed.push(4), Err(4));
    });
}

#[test]
fn a_feed_whose_consumer_stands_by_loses_no_result() {
    Model { fast: true, ..Model::DEFAULT }.check(|| {
        let pool = pool(1);
        assert_eq!(pool.map([1], |n| n).collect::<Vec<_>>(), [1]);
        // The pool expects the call to be fast, and yet its worker leaves after it.
        sync::FAST.set(false);
        let feed = Feed::from([1]);
        let batch = pool.as_completed(feed.inputs(), |n| Ok::<_, ()>(*n));
        assert_eq!(batch.collect::<Vec<_>>().len(), 1);
    });
}

#[test]
fn what_is_pushed_is_run_or_given_back() {
    model(|| {
        let (pool, feed) = (pool(1), Feed::from([1]));
        let other = feed.clone();
        let thread = loom::thread::spawn(move || other.push(2).is_ok());
        let seen = pool.as_completed(feed.inputs(), |n| Ok::<_, ()>(*n)).count();
        assert_eq!(seen, 1 + usize::from(thread.join().unwrap()));
    });
}

#[test]
fn what_a_call_pushes_is_run_beside_it() {
    model(|| {
        let (pool, feed, meeting) = (pool(2), Feed::from([1]), Meeting::new());
        let inside = feed.clone();
        let batch = pool.as_completed(feed.inputs(), |n| {
            if *n == 1 {
                inside.push(2).unwrap();
            }
            meeting.attend(2);
            Ok::<_, ()>(())
        });
        assert_eq!(batch.collect::<Vec<_>>().len(), 2);
    });
}

#[test]
fn a_nested_feed_needs_one_worker() {
    model(|| {
        let pool = Arc::new(pool(1));
        let inner = Arc::clone(&pool);
        let seen = pool.submit(move || {
            let feed = Feed::from([1]);
            let batch = inner.as_completed(feed.inputs(), |n| match n {
                1 => feed.push(2),
                _ => Ok(()),
            });
            batch.collect::<Vec<_>>().len()
        });
        assert_eq!(seen.join().unwrap(), 2);
    });
}
