//! The threads of one pool: each finds a hint, follows it, rests, retires.
//!
//! A [`Crew`] is what the threads of one pool share. Batches and tasks keep it alive, and its threads do; the pool's handle
//! is only the first of its owners.

use crate::base::config::Config;
use crate::base::pace::PATIENCE;
use crate::base::sync::{self, AtomicBool, AtomicUsize, Mutex, Ordering, seeded};
use crate::base::unwind;
use crate::threads::counters::Tally;
pub(crate) use crate::threads::parked::Heir;
use crate::threads::parked::Parked;
use crate::threads::permits::{Permits, Rest, Wake};
use crate::threads::queue::{Local, Queue};
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

/// What a hint leads to, and a stop handle: a batch that may have inputs to run.
pub(crate) trait Job: Send + Sync {
    /// Runs inputs, if there are any to run now, on the calling worker, which holds a permit. The worker counts as searching after that, and its
    /// permit is for the heir, if there is one.
    fn work(&self) -> Option<Heir>;

    /// Whether the hint leads to nothing any more. Then it counts as found.
    fn is_over(&self) -> bool;

    /// No thread could be started to follow this hint, which stays in the queue: a consumer that waits for the batch may help itself.
    fn unserved(&self);

    /// Takes no further input.
    fn stop(&self);
}

pub(crate) type Hint = Arc<dyn Job>;

pub(crate) struct Crew {
    config: Config,
    process: u32,
    queue: Queue<Hint>,
    permits: Permits,
    /// Numbers the threads, for their names.
    started: AtomicUsize,
    /// Whether the last calls were fast: the next ones may be.
    fast: AtomicBool,
    /// One for each thread that lives, and the sum of those that have ended.
    tallies: Mutex<(Vec<Arc<Tally>>, Tally)>,
}

sync::thread_local! {
    /// The worker that this thread is.
    static WORKER: RefCell<Option<Rc<Worker>>> = const { RefCell::new(None) };
}

struct Worker {
    crew: Arc<Crew>,
    local: Local<Hint>,
    tally: Arc<Tally>,
}

impl Crew {
    pub(crate) fn new(config: Config) -> Arc<Self> {
        Arc::new(Self {
            config,
            process: std::process::id(),
            queue: Queue::new(),
            permits: Permits::new(config.max_workers()),
            started: AtomicUsize::new(0),
            fast: AtomicBool::new(false),
            tallies: Mutex::default(),
        })
    }

    /// Says that a batch has something to run, and sees to it that somebody comes. A hint of a `nested` batch stays with the worker
    /// that pushes it, until it is stolen.
    pub(crate) fn push(self: &Arc<Self>, hint: Hint, nested: bool) {
        let push = |hint| match if nested { self.worker() } else { None } {
            Some(worker) => worker.local.push(&self.queue, hint),
            None => self.queue.push(hint),
        };
        seeded!("wake-before-push" => {
            self.start_if(self.permits.wake(|| self.queue.waiting()));
            return push(hint);
        });
        push(hint);
        self.start_if(self.permits.wake(|| self.queue.waiting()));
    }

    /// Tries again to find a thread for the hints that wait.
    #[cfg(feature = "stream")]
    pub(crate) fn summon(self: &Arc<Self>) {
        self.start_if(self.permits.wake(|| self.queue.waiting()));
    }

    /// Whether hints wait of other batches than the one that has `own` hints.
    #[inline]
    pub(crate) fn is_wanted_elsewhere(&self, own: usize) -> bool {
        self.queue.waiting() > own
    }

    /// Whether a worker is to give its permit up: to a call that is to go on, or because the cap was lowered.
    #[inline]
    pub(crate) fn permit_is_wanted(&self) -> bool {
        self.permits.pressed()
    }

