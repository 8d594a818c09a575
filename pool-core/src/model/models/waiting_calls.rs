//! Calls that wait for batches: they go on within the cap, and nothing waits for ever.

use super::{Alone, Meeting, Model, Progress, model, pool};
use crate::model::meeting::hold_a_lock_across_a_nested_loop;
use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::sync::{Arc, Mutex};
use std::time::Duration;

#[test]
fn a_nested_batch_completes_on_one_worker() {
    model(|| {
        let pool = Arc::new(pool(1));
        let inner = Arc::clone(&pool);
        let sum =
            pool.submit(move || inner.map([1, 2], |n| n).collect::<Vec<_>>().iter().sum::<i32>());
        assert_eq!(sum.join().unwrap(), 3);
    });
}

#[test]
fn a_nested_loop_gives_its_permit_up_and_gets_one_again() {
    model(|| {
        let pool = Arc::new(pool(1));
        let inner = Arc::clone(&pool);
        let sum = pool.submit(move || {
            let mut sum = 0;
            inner.map([1, 2], |n| n).for_each(|n| sum += n);
            sum
        });
        let other = pool.submit(|| 4);
        assert_eq!(sum.join().unwrap() + other.join().unwrap(), 7);
    });
}

#[test]
fn two_pools_wait_for_each_other() {
    model(|| {
        let (one, two) = (Arc::new(pool(1)), Arc::new(pool(1)));
        let (back, forth) = (Arc::clone(&one), Arc::clone(&two));
        let task = one.submit(move || {
            let back = Arc::clone(&back);
            forth.submit(move || back.submit(|| 5).join().unwrap()).join().unwrap()
        });
        assert_eq!(task.join().unwrap(), 5);
    });
}

#[test]
fn the_cap_holds_while_a_call_waits_and_comes_back() {
    model(|| {
        let pool = Arc::new(pool(1));
        let running = Arc::new(AtomicUsize::new(0));
        let call = |running: &Arc<AtomicUsize>| {
            assert_eq!(running.fetch_add(1, Ordering::SeqCst), 0);
            running.fetch_sub(1, Ordering::SeqCst);
        };
        let (inner, count) = (Arc::clone(&pool), Arc::clone(&running));
        let outer = pool.submit(move || {
            call(&count);
            let inside = Arc::clone(&count);
            inner.map([1], move |_| call(&inside)).for_each(drop);
            call(&count);
        });
        let count = Arc::clone(&running);
        pool.submit(move || call(&count)).join().unwrap();
        outer.join().unwrap();
    });
}

#[test]
fn a_lock_may_be_held_across_a_nested_loop() {
    // Minutes with two preemptions: four threads.
    Model { bound: 1, ..Model::DEFAULT }.check(|| hold_a_lock_across_a_nested_loop(pool(2)));
}

#[test]
fn a_call_that_waited_goes_on_within_the_cap() {
    // Minutes with two preemptions: four threads.
    Model { bound: 1, ..Model::DEFAULT }.check(|| {
        let (one, two, alone) = (pool(1), pool(1), Alone::new());
        let (waited, other) = (alone.clone(), alone);
        let outer = one.submit(move || {
            drop(two.submit(|| ()));
            assert!(two.wait_idle(Duration::MAX));
            waited.run();
        });
        one.submit(move || other.run()).join().unwrap();
        outer.join().unwrap();
    });
}

#[test]
fn a_call_that_feeds_its_own_batch_waits_outside_the_inputs() {
    // Three quarters of a minute. With one preemption the model would catch no defect.
    model(|| {
        let pool = Arc::new(pool(2));
        let inner = Arc::clone(&pool);
        let task = pool.submit(move || {
            let (sent, mut taken) = (Progress::new(), 0);
            let inputs = std::iter::from_fn(|| {
                taken += 1;
                sent.wait_for(taken);
                (taken < 3).then_some(taken)
            });
            inner.map(inputs, |n| n).max_workers(1).scope(|results| {
                // A worker leaves the batch for this task, once it has run two inputs.
                drop(inner.submit(|| ()));
                sent.advance();
                sent.advance();
                assert_eq!(results.next(), Some(1));
                sent.advance();
            });
        });
        task.join().unwrap();
    });
}

