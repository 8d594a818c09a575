//! Fast calls: the threads that stand by lose no result, and hold nothing back.

use super::{Meeting, Model, Progress, pool};
use loom::sync::atomic::{AtomicUsize, Ordering};

#[test]
fn fast_calls_lose_no_result() {
    // Half a minute with two preemptions.
    Model { fast: true, bound: 1, ..Model::DEFAULT }.check(|| {
        let mut seen = Vec::new();
        pool(2).map([1, 2, 3], |n| n).buffer(2).for_each(|n| seen.push(n));
        assert_eq!(seen, [1, 2, 3]);
    });
}

#[test]
fn a_consumer_stands_by_for_fast_calls_only_for_a_moment() {
    Model { fast: true, ..Model::DEFAULT }.check(|| {
        let pool = pool(2);
        assert_eq!(pool.map([1], |n| n).collect::<Vec<_>>(), [1]);
        // The pool expects these to be fast, and yet both must run at once.
        let meeting = Meeting::new();
        pool.map([1, 2], |_| meeting.attend(2)).collect::<Vec<_>>();
    });
}

#[test]
fn one_worker_stands_by_while_another_is_fast() {
    // A quarter of a minute with two preemptions.
    Model { fast: true, bound: 1, ..Model::DEFAULT }.check(|| {
        let pool = pool(2);
        // The last call is slow, so the worker that stands by has to take another one.
        let meeting = Meeting::new();
        let seen = pool.map([1, 2, 2], |all| meeting.attend(all));
        assert_eq!(seen.collect::<Vec<_>>().len(), 3);
    });
}

#[test]
fn a_result_is_seen_while_the_next_fast_call_runs() {
    Model { fast: true, ..Model::DEFAULT }.check(|| {
        let seen = Progress::new();
        let waits = |n| {
            seen.wait_for(n);
            n
        };
        let mut all = Vec::new();
        pool(1).map(0..4, waits).for_each(|n| {
            all.push(n);
            seen.advance();
        });
        assert_eq!(all, [0, 1, 2, 3]);
    });
}

#[test]
fn one_thread_at_a_time_is_in_the_inputs_of_fast_calls() {
    Model { fast: true, ..Model::DEFAULT }.check(|| {
        // Loom reports two threads inside at once, and a thread that enters without happening-after the one before.
        let (mut inputs, mut own) = (0..4, AtomicUsize::new(0));
        let inputs = std::iter::from_fn(|| {
            own.with_mut(|_| ());
            inputs.next()
        });
        let slow = Meeting::new();
        // The second call waits for a later one, so that another worker has to come while it runs.
        let call = |n| {
            if n % 2 == 1 {
                slow.attend(2)
            }
        };
        pool(2).map(inputs, call).collect::<Vec<_>>();
    });
}

#[test]
fn fast_inputs_of_unknown_number_are_shared() {
    Model { fast: true, ..Model::DEFAULT }.check(|| {
        let meeting = Meeting::new();
        // The last two must run at once.
        let inputs = [1, 1, 2, 2].into_iter().filter(|_| true);
        let seen = pool(2).map(inputs, |all| {
            if all > 1 {
                meeting.attend(all)
            }
        });
        assert_eq!(seen.collect::<Vec<_>>().len(), 4);
    });
}

#[test]
fn a_fast_worker_leaves_no_waiter_behind() {
    Model { fast: true, ..Model::DEFAULT }.check(|| {
        let (outer, inner) = (pool(1), pool(1));
        // Inside a call the consumer never polls again by itself, so a worker has to wake it.
        let task = outer.submit(move || {
            let seen = Progress::new();
            let waits = |n| {
                seen.wait_for(n);
                n
            };
            inner.map(0..3, waits).for_each(|_| seen.advance());
        });
        task.join().unwrap();
    });
}

#[test]
fn a_second_worker_comes_after_the_buffer_was_full() {
    Model { fast: true, bound: 1, ..Model::DEFAULT }.check(|| {
        let meeting = Meeting::new();
        let mut calls = 0;
        let met = |all| {
            if all > 1 {
                meeting.attend(all)
            }
        };
        pool(2).map([1, 1, 1, 2, 2], met).buffer(2).for_each(|()| calls += 1);
        assert_eq!(calls, 5);
    });
}

#[test]
fn a_stop_ends_fast_calls() {
    Model { fast: true, ..Model::DEFAULT }.check(|| {
        let pool = pool(1);
        let calls = AtomicUsize::new(0);
        let batch = pool.map(0..4, |_| calls.fetch_add(1, Ordering::Relaxed));
        let stop = batch.stop_handle();
        let thread = loom::thread::spawn(move || stop.stop());
        let seen: Vec<usize> = batch.collect();
        assert_eq!(seen.len(), calls.load(Ordering::Relaxed));
        thread.join().unwrap();
    });
}
