//! A program while it runs: its pools, its ledger, and how it ends.

use crate::call::Actor;
use crate::ledger::{Gauge, Ledger};
use crate::noise::Noise;
use crate::plan::{Act, NOISE, PoolPlan, Program, Threads};
use crate::process;
use crate::refusal;
use pool_core::Pool;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

pub(crate) struct World {
    pub(crate) title: String,
    pub(crate) venues: Vec<Arc<Venue>>,
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) noise: Option<Noise>,
    leaks: bool,
}

/// A pool, and what is known of it.
pub(crate) struct Venue {
    pub(crate) plan: PoolPlan,
    pool: Mutex<Option<Arc<Pool>>>,
    /// Calls that run, but not those that wait.
    gauge: Gauge,
    /// What calls hold and take.
    pub(crate) lock: Mutex<()>,
    /// Batches and tasks that may have something left to run. Whoever leaves a batch early never knows, nor does a task's joiner: the
    /// result may be there before the worker has left.
    open: Gauge,
    /// How many of them there were.
    opened: AtomicU64,
    /// Calls that have begun.
    pub(crate) calls: AtomicU64,
    pub(crate) panicked: AtomicU64,
    /// Results that were seen.
    pub(crate) seen: AtomicU64,
}

impl Venue {
    pub(crate) fn new(plan: &PoolPlan) -> Arc<Self> {
        let builder =
            Pool::builder().max_workers(plan.cap).name(process::WORKER).keep_alive(plan.keep_alive);
        let pool = match plan.threads {
            Threads::All => builder,
            Threads::Some => builder.stack_size(refusal::STACK),
            Threads::Fragile => builder.on_start(refusal::now_and_then),
            Threads::None => builder.stack_size(isize::MAX as usize),
        };
        Arc::new(Self {
            plan: plan.clone(),
            pool: Mutex::new(Some(Arc::new(pool.build()))),
            gauge: Gauge::default(),
            lock: Mutex::new(()),
            open: Gauge::default(),
            opened: AtomicU64::new(0),
            calls: AtomicU64::new(0),
            panicked: AtomicU64::new(0),
            seen: AtomicU64::new(0),
        })
    }

    /// The pool, unless it has been dropped.
    pub(crate) fn pool(&self) -> Option<Arc<Pool>> {
        self.pool.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn drop_pool(&self) {
        let pool = self.pool.lock().unwrap_or_else(PoisonError::into_inner).take();
        drop(pool);
    }

    /// Whether threads may be refused.
    pub(crate) fn may_refuse(&self) -> bool {
        self.plan.threads != Threads::All
    }

    /// A batch or a task begins here.
    pub(crate) fn begin(&self) {
        self.opened.fetch_add(1, SeqCst);
        self.open.enter();
    }

    /// A batch is over. If it was the last one, the pool is idle.
    pub(crate) fn end(&self, ledger: &Ledger) {
        self.open.leave();
        let opened = self.opened.load(SeqCst);
        if let (Some(pool), 0) = (self.pool(), self.open.now()) {
            let idle = pool.wait_idle(Duration::ZERO);
            let same = self.opened.load(SeqCst) == opened;
            ledger.check(idle || !same, || "a pool is not idle whose last batch is over".into());
        }
    }

    /// A call runs.
    pub(crate) fn enter(&self, ledger: &Ledger) {
        let (now, most) = (self.gauge.enter(), self.plan.highest);
        ledger.check(now <= most, || {
            format!("{now} calls run at once where {most} may: {:?}", self.plan)
        });
    }

    /// A call ends or waits.
    pub(crate) fn leave(&self) {
        self.gauge.leave();
    }
}

impl World {
    pub(crate) fn new(
        title: String,
        pools: &[PoolPlan],
        noise: Option<usize>,
        leaks: bool,
    ) -> Arc<Self> {
        let ledger = Ledger::new(leaks);
        let noise = noise.filter(|_| NOISE.load(SeqCst)).map(|rate| Noise::new(&ledger, rate));
        Arc::new(Self {
            title,
            venues: pools.iter().map(Venue::new).collect(),
            ledger,
            noise,
            leaks,
        })
    }