#[test]
fn a_lock_may_be_held_while_calls_return_that_block_on_it() {
    // The model forces every step, so it needs no preemption.
    Model { starts: 4, bound: 0, ..Model::DEFAULT }.check(|| {
        let (pool, other) = (Arc::new(pool(2)), Arc::new(pool(1)));
        let (lock, step) = (Arc::new(Mutex::new(())), Arc::new(Progress::new()));
        let blocks = |lock: &Arc<Mutex<()>>| {
            let lock = Arc::clone(lock);
            move || drop(lock.lock().unwrap())
        };
        // This call waits for another pool, returns, and blocks on the lock.
        let (then, came) = (blocks(&lock), Arc::clone(&step));
        let back = pool.submit(move || {
            other.submit(move || came.wait_for(1)).join().unwrap();
            then();
        });
        let (inner, held, gone) = (Arc::clone(&pool), Arc::clone(&lock), Arc::clone(&step));
        let holder = pool.submit(move || {
            let _held = held.lock().unwrap();
            let (call, go) = (Arc::clone(&gone), gone);
            let task = inner.submit(move || {
                call.advance();
                call.wait_for(3);
            });
            go.wait_for(2);
            task.join().unwrap();
        });
        let until = |wanted| {
            while pool.crew().permit_is_wanted() != wanted {
                loom::thread::yield_now();
            }
        };
        // The holder has one permit and its task the other one, so the call that returns waits in the line.
        until(true);
        let last = pool.submit(blocks(&lock));
        step.advance();
        // The call that returns has got the holder's permit. The next free permit would go to the last call.
        until(false);
        step.advance();
        holder.join().unwrap();
        back.join().unwrap();
        last.join().unwrap();
    });
}

#[test]
fn a_lock_may_be_held_while_the_cap_is_lowered() {
    Model { bound: 1, ..Model::DEFAULT }.check(|| {
        let pool = Arc::new(pool(2));
        let (lock, meeting) = (Arc::new(Mutex::new(())), Meeting::new());
        let (held, met) = (Arc::clone(&lock), Arc::clone(&meeting));
        let inner = Arc::clone(&pool);
        let holder = pool.submit(move || {
            let _held = held.lock().unwrap();
            met.attend(2);
            inner.map([1, 2], |_| ()).for_each(drop);
        });
        let blocked = pool.submit(move || {
            meeting.attend(2);
            drop(lock.lock().unwrap());
        });
        pool.set_max_workers(1);
        holder.join().unwrap();
        blocked.join().unwrap();
    });
}

#[test]
fn a_call_that_feeds_its_batch_keeps_its_permit_while_another_returns() {
    Model { bound: 2, ..Model::DEFAULT }.check(|| {
        let (pool, other) = (Arc::new(pool(1)), Arc::new(pool(1)));
        let back = pool.submit(move || other.submit(|| ()).join().unwrap());
        let inner = Arc::clone(&pool);
        let feeder = pool.submit(move || {
            let sent = Progress::new();
            sent.advance();
            let mut taken = 0;
            let inputs = std::iter::from_fn(|| {
                taken += 1;
                sent.wait_for(taken);
                (taken < 3).then_some(taken)
            });
            inner.map(inputs, |n| n).for_each(|_| sent.advance());
        });
        feeder.join().unwrap();
        back.join().unwrap();
    });
}

/// An iterator that claims to be empty and is not.
struct Liar(std::option::IntoIter<usize>);

impl Iterator for Liar {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        self.0.next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, Some(0))
    }
}

#[test]
fn inputs_that_claim_to_be_empty_do_not_deadlock_when_nested() {
    model(|| {
        let (one, two) = (Arc::new(pool(1)), Arc::new(pool(1)));
        let (back, forth) = (Arc::clone(&one), Arc::clone(&two));
        let task = one.submit(move || {
            let inputs = Liar(Some(5).into_iter());
            forth.map(inputs, |n| back.submit(move || n).join().unwrap()).collect::<Vec<_>>()
        });
        assert_eq!(task.join().unwrap(), [5]);
    });
}

#[test]
fn a_call_whose_result_is_there_comes_before_a_new_one() {
    Model { bound: 1, ..Model::DEFAULT }.check(|| {
        let (pool, other) = (pool(1), Arc::new(pool(1)));
        let (step, order) = (Arc::new(Progress::new()), Arc::new(Mutex::new(Vec::new())));
        let (elsewhere, opens, first) = (Arc::clone(&other), Arc::clone(&step), Arc::clone(&order));
        let waits = pool.submit(move || {
            elsewhere.submit(move || opens.wait_for(2)).join().unwrap();
            first.lock().unwrap().push(1);
        });
        let runs = Arc::clone(&step);
        // This call runs only after the other one has given its permit up.
        let busy = pool.submit(move || {
            runs.advance();
            runs.wait_for(3);
        });
        let second = Arc::clone(&order);
        let new = pool.submit(move || second.lock().unwrap().push(2));
        step.wait_for(1);
        step.advance();
        assert!(other.wait_idle(Duration::MAX));
        step.advance();
        busy.join().unwrap();
        waits.join().unwrap();
        new.join().unwrap();
        assert_eq!(*order.lock().unwrap(), [1, 2]);
    });
}