    pub(crate) fn name(&self) -> &'static str {
        self.config.name
    }

    #[inline]
    pub(crate) fn cap(&self) -> usize {
        self.permits.cap()
    }

    pub(crate) fn set_cap(self: &Arc<Self>, cap: usize) {
        self.permits.set_cap(cap);
        seeded!("raised-cap-wakes-nobody" => return);
        for _ in 0..self.queue.waiting().min(cap) {
            self.start_if(self.permits.wake(|| self.queue.waiting()));
        }
    }

    pub(crate) fn threads(&self) -> usize {
        self.permits.threads()
    }

    /// Gives the permit of a call that waits to the next that can use it. No other lock is taken: the caller starts the thread.
    pub(crate) fn give_up(&self, call: &Parked) -> Wake {
        self.permits.give_up(call, || self.queue.waiting())
    }

    /// Lets a call that waits go on, for what it waits for is there.
    pub(crate) fn call_back(&self, call: &Arc<Parked>) {
        self.permits.call_back(call);
    }

    /// Whether a call holds a permit.
    pub(crate) fn is_permitted(&self, call: &Parked) -> bool {
        self.permits.is_permitted(call)
    }

    /// Blocks until a call that waited has a permit.
    pub(crate) fn come_back(&self, call: &Arc<Parked>) {
        self.permits.come_back(call);
    }

    /// Whether this is the process that the crew was made in. A child after `fork` has a copy of its state, and none of its threads.
    pub(crate) fn is_here(&self) -> bool {
        self.process == std::process::id()
    }

    /// Runs `work` on a thread from outside, if a permit is free, and says whether. The permit is for the heir after that, if there is one.
    pub(crate) fn as_guest(self: &Arc<Self>, work: impl FnOnce() -> Option<Heir>) -> bool {
        /// Gives the permit back also when a panic passes.
        struct Permit<'a>(&'a Arc<Crew>, Option<Heir>);
        impl Drop for Permit<'_> {
            fn drop(&mut self) {
                let Self(crew, heir) = self;
                crew.start_if(crew.permits.leave_as_guest(heir.take(), || crew.queue.waiting()));
                crew.sweep();
            }
        }
        let entered = self.permits.enter_as_guest();
        if entered {
            let mut permit = Permit(self, None);
            permit.1 = work();
        }
        entered
    }

    /// Counts hints that lead to nothing any more. Says whether they are most of what waits, so that it is worth dropping them.
    pub(crate) fn abandon(&self, hints: usize) -> bool {
        self.queue.abandon(hints)
    }

    /// Drops the hints that lead to nothing any more. Not under a batch's lock.
    pub(crate) fn prune(&self) {
        seeded!("abandoned-hints-stay" => return);
        self.queue.prune(|hint| hint.is_over());
    }

    /// An abandoned hint was found.
    pub(crate) fn found_abandoned(&self) {
        self.queue.found_abandoned();
    }

    /// The current worker looks for the next hint.
    pub(crate) fn search(&self) {
        self.permits.search();
    }

    /// Whether the calls that ended last were fast.
    pub(crate) fn was_fast(&self) -> bool {
        self.fast.load(Ordering::Relaxed)
    }

    pub(crate) fn remember(&self, fast: bool) {
        if self.was_fast() != fast {
            self.fast.store(fast, Ordering::Relaxed);
        }
    }

    pub(crate) fn begin(&self) {
        self.permits.begin();
    }

    pub(crate) fn end(&self) {
        self.permits.end();
    }

    pub(crate) fn wait_idle(&self, deadline: Option<Instant>) -> bool {
        self.permits.wait_idle(deadline)
    }

    pub(crate) fn dismiss(&self) {
        self.permits.dismiss();
        self.sweep();
    }

    /// Drops the hints that nobody will follow, after the last batch of a pool that is gone: each leads to its batch, and that to
    /// this crew. A pool with threads has none: a worker does not end while a hint waits.
    pub(crate) fn sweep(&self) {
        while self.queue.waiting() > 0 && self.permits.is_over() {
            let Some(hint) = self.queue.find(0) else { return };
            unwind::discard(unwind::catch(|| drop(hint)));
        }
    }

    /// The counters that the current thread may write.
    pub(crate) fn tally(self: &Arc<Self>) -> Arc<Tally> {
        match self.worker() {
            Some(worker) => Arc::clone(&worker.tally),
            None => self.new_tally(),
        }
    }

    /// The sum of all threads' counters.
    pub(crate) fn tallied(&self) -> Tally {
        let tallies = self.tallies.lock();
        let sum = Tally::default();
        sum.add(&tallies.1);
        tallies.0.iter().for_each(|tally| sum.add(tally));
        sum
    }

    fn new_tally(&self) -> Arc<Tally> {
        let tally = Arc::new(Tally::default());
        let mut tallies = self.tallies.lock();
        // Whose thread has ended is only here any more.
        for tally in std::mem::take(&mut tallies.0) {
            match Arc::try_unwrap(tally) {
                Ok(ended) => tallies.1.add(&ended),
                Err(tally) => tallies.0.push(tally),
            }
        }
        tallies.0.push(Arc::clone(&tally));
        tally
    }

    /// The worker of this crew that the current thread is.
    fn worker(self: &Arc<Self>) -> Option<Rc<Worker>> {
        WORKER
            .try_with(|worker| {
                worker.borrow().as_ref().filter(|worker| Arc::ptr_eq(&worker.crew, self)).cloned()
            })
            .ok()
            .flatten()
    }

    pub(crate) fn start_if(self: &Arc<Self>, wake: Wake) {
        if wake == Wake::Done {
            return;
        }
        let number = self.started.fetch_add(1, Ordering::Relaxed);
        let name = format!("{}-{number}", self.config.name);
        let crew = Arc::clone(self);
        if sync::spawn(name, self.config.stack_size, move || crew.run()).is_err() {
            self.permits.start_failed();
            seeded!("failed-start-tells-nobody" => return);
            self.queue.all().iter().for_each(|hint| hint.unserved());
        }
    }

    /// The life of a thread. It comes with a permit, for a hint.
    fn run(self: Arc<Self>) {
        let worker = Rc::new(Worker {
            local: self.queue.enlist(),
            tally: self.new_tally(),
            crew: Arc::clone(&self),
        });
        WORKER.with(|own| *own.borrow_mut() = Some(Rc::clone(&worker)));
        let parked = Parked::current();
        let mut permitted = true;
        loop {
            let mut heir = None;
            if std::mem::take(&mut permitted) || !self.permits.pressed() {
                if let Some(hint) = worker.local.find(&self.queue) {
                    self.start_if(self.permits.found(|| self.queue.waiting()));
                    heir = hint.work();
                    // A payload that nobody took may panic in the last hint's drop glue.
                    unwind::discard(hint);
                    if heir.is_none() {
                        continue;
                    }
                }
            }
            let until = sync::after(self.config.keep_alive);
            let looks = if self.was_fast() { PATIENCE } else { 0 };
            let waiting = || self.queue.waiting();
            match self.permits.rest(&parked, heir, waiting, looks, until) {
                Rest::Search => permitted = true,
                Rest::Retire => break,
            }
        }
        WORKER.with(|own| own.borrow_mut().take());
        if let Ok(worker) = Rc::try_unwrap(worker) {
            self.queue.retire(worker.local);
        }
    }
}
