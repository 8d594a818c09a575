//! A pool while a program uses it, and what is known of it.

use crate::ledger::{Gauge, Ledger};
use crate::lives;
use crate::plan::{PoolPlan, Threads};
use crate::process;
use crate::refusal;
use pool_core::Pool;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

pub(crate) struct Venue {
    pub(crate) plan: PoolPlan,
    pool: Mutex<Option<Arc<Pool>>>,
    /// Calls that run, but not those that wait.
    pub(crate) gauge: Gauge,
    /// What calls hold and take.
    pub(crate) lock: Mutex<()>,
    /// Batches and tasks that may have something left to run. A consumer that leaves a batch early cannot know. Neither
    /// can the thread that joins a task: its result may be there before the worker has left.
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
        let builder = Pool::builder()
            .max_workers(plan.cap)
            .name(process::WORKER)
            .keep_alive(plan.keep_alive)
            .on_start(lives::begin)
            .on_end(lives::end);
        let pool = match plan.threads {
            Threads::All => builder,
            Threads::Some => builder.stack_size(refusal::STACK),
            Threads::Fragile => builder.on_start(lives::begin_or_panic),
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

    /// The pool, unless it has been dropped, or something holds its lock.
    pub(crate) fn pool_if_free(&self) -> Option<Arc<Pool>> {
        self.pool.try_lock().ok().and_then(|pool| pool.clone())
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
