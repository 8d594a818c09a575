//! Models for loom: every interleaving of the real code within a bound on preemptions.
//!
//! ```text
//! RUSTFLAGS="--cfg pool_loom" cargo test -p pool-core --no-default-features --features stream,tracing --release \
//!     --lib model
//! ```
//!
//! `LOOM_MAX_PREEMPTIONS` sets the bound, which is 2 by default. A model that would take more than ten seconds has a
//! bound of its own. `SEEDED` names a defect that [`seeded`](crate::base::sync::seeded) puts back. Then a model has to
//! fail, and `.ci/seeded` checks that for every defect.
//!
//! A model ends when every thread has ended. Dropping the pool dismisses its workers, so a worker that sleeps on is a
//! deadlock.

use crate::base::sync;
use crate::threads::parked::Parked;
use crate::threads::permits::{Permits, Wake};
use crate::threads::queue::Queue;
use crate::{Feed, Pool, PoolBuilder, is_cancelled};
use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::sync::{Arc, Condvar, Mutex};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::time::Duration;

fn model(code: impl Fn() + Send + Sync + 'static) {
    Model::DEFAULT.check(code);
}

/// What a model sets, besides the scheduler's choices.
struct Model {
    /// Whether calls are fast.
    fast: bool,
    /// How many threads can start.
    starts: usize,
    /// The most preemptions that the model has time for.
    bound: usize,
}

impl Model {
    const DEFAULT: Self = Self { fast: false, starts: usize::MAX, bound: usize::MAX };

    fn check(self, code: impl Fn() + Send + Sync + 'static) {
        let mut builder = loom::model::Builder::new();
        builder.preemption_bound = Some(builder.preemption_bound.unwrap_or(2).min(self.bound));
        builder.max_branches = 20_000;
        let executions = std::sync::Arc::new(std::sync::Mutex::new(0));
        let count = std::sync::Arc::clone(&executions);
        builder.check(move || {
            *count.lock().unwrap() += 1;
            sync::FAST.set(self.fast);
            sync::STARTS.set(self.starts);
            code();
        });
        println!("{} executions", executions.lock().unwrap());
    }
}

fn pool(max_workers: usize) -> Pool {
    made(Pool::builder().max_workers(max_workers).keep_alive(Duration::from_secs(3600)))
}

/// Makes the crew before other threads use the pool, since loom does not see the `OnceLock` that orders them.
fn made(builder: PoolBuilder) -> Pool {
    let pool = builder.build();
    pool.max_workers();
    pool
}

/// A pool whose threads end as soon as they find nothing.
fn hasty(max_workers: usize) -> Pool {
    made(Pool::builder().max_workers(max_workers).keep_alive(Duration::ZERO))
}

/// A pool that can start no thread.
fn threadless(max_workers: usize) -> Pool {
    made(Pool::builder().max_workers(max_workers).stack_size(usize::MAX))
}

/// Memory of the caller. Calls read it, and the caller writes it afterwards. Loom reports a call that still runs.
struct Lent(AtomicUsize);

impl Lent {
    fn new() -> Self {
        Self(AtomicUsize::new(0))
    }

    fn touch(&self) {
        self.0.load(Ordering::Relaxed);
    }

    fn end(&mut self) {
        self.0.with_mut(|_| ());
    }
}

/// Blocks each call until `all` of them run at once.
struct Meeting(Mutex<usize>, Condvar);

impl Meeting {
    fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::new(0), Condvar::new()))
    }

    fn attend(&self, all: usize) {
        let mut here = self.0.lock().unwrap();
        *here += 1;
        self.1.notify_all();
        while *here < all {
            here = self.1.wait(here).unwrap();
        }
    }
}

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

#[test]
fn a_hint_counts_while_it_moves() {
    model(|| {
        let queue = Arc::new(Queue::new());
        let local = queue.enlist();
        local.push(&queue, ());
        let ending = Arc::clone(&queue);
        let thread = loom::thread::spawn(move || ending.retire(local));
        assert!(queue.waiting() > 0);
        thread.join().unwrap();
        assert_eq!((queue.find(0), queue.waiting()), (Some(()), 0));
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
fn a_lock_may_be_held_across_a_nested_loop() {
    // Minutes with two preemptions: four threads.
    Model { bound: 1, ..Model::DEFAULT }.check(|| {
        let pool = Arc::new(pool(2));
        let (lock, meeting) = (Arc::new(Mutex::new(())), Meeting::new());
        let (inner, held, met) = (Arc::clone(&pool), Arc::clone(&lock), Arc::clone(&meeting));
        let holder = pool.submit(move || {
            let _held = held.lock().unwrap();
            inner.map([1], |_| met.attend(2)).for_each(drop);
        });
        // These two may get both permits while the holder waits, unless it gets one handed over.
        let others = [0, 1].map(|_| {
            let (lock, meeting) = (Arc::clone(&lock), Arc::clone(&meeting));
            pool.submit(move || {
                meeting.attend(1);
                drop(lock.lock().unwrap());
            })
        });
        holder.join().unwrap();
        others.into_iter().for_each(|task| task.join().unwrap());
    });
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
fn a_sleeping_call_wakes_when_its_batch_is_dropped() {
    model(|| {
        let pool = pool(1);
        drop(pool.map([1], |_| crate::sleep(Duration::from_secs(3600))).start());
        assert!(pool.wait_idle(Duration::MAX));
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

/// Panics if two calls run at once.
#[derive(Clone)]
struct Alone(Arc<AtomicUsize>);

impl Alone {
    fn new() -> Self {
        Self(Arc::new(AtomicUsize::new(0)))
    }

    fn run(&self) {
        assert_eq!(self.0.fetch_add(1, Ordering::SeqCst), 0);
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
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

/// A count of steps that calls wait for.
struct Progress(Mutex<usize>, Condvar);

impl Progress {
    fn new() -> Self {
        Self(Mutex::new(0), Condvar::new())
    }

    fn advance(&self) {
        *self.0.lock().unwrap() += 1;
        self.1.notify_all();
    }

    fn wait_for(&self, steps: usize) {
        let mut now = self.0.lock().unwrap();
        while *now < steps {
            now = self.1.wait(now).unwrap();
        }
    }
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
        assert!(permits.is_permitted(&one));
        permits.call_back(&two);
        assert_eq!(permits.give_up(&one, a_hint), Wake::Start);
        permits.call_back(&one);
        assert!(!permits.is_permitted(&two));
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
    let broken = tracing::Dispatch::new(Broken);
    let outcome = dispatcher::with_default(&broken, || {
        let at = At { pool: "pool", index: 0 };
        Site::here().run(at, || ())
    });
    assert!(outcome.is_err());
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

/// A state whose `Drop` touches memory of the caller.
struct Borrows<'a>(&'a Lent, u8);

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
            Borrows(&lent, 0)
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
fn a_thread_whose_start_panics_counts_as_refused() {
    model(|| {
        let pool = made(Pool::builder().max_workers(1).on_start(|| resume_unwind(Box::new(()))));
        assert_eq!(pool.map([1], |n| n).collect::<Vec<_>>(), [1]);
        assert_eq!(pool.submit(|| 2).join().unwrap(), 2);
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
