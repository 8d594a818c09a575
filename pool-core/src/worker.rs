//! Decides what a worker thread does with its life: find a hint, run it, rest, retire.
//!
//! A [`Crew`] is what the threads of one pool share. Batches and tasks keep it alive, and its threads do; the pool's handle
//! is only the first of its owners.

use crate::config::Config;
use crate::pace::PATIENCE;
use crate::queue::{Local, Queue};
use crate::seat::Seat;
use crate::sleep::{Rest, Sleep, Wake};
use crate::stats::Tally;
use crate::sync::{self, AtomicBool, AtomicUsize, Mutex, Ordering};
use crate::unwind;
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

/// What a hint leads to, and a stop handle: a batch that may have inputs to run.
pub(crate) trait Job: Send + Sync {
    /// Runs inputs, if there are any to run now, on the calling thread, which holds a place. Says whether the crew has been told
    /// already that the thread searches again.
    fn work(&self) -> bool;

    /// No thread could be started to follow this hint, which stays in the queue: whoever waits for the batch may help himself.
    fn unserved(&self);

    /// Takes no further input.
    fn stop(&self);
}

pub(crate) type Hint = Arc<dyn Job>;

pub(crate) struct Crew {
    config: Config,
    process: u32,
    queue: Queue<Hint>,
    sleep: Sleep,
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
            sleep: Sleep::new(config.max_workers()),
            started: AtomicUsize::new(0),
            fast: AtomicBool::new(false),
            tallies: Mutex::default(),
        })
    }

    /// Says that a batch has something to run, and sees to it that somebody comes. A hint of a `nested` batch stays with the worker
    /// that pushes it, until it is stolen.
    pub(crate) fn push(self: &Arc<Self>, hint: Hint, nested: bool) {
        let wake = || self.sleep.wake(|| self.queue.waiting());
        let early = sync::seeded("wake-before-push").then(wake);
        match if nested { self.worker() } else { None } {
            Some(worker) => worker.local.push(&self.queue, hint),
            None => self.queue.push(hint),
        }
        self.start_if(early.unwrap_or_else(wake));
    }

    /// Tries again to find a thread for the hints that wait.
    #[cfg(feature = "stream")]
    pub(crate) fn summon(self: &Arc<Self>) {
        self.start_if(self.sleep.wake(|| self.queue.waiting()));
    }

    /// Whether hints wait of other batches than the one that has `own` hints.
    #[inline]
    pub(crate) fn is_wanted_elsewhere(&self, own: usize) -> bool {
        self.queue.waiting() > own
    }

    /// Whether somebody wants the place of whoever asks: a call that is to go on.
    #[inline]
    pub(crate) fn place_is_wanted(&self) -> bool {
        self.sleep.pressed()
    }

    pub(crate) fn name(&self) -> &'static str {
        self.config.name
    }

    #[inline]
    pub(crate) fn cap(&self) -> usize {
        self.sleep.cap()
    }

    pub(crate) fn set_cap(self: &Arc<Self>, cap: usize) {
        self.sleep.set_cap(cap);
        for _ in 0..if sync::seeded("raised-cap-wakes-nobody") {
            0
        } else {
            self.queue.waiting().min(cap)
        } {
            self.start_if(self.sleep.wake(|| self.queue.waiting()));
        }
    }

    pub(crate) fn threads(&self) -> usize {
        self.sleep.threads()
    }

    /// Sets the place of a call aside that is about to wait.
    pub(crate) fn set_aside(self: &Arc<Self>, seat: &Arc<Seat>) {
        self.start_if(self.sleep.set_aside(seat, || self.queue.waiting()));
    }

    /// Gives back the place of a call that waits.
    pub(crate) fn give_up(self: &Arc<Self>, seat: &Arc<Seat>) {
        self.start_if(self.sleep.give_up(seat, || self.queue.waiting()));
    }

    /// Lets a call that waits go on, for what it waits for is there.
    pub(crate) fn call_back(&self, seat: &Arc<Seat>) {
        self.sleep.call_back(seat);
    }

    /// Whether a call that waits has a place.
    pub(crate) fn is_back(&self, seat: &Arc<Seat>) -> bool {
        self.sleep.is_back(seat)
    }

    /// Blocks until a call that waits has a place.
    pub(crate) fn come_back(&self, seat: &Arc<Seat>) {
        self.sleep.come_back(seat);
    }

    /// Whether this is the process that the crew was made in. A child after `fork` has a copy of its state, and none of its threads.
    pub(crate) fn is_here(&self) -> bool {
        self.process == std::process::id()
    }

    /// Runs `work` on a thread from outside, if a place is free.
    pub(crate) fn as_guest<R>(self: &Arc<Self>, work: impl FnOnce() -> R) -> Option<R> {
        /// Gives the place back also when a panic passes.
        struct Place<'a>(&'a Arc<Crew>);
        impl Drop for Place<'_> {
            fn drop(&mut self) {
                self.0.start_if(self.0.sleep.leave_as_guest(|| self.0.queue.waiting()));
                self.0.sweep();
            }
        }
        self.sleep.enter_as_guest().then(|| {
            let _place = Place(self);
            work()
        })
    }

    /// The current worker looks for the next hint.
    pub(crate) fn search(&self) {
        self.sleep.search();
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
        self.sleep.begin();
    }

    pub(crate) fn end(&self) {
        self.sleep.end();
    }

    pub(crate) fn wait_idle(&self, deadline: Option<Instant>) -> bool {
        self.sleep.wait_idle(deadline)
    }

    pub(crate) fn dismiss(&self) {
        self.sleep.dismiss();
        self.sweep();
    }

    /// Drops the hints that nobody will follow, after the last batch of a pool that is gone: each leads to its batch, and that to
    /// this crew. A pool with threads has none: a worker does not end while a hint waits.
    pub(crate) fn sweep(&self) {
        while self.queue.waiting() > 0 && self.sleep.is_over() {
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

    fn start_if(self: &Arc<Self>, wake: Wake) {
        if wake == Wake::Done {
            return;
        }
        let number = self.started.fetch_add(1, Ordering::Relaxed);
        let name = format!("{}-{number}", self.config.name);
        let crew = Arc::clone(self);
        if sync::spawn(name, self.config.stack_size, move || crew.run()).is_err() {
            self.sleep.start_failed();
            if !sync::seeded("failed-start-tells-nobody") {
                self.queue.all().iter().for_each(|hint| hint.unserved());
            }
        }
    }

    /// The life of a thread. It comes with a place.
    fn run(self: Arc<Self>) {
        let worker = Rc::new(Worker {
            local: self.queue.enlist(),
            tally: self.new_tally(),
            crew: Arc::clone(&self),
        });
        WORKER.with(|own| *own.borrow_mut() = Some(Rc::clone(&worker)));
        let seat = Seat::current();
        loop {
            if !self.sleep.pressed() {
                if let Some(hint) = worker.local.find(&self.queue) {
                    self.start_if(self.sleep.found(|| self.queue.waiting()));
                    // Nothing panics here, unless a payload does that nobody took, in the last hint's drop glue.
                    let told = unwind::catch(move || hint.work());
                    if !matches!(told, Ok(true)) {
                        self.search();
                    }
                    unwind::discard(told);
                    continue;
                }
            }
            let until = sync::after(self.config.keep_alive);
            let looks = if self.was_fast() { PATIENCE } else { 0 };
            if self.sleep.rest(&seat, || self.queue.waiting(), looks, until) == Rest::Retire {
                break;
            }
        }
        WORKER.with(|own| own.borrow_mut().take());
        if let Ok(worker) = Rc::try_unwrap(worker) {
            self.queue.retire(worker.local);
        }
    }
}
