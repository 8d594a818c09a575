//! A program while it runs: its pools, its ledger, and how it ends.

use crate::call::Actor;
use crate::ledger::Ledger;
use crate::lives;
use crate::noise::Noise;
use crate::plan::{Act, NOISE, PoolPlan, Program};
use crate::process;
use crate::venue::Venue;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

pub(crate) struct World {
    pub(crate) title: String,
    pub(crate) venues: Vec<Arc<Venue>>,
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) noise: Option<Noise>,
    leaks: bool,
    /// Threads that do something later.
    beside: Mutex<Vec<JoinHandle<()>>>,
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
            beside: Mutex::new(Vec::new()),
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

    /// Does something after that time, on a thread of that name.
    pub(crate) fn later(&self, name: &str, time: Duration, code: impl FnOnce() + Send + 'static) {
        let thread = thread::Builder::new().name(name.into()).spawn(move || {
            thread::sleep(time);
            code();
        });
        let mut beside = self.beside.lock().unwrap_or_else(PoisonError::into_inner);
        beside.retain(|thread| !thread.is_finished());
        beside.push(thread.expect("a thread"));
    }

    fn join_beside(&self) {
        let threads =
            std::mem::take(&mut *self.beside.lock().unwrap_or_else(PoisonError::into_inner));
        threads.into_iter().for_each(|thread| thread.join().expect("it does not panic"));
    }

    /// Sees that all ends as it should.
    pub(crate) fn end(&self) {
        self.join_beside();
        self.settle();
        self.venues.iter().for_each(|venue| venue.drop_pool());
        let since = Instant::now();
        while process::workers() > 0 || lives::now() != 0 {
            if since.elapsed() > FOR_EVER {
                let (workers, lives) = (process::workers(), lives::now());
                self.ledger
                    .fault(format!("{workers} threads outlive their pools, {lives} unended"));
                break;
            }
            thread::sleep(Duration::from_micros(50));
        }
        // What stops a batch holds it.
        self.join_beside();
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
            let still =
                stats.running + stats.resting + stats.waiting + stats.abandoned + running == 0;
            if !still || !(exact || noisy) {
                faults.push(format!("pool {number}: {stats:?}, but {calls} calls, {panicked} panicked, {running} run"));
            }
        }
        faults
    }

    /// Prints what is known at the moment.
    pub(crate) fn describe(&self) {
        println!("{}", self.title);
        for (number, venue) in self.venues.iter().enumerate() {
            let pool = venue.pool_if_free();
            let stats = pool.map(|pool| pool.stats());
            let calls = (venue.calls.load(SeqCst), venue.panicked.load(SeqCst), venue.gauge.now());
            println!(
                "pool {number}: {stats:?}; (begun, panicked, running) by the ledger {calls:?}; {:?}",
                venue.plan
            );
        }
        let (workers, lives) = (process::workers(), lives::now());
        println!("workers {workers} ({lives}), calls {}", self.ledger.calls.load(SeqCst));
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
