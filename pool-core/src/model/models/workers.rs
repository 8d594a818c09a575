//! Workers come, sleep and go: no hint is lost, and no more calls run at once than the cap allows.

use super::{Alone, Meeting, Model, hasty, made, model, pool, threadless};
use crate::Pool;
use crate::threads::parked::{Parked, Standing};
use crate::threads::permits::{Permits, Wake};
use crate::threads::queue::{Local, Queue};
use loom::sync::Arc;
use std::panic::resume_unwind;
use std::time::Duration;

#[test]
fn an_idle_worker_is_woken() {
    model(|| {
        let pool = pool(1);
        assert_eq!(pool.submit(|| 1).join().unwrap(), 1);
        assert_eq!(pool.submit(|| 2).join().unwrap(), 2);
    });
}

#[test]
fn a_worker_that_retires_leaves_no_hint_behind() {
    model(|| {
        let pool = hasty(1);
        let first = pool.submit(|| 1);
        let second = pool.submit(|| 2);
        assert_eq!((first.join().unwrap(), second.join().unwrap()), (1, 2));
    });
}

#[test]
fn two_pushers_share_one_permit() {
    model(|| {
        let pool = Arc::new(pool(1));
        let other = Arc::clone(&pool);
        let thread = loom::thread::spawn(move || other.submit(|| 1).join().unwrap());
        assert_eq!(pool.submit(|| 2).join().unwrap(), 2);
        assert_eq!(thread.join().unwrap(), 1);
    });
}

#[test]
fn as_many_calls_run_at_once_as_the_cap_allows() {
    model(|| {
        let pool = pool(2);
        let meeting = Meeting::new();
        let tasks = [0, 1].map(|_| {
            let meeting = Arc::clone(&meeting);
            pool.submit(move || meeting.attend(2))
        });
        for task in tasks {
            task.join().unwrap();
        }
    });
}

#[test]
fn a_batch_reaches_the_cap_while_threads_retire() {
    model(|| {
        let pool = hasty(2);
        let meeting = Meeting::new();
        pool.map([1, 2], |_| meeting.attend(2)).for_each(drop);
    });
}

#[test]
fn consumers_help_themselves_when_no_thread_can_be_started() {
    model(|| {
        let pool = Arc::new(threadless(1));
        let other = Arc::clone(&pool);
        let thread = loom::thread::spawn(move || other.map([1], |n| n).collect::<Vec<_>>());
        assert_eq!(pool.map([2], |n| n).collect::<Vec<_>>(), [2]);
        assert_eq!(thread.join().unwrap(), [1]);
    });
}

#[test]
fn a_raised_cap_is_used() {
    model(|| {
        let pool = pool(1);
        let meeting = Meeting::new();
        let tasks = [0, 1].map(|_| {
            let meeting = Arc::clone(&meeting);
            pool.submit(move || meeting.attend(2))
        });
        pool.set_max_workers(2);
        for task in tasks {
            task.join().unwrap();
        }
    });
}

#[test]
fn the_hints_of_a_thread_outlive_it() {
    // A minute with two preemptions.
    Model { bound: 1, ..Model::DEFAULT }.check(|| {
        let pool = Arc::new(pool(2));
        let inner = Arc::clone(&pool);
        // The hint of the inner batch is in the deque of a worker that retires, since the cap is lowered.
        let nested = pool.submit(move || inner.map([1], |n| n).start());
        let other = pool.submit(|| ());
        pool.set_max_workers(1);
        assert_eq!(nested.join().unwrap().collect::<Vec<_>>(), [1]);
        other.join().unwrap();
    });
}

/// A queue with one hint, in the deque of a thread that retires.
fn moving() -> (Arc<Queue<()>>, loom::thread::JoinHandle<()>) {
    let (queue, local) = (Arc::new(Queue::new()), Local::new(0));
    local.push(&queue, ());
    let ending = Arc::clone(&queue);
    (queue, loom::thread::spawn(move || ending.retire(local)))
}

#[test]
fn a_hint_counts_while_it_moves() {
    model(|| {
        let (queue, thread) = moving();
        assert!(queue.waiting() > 0);
        thread.join().unwrap();
        assert_eq!((queue.find(0), queue.waiting()), (Some(()), 0));
    });
}

#[test]
fn a_hint_is_seen_while_it_moves() {
    model(|| {
        let (queue, thread) = moving();
        assert_eq!(queue.all(), [()]);
        thread.join().unwrap();
    });
}

#[test]
fn a_cap_that_was_lowered_and_raised_is_used() {
    // A minute with two preemptions.
    Model { bound: 1, ..Model::DEFAULT }.check(|| {
        let pool = pool(2);
        let batch = pool.map([1], |n| n).start();
        pool.set_max_workers(1);
        pool.set_max_workers(2);
        assert_eq!(batch.collect::<Vec<_>>(), [1]);
    });
}