    /// Runs a program.
    pub(crate) fn run(self: &Arc<Self>, program: &Program) {
        thread::scope(|scope| {
            for (number, acts) in program.roots.iter().enumerate() {
                let root = thread::Builder::new().name(format!("root-{number}"));
                root.spawn_scoped(scope, move || self.root(acts)).expect("a thread");
            }
        });
        self.end();
    }

    /// Does something from outside all pools.
    pub(crate) fn root(self: &Arc<Self>, acts: &[Act]) {
        let actor = Actor::root(self);
        acts.iter().for_each(|act| actor.act(act));
    }

    /// Sees that all ends as it should.
    pub(crate) fn end(&self) {
        self.settle();
        self.venues.iter().for_each(|venue| venue.drop_pool());
        let since = Instant::now();
        while process::workers() > 0 {
            if since.elapsed() > FOR_EVER {
                self.ledger.fault(format!("{} threads outlive their pools", process::workers()));
                break;
            }
            thread::sleep(Duration::from_micros(50));
        }
        self.ledger.close();
    }

    /// Waits until nothing runs any more, and compares the pools' counters with the ledger.
    fn settle(&self) {
        let since = Instant::now();
        let mut open = self.faulty();
        // What batches of a pool that was dropped still do on others comes after these were idle.
        while !open.is_empty() {
            if since.elapsed() > PATIENCE {
                open.into_iter().for_each(|fault| self.ledger.fault(fault));
                return;
            }
            thread::sleep(Duration::from_micros(50));
            open = self.faulty();
        }
    }

    fn faulty(&self) -> Vec<String> {
        let mut faults = Vec::new();
        for (number, venue) in self.venues.iter().enumerate() {
            let Some(pool) = venue.pool() else { continue };
            if !self.leaks && !pool.wait_idle(FOR_EVER) {
                faults.push(format!("pool {number} is not idle"));
            }
            let (stats, running) = (pool.stats(), venue.gauge.now());
            let (calls, panicked) = (venue.calls.load(SeqCst), venue.panicked.load(SeqCst));
            let exact = stats.completed as u64 == calls && stats.panicked as u64 == panicked;
            let noisy = self.noise.is_some()
                && stats.completed as u64 >= calls
                && stats.panicked as u64 >= panicked;
            if stats.running > 0 || running > 0 || !(exact || noisy) {
                faults.push(format!("pool {number}: {stats:?}, but {calls} calls, {panicked} panicked, {running} run"));
            }
        }
        faults
    }

    /// Prints what is known at the moment.
    pub(crate) fn describe(&self) {
        println!("{}", self.title);
        for (number, venue) in self.venues.iter().enumerate() {
            let pool = venue.pool.try_lock().ok().and_then(|pool| pool.clone());
            let stats = pool.map(|pool| pool.stats());
            let calls = (venue.calls.load(SeqCst), venue.panicked.load(SeqCst), venue.gauge.now());
            println!(
                "pool {number}: {stats:?}; (begun, panicked, running) by the ledger {calls:?}; {:?}",
                venue.plan
            );
        }
        println!("workers {}, calls {}", process::workers(), self.ledger.calls.load(SeqCst));
        self.ledger.faults().iter().for_each(|fault| println!("fault: {fault}"));
    }

    pub(crate) fn calls(&self) -> usize {
        self.ledger.calls.load(SeqCst)
    }

    pub(crate) fn batches(&self) -> usize {
        self.ledger.batches.load(SeqCst)
    }
}

/// For counters to agree, once all is idle.
const PATIENCE: Duration = Duration::from_secs(5);
/// What lasts longer hangs, and has been shown by the watchdog.
const FOR_EVER: Duration = Duration::from_secs(600);
