//! Scenarios for shuttle: many random interleavings of the whole pool, with the real deques.
//!
//! ```text
//! RUSTFLAGS="--cfg pool_shuttle" cargo test -p pool-core --no-default-features --release --lib scenarios
//! ```
//!
//! Each scenario runs under two schedulers. One picks any thread at each step, and the other (PCT) looks for bugs of
//! few preemptions. `SHUTTLE_ITERATIONS` is the number of schedules for each, which is 200 by default. A failure prints
//! its schedule and its seed, and `SHUTTLE_RANDOM_SEED` repeats it. The scheduler's random numbers also decide whether
//! calls count as fast.
//!
//! `SEEDED` names a defect that [`seeded`](crate::base::sync::seeded) puts back. A schedule ends when every thread has
//! ended, so a worker that sleeps on is a deadlock.

mod batches;
mod nesting;
mod workers;

use crate::{Pool, PoolBuilder};
use shuttle::scheduler::{PctScheduler, RandomScheduler, Scheduler};
use shuttle::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use shuttle::{Config, Runner, thread};
use std::panic::resume_unwind;
use std::sync::Arc;
use std::time::Duration;

/// One more than the number of preemptions of the bugs that PCT looks for.
const DEPTH: usize = 3;

fn explore(scenario: impl Fn() + Send + Sync + 'static) {
    /// Names the schedule of a run that fails, and its seed.
    struct Seed(&'static str, u64, Arc<std::sync::atomic::AtomicUsize>);
    impl Drop for Seed {
        fn drop(&mut self) {
            if std::thread::panicking() {
                let Self(name, seed, begun) = self;
                let begun = begun.load(SeqCst);
                eprintln!("failed under {name} in schedule {begun}; SHUTTLE_RANDOM_SEED={seed}");
            }
        }
    }
    fn run(
        scheduler: impl Scheduler + 'static,
        name: &'static str,
        seed: u64,
        scenario: Arc<impl Fn() + Send + Sync + 'static>,
    ) {
        let begun = Arc::new(std::sync::atomic::AtomicUsize::new(0));
        let _seed = Seed(name, seed, Arc::clone(&begun));
        let mut config = Config::new();
        config.stack_size = 1 << 18;
        let schedules = Runner::new(scheduler, config).run(move || {
            begun.fetch_add(1, SeqCst);
            scenario();
        });
        println!("{schedules} schedules, {name}");
    }
    let number = |name: &str| std::env::var(name).ok().and_then(|number| number.parse().ok());
    let iterations = number("SHUTTLE_ITERATIONS").unwrap_or(200) as usize;
    let seed = number("SHUTTLE_RANDOM_SEED").unwrap_or_else(|| {
        std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), "seed")
    });
    let scenario = Arc::new(scenario);
    run(RandomScheduler::new_from_seed(seed, iterations), "random", seed, Arc::clone(&scenario));
    run(PctScheduler::new_from_seed(seed, DEPTH, iterations), "PCT", seed, scenario);
}

fn lasting() -> PoolBuilder {
    Pool::builder().keep_alive(Duration::from_secs(3600))
}

/// A pool whose threads end as soon as they find nothing.
fn hasty() -> PoolBuilder {
    Pool::builder().keep_alive(Duration::ZERO)
}

/// A pool whose calls count themselves and check its cap.
#[derive(Clone)]
struct Capped {
    pool: Arc<Pool>,
    cap: usize,
    running: Arc<AtomicUsize>,
}

impl Capped {
    fn new(builder: PoolBuilder, cap: usize) -> Self {
        Self { pool: Arc::new(builder.max_workers(cap).build()), cap, running: Arc::default() }
    }

    /// A piece of a call that does not wait.
    fn work(&self) {
        let before = self.running.fetch_add(1, SeqCst);
        assert!(before < self.cap, "{} calls run at once", before + 1);
        thread::yield_now();
        self.running.fetch_sub(1, SeqCst);
    }
}

/// Panics without the message that a hook would print.
fn quiet_panic<R>() -> R {
    resume_unwind(Box::new("on purpose"))
}

/// A value that counts how many of its kind are alive.
struct Counted(Arc<AtomicUsize>);

impl Counted {
    fn new(alive: &Arc<AtomicUsize>) -> Self {
        alive.fetch_add(1, SeqCst);
        Self(Arc::clone(alive))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, SeqCst);
    }
}