#[test]
fn a_guest_waits_for_the_permit_of_a_worker() {
    /// Claims to be empty, so the consumer calls its `next` as a guest.
    struct Empty(Alone);
    impl Iterator for Empty {
        type Item = ();

        fn next(&mut self) -> Option<()> {
            self.0.run();
            None
        }

        fn size_hint(&self) -> (usize, Option<usize>) {
            (0, Some(0))
        }
    }
    model(|| {
        let pool = pool(1);
        let alone = Alone::new();
        let worker = alone.clone();
        let task = pool.submit(move || worker.run());
        assert_eq!(pool.map(Empty(alone), |()| ()).collect::<Vec<_>>(), []);
        task.join().unwrap();
    });
}

#[test]
fn one_thread_is_enough_when_no_second_can_be_started() {
    // Half a minute with two preemptions.
    Model { starts: 1, bound: 1, ..Model::DEFAULT }.check(|| {
        let pool = pool(2);
        let task = pool.submit(|| 1);
        assert_eq!(pool.map([2], |n| n).collect::<Vec<_>>(), [2]);
        assert_eq!(task.join().unwrap(), 1);
    });
}

#[test]
fn three_consumers_help_themselves_one_at_a_time() {
    // Half a minute with two preemptions.
    Model { bound: 1, ..Model::DEFAULT }.check(|| {
        let pool = Arc::new(threadless(1));
        let alone = Alone::new();
        let threads = [1, 2].map(|n| {
            let (pool, alone) = (Arc::clone(&pool), alone.clone());
            loom::thread::spawn(move || pool.map([n], |_| alone.run()).for_each(drop))
        });
        pool.map([3], |_| alone.run()).for_each(drop);
        threads.into_iter().for_each(|thread| thread.join().unwrap());
    });
}

#[test]
fn wait_idle_returns_when_the_last_batch_ends() {
    model(|| {
        let pool = Arc::new(pool(1));
        let batch = pool.map([1], |n| n).start();
        let other = Arc::clone(&pool);
        let thread = loom::thread::spawn(move || other.wait_idle(Duration::MAX));
        assert_eq!(batch.collect::<Vec<_>>(), [1]);
        assert!(pool.wait_idle(Duration::MAX));
        assert!(thread.join().unwrap());
    });
}

#[test]
fn the_pool_is_idle_once_its_only_batch_is_collected() {
    model(|| {
        let pool = pool(1);
        assert_eq!(pool.map([1, 2], |n| n).collect::<Vec<_>>(), [1, 2]);
        assert!(pool.wait_idle(Duration::ZERO));
    });
}

#[test]
fn a_batch_outlives_its_pool() {
    model(|| {
        let pool = pool(1);
        let batch = pool.map([1, 2], |n| n);
        let thread = loom::thread::spawn(move || drop(pool));
        assert_eq!(batch.collect::<Vec<_>>(), [1, 2]);
        thread.join().unwrap();
    });
}

#[test]
fn calls_that_return_and_hints_take_turns() {
    model(|| {
        let (permits, [one, two]) = (Permits::new(1), [(); 2].map(|()| Parked::current()));
        let (none, a_hint) = (|| 0, || 1);
        assert!(permits.enter_as_guest());
        assert_eq!(permits.give_up(&one, none), Wake::Done);
        assert!(permits.enter_as_guest());
        permits.call_back(&one);
        // A hint waits from here on. The call that returns goes first, and the hint before the next call.
        assert_eq!(permits.give_up(&two, a_hint), Wake::Done);
        assert_eq!(one.standing(), Standing::Permitted);
        permits.call_back(&two);
        assert_eq!(permits.give_up(&one, a_hint), Wake::Start);
        permits.call_back(&one);
        assert_ne!(two.standing(), Standing::Permitted);
    });
}

#[test]
fn one_task_at_a_time_needs_one_thread() {
    model(|| {
        let pool = pool(2);
        for n in 0..2 {
            assert_eq!(pool.submit(move || n).join().unwrap(), n);
        }
        assert_eq!(pool.stats().threads, 1);
    });
}

#[test]
fn tasks_that_were_cancelled_leave_the_queue() {
    Model { bound: 1, ..Model::DEFAULT }.check(|| {
        let (pool, meeting) = (pool(1), Meeting::new());
        let met = Arc::clone(&meeting);
        let busy = pool.submit(move || met.attend(2));
        for _ in 0..4 {
            let _ = pool.submit(|| ()).cancel();
        }
        assert!(!pool.crew().is_wanted_elsewhere(2));
        meeting.attend(2);
        busy.join().unwrap();
    });
}

#[test]
fn a_thread_whose_start_panics_counts_as_refused() {
    model(|| {
        let pool = made(Pool::builder().max_workers(1).on_start(|| resume_unwind(Box::new(()))));
        assert_eq!(pool.map([1], |n| n).collect::<Vec<_>>(), [1]);
        assert_eq!(pool.submit(|| 2).join().unwrap(), 2);
    });
}

#[test]
fn a_parked_worker_comes_when_another_thread_could_not_be_started() {
    Model { starts: 1, ..Model::DEFAULT }.check(|| {
        let pool = Arc::new(pool(2));
        let first = pool.submit(|| ());
        let other = Arc::clone(&pool);
        // No thread waits for these two. The first worker may have run one of them and be parked again while the other
        // one counts on the thread that is being started.
        let pusher = loom::thread::spawn(move || drop(other.submit(|| ())));
        drop(pool.submit(|| ()));
        pusher.join().unwrap();
        first.join().unwrap();
    });
}
