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

mod ends;
mod fast_calls;
mod overdue;
mod rests;
mod results;
mod sent;
mod waiting_calls;
mod workers;

use super::meeting::Meeting;
use crate::base::sync;
use crate::{Pool, PoolBuilder};
use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::sync::{Arc, Condvar, Mutex};
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
