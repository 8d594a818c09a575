//! The engine under loom: every interleaving of the real code within a bound on preemptions.
//!
//! ```text
//! RUSTFLAGS="--cfg pool_loom" cargo test -p pool-core --release --lib model
//! ```
//!
//! `LOOM_MAX_PREEMPTIONS` sets the bound, 2 unless given. `SEEDED` names a defect to put back (see `sync::seeded`); then a model has to fail.
//! A model ends when every thread has: the pool is dropped, its workers are dismissed, and one that sleeps on is a deadlock.

use crate::{Pool, PoolBuilder, is_cancelled, sync};
use loom::cell::UnsafeCell;
use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::sync::{Arc, Condvar, Mutex};
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

fn model(code: impl Fn() + Send + Sync + 'static) {
    explore(false, code);
}

fn explore(fast: bool, code: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = builder.preemption_bound.or(Some(2));
    builder.max_branches = 20_000;
    let executions = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let count = std::sync::Arc::clone(&executions);
    builder.check(move || {
        count.fetch_add(1, Relaxed);
        sync::FAST.store(fast, Relaxed);
        code();
    });
    println!("{} executions", executions.load(Relaxed));
}

fn pool(max_workers: usize) -> Pool {
    made(Pool::builder().max_workers(max_workers).keep_alive(Duration::from_secs(3600)))
}

/// Makes the crew before other threads come: what orders that is a lock that loom does not see.
fn made(builder: PoolBuilder) -> Pool {
    let pool = builder.build();
    pool.max_workers();
    pool
}

/// Threads end as soon as they find nothing.
fn hasty(max_workers: usize) -> Pool {
    made(Pool::builder().max_workers(max_workers).keep_alive(Duration::ZERO))
}

/// No thread can be started.
fn threadless(max_workers: usize) -> Pool {
    made(Pool::builder().max_workers(max_workers).stack_size(usize::MAX))
}

/// Memory of the caller that calls write and the caller reads afterwards: loom sees a call that is not over by then.
struct Lent(UnsafeCell<usize>);

impl Lent {
    fn new() -> Self {
        Self(UnsafeCell::new(0))
    }

    fn touch(&self) {
        self.0.with(|_| ());
    }

    fn end(&self) {
        self.0.with_mut(|_| ());
    }
}

// SAFETY: for the model's checker only, which reports unordered accesses; nothing is read or written.
unsafe impl Sync for Lent {}

/// Lets calls wait until so many of them run at once.
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
fn two_pushers_share_one_place() {
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
fn a_batch_reaches_its_width_also_through_a_tired_pool() {
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
        let lent = Lent::new();
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
        let lent = Lent::new();
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
    model(|| {
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
    explore(true, || {
        let mut seen = Vec::new();
        pool(2).map([1, 2, 3], |n| n).buffer(2).for_each(|n| seen.push(n));
        assert_eq!(seen, [1, 2, 3]);
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
    model(|| {
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
        let inputs = [Counted::new(&alive), Counted::new(&alive)];
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
fn a_nested_loop_gives_its_place_back_and_gets_it_again() {
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
fn a_cancelled_call_knows() {
    model(|| {
        let pool = pool(1);
        let mut batch = pool.map(0.., |n: usize| (n, is_cancelled()));
        assert_eq!(batch.next(), Some((0, false)));
        drop(batch);
        assert!(pool.wait_idle(Duration::MAX));
    });
}
