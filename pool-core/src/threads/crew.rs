//! [`Crew`]: the threads of one pool. Each finds a hint, follows it, rests, and retires in the end.
//!
//! The threads share one crew and own it together with the pool's handle and every batch and task. So a crew outlives
//! the handle while there is work.

use crate::base::config::Config;
use crate::base::pace::PATIENCE;
use crate::base::sync::{self, AtomicBool, AtomicUsize, MutexGuard, Ordering, seeded};
use crate::base::unwind;
use crate::threads::counters::{Counters, Stats, Tally};
pub(crate) use crate::threads::parked::Heir;
use crate::threads::parked::Parked;
use crate::threads::pause::{self, Held, Pause};
use crate::threads::permits::{Permits, Rest, Wake};
use crate::threads::queue::{Local, Queue};
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

/// A batch, as hints and stop handles know it: without its types and lifetimes.
pub(crate) trait Job: Send + Sync {
    /// Runs inputs, if there are any to run now, on the calling worker, which holds a permit. Afterwards the worker
    /// counts as searching. It hands its permit over to the returned heir, if there is one.
    fn work(&self) -> Option<Heir>;

    /// Whether the hint is abandoned: its batch takes no further input. If so, the hint counts as found.
    fn is_over(&self) -> bool;

    /// Pushes an input, if the batch takes any. `push` runs under the lock of the batch.
    fn feed(&self, push: &mut dyn FnMut());

    /// Tells the batch that no thread could be started for its hint. The hint stays in the queue. A consumer that waits
    /// for the batch may run an input itself.
    fn unserved(&self);

    /// Abandons calls that are overdue. Returns when the next call that runs is overdue.
    #[cfg(feature = "stream")]
    fn tick(&self) -> Option<Instant> {
        None
    }

    /// A call that was sent to run elsewhere is over: files what became of it. Runs code of the user.
    #[cfg(any(feature = "redis", pool_loom))]
    fn finish(&self, _index: usize) {}

    /// Stops the batch: it takes no further input.
    fn stop(&self);
}

pub(crate) type Hint = Arc<dyn Job>;

pub(crate) struct Crew {
    config: Config,
    process: u32,
    queue: Queue<Hint>,
    permits: Permits,
    pause: Pause,
    /// How many threads have been started. Numbers their names.
    started: AtomicUsize,
    /// Whether the last calls were fast. The next ones may be so, too.
    fast: AtomicBool,
    counters: Counters,
}

sync::thread_local! {
    /// This thread, if it is a worker.
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
            pause: Pause::default(),
            started: AtomicUsize::new(0),
            fast: AtomicBool::new(false),
            counters: Counters::default(),
        })
    }

    /// Pushes a hint to a batch, and wakes or starts a thread if that is needed. A hint of a `nested` batch goes to the
    /// deque of the worker that pushes it, where other workers may steal it.
    pub(crate) fn push(self: &Arc<Self>, hint: Hint, nested: bool) {
        let push = |hint| match if nested { self.worker() } else { None } {
            Some(worker) => worker.local.push(&self.queue, hint),
            None => self.queue.push(hint),
        };
        seeded!("wake-before-push" => {
            self.summon();
            return push(hint);
        });
        push(hint);
        self.summon();
    }

    /// Wakes or starts a thread, if the hints that wait need one.
    pub(crate) fn summon(self: &Arc<Self>) {
        self.start_if(self.permits.wake(|| self.queue.waiting()));
    }

    /// Whether hints of other batches wait. The caller's batch has `own` hints in the queue.
    #[inline]
    pub(crate) fn is_wanted_elsewhere(&self, own: usize) -> bool {
        self.queue.waiting() > own
    }

    /// Whether a worker gives its permit up before its next input: a call waits for a permit, the cap was lowered, or
    /// the pool is paused.
    #[inline]
    pub(crate) fn permit_is_wanted(&self) -> bool {
        self.permits.pressed()
    }

    #[cfg(feature = "measure")]
    pub(crate) fn config(&self) -> Config {
        self.config
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
        self.wake_all();
    }

    /// Wakes or starts a thread for each hint that waits, as far as there are permits.
    fn wake_all(self: &Arc<Self>) {
        for _ in 0..self.queue.waiting().min(self.cap()) {
            self.summon();
        }
    }

    /// Starts no call before `until`. Returns false if nothing could end that pause.
    pub(crate) fn pause(self: &Arc<Self>, until: Option<Instant>) -> bool {
        let mut state = self.pause.state.lock();
        // The handle goes first and then ends the pause: either it finds this one, or this finds it gone.
        if until.is_none() && self.permits.is_dismissed() {
            return false;
        }
        let starts_clock = state.extend(until);
        self.permits.set_paused(true);
        drop(state);
        if !starts_clock {
            return true;
        }
        let (name, crew) = (format!("{}-clock", self.config.name), Arc::clone(self));
        let started = sync::spawn(name, self.config.stack_size, move || crew.run_clock()).is_ok();
        if !started {
            let mut state = self.pause.state.lock();
            // Another thread may have asked for a pause without an end meanwhile.
            if state.without_clock() {
                self.end_pause(state);
            }
        }
        started
    }

    /// Ends a pause, if there is one.
    pub(crate) fn resume(self: &Arc<Self>) {
        self.end_pause(self.pause.state.lock());
    }

    fn end_pause(self: &Arc<Self>, mut state: MutexGuard<'_, pause::State>) {
        let Some(held) = state.end() else { return };
        self.permits.set_paused(false);
        self.pause.ended.notify_all();
        drop(state);
        seeded!("resume-wakes-nobody" => return);
        held.iter().for_each(|thread| thread.unpark());
        self.wake_all();
    }

    /// The life of a clock.
    fn run_clock(self: Arc<Self>) {
        loop {
            let mut state = self.pause.state.lock();
            let Some(until) = state.clock() else { return };
            if sync::past(Some(until)) {
                self.end_pause(state);
            } else {
                drop(self.pause.ended.wait(state, Some(until)));
            }
        }
    }

    #[inline]
    pub(crate) fn is_paused(&self) -> bool {
        self.permits.is_paused()
    }

    /// Holds the current thread, if the pool is paused.
    pub(crate) fn hold(&self) -> Option<Held<'_>> {
        self.pause.hold()
    }

    pub(crate) fn stats(&self) -> Stats {
        let (threads, away) = self.permits.threads_and_away();
        Stats {
            max_workers: self.cap(),
            threads,
            paused: self.is_paused(),
            ..self.counters.stats(away)
        }
    }

    #[cfg(feature = "stream")]
    pub(crate) fn threads(&self) -> usize {
        self.permits.threads_and_away().0
    }

    /// Gives the permit of a waiting call up. This may run under a batch's lock, so it starts no thread: the caller
    /// does, after unlocking.
    pub(crate) fn give_up(&self, call: &Parked) -> Wake {
        self.permits.give_up(call, || self.queue.waiting())
    }

    /// Lets a waiting call return, since its result is there.
    pub(crate) fn call_back(&self, call: &Arc<Parked>) {
        self.permits.call_back(call);
    }

    /// Blocks until a call that waited has a permit.
    pub(crate) fn come_back(&self, call: &Arc<Parked>) {
        self.permits.come_back(call);
    }

    /// Whether this process made the crew. A child after `fork` has a copy of the crew's state, but none of its
    /// threads.
    pub(crate) fn is_here(&self) -> bool {
        self.process == std::process::id()
    }

    /// Runs `work` on the current thread as a guest, if a permit is free, and says whether one was. Afterwards the
    /// guest hands the permit over to the heir, if `work` returns one.
    pub(crate) fn as_guest(self: &Arc<Self>, work: impl FnOnce() -> Option<Heir>) -> bool {
        /// Gives the permit back, also if a panic passes.
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

    /// Counts hints as abandoned. Says whether most of the waiting hints are so now, and [`prune`](Self::prune) is
    /// worthwhile.
    pub(crate) fn abandon(&self, hints: usize) -> bool {
        self.queue.abandon(hints)
    }

    /// Drops the abandoned hints. Never called under a batch's lock, since it locks the batches that hints lead to.
    pub(crate) fn prune(&self) {
        seeded!("abandoned-hints-stay" => return);
        self.queue.prune(|hint| hint.is_over());
    }

    /// Uncounts an abandoned hint that a worker has found.
    pub(crate) fn found_abandoned(&self) {
        self.queue.found_abandoned();
    }

    /// Counts the current worker as searching.
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

    pub(crate) fn dismiss(self: &Arc<Self>) {
        self.permits.dismiss();
        self.resume();
        self.sweep();
    }

    /// Drops the hints that no thread will follow, after the last batch of a dropped pool. They would be a leak: each
    /// hint owns its batch, and the batch owns this crew. Only a pool without threads has such hints, since a worker
    /// does not end while a hint waits.
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
            None => self.counters.new_tally(),
        }
    }

    /// The counters of the pool.
    pub(crate) fn counters(&self) -> &Counters {
        &self.counters
    }

    /// The current thread, if it is a worker of this crew.
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
        if sync::spawn(name, self.config.stack_size, move || crew.begin_thread(number)).is_err() {
            self.start_failed();
        }
    }

    fn start_failed(&self) {
        self.permits.start_failed(|| self.queue.waiting());
        seeded!("failed-start-tells-nobody" => return);
        self.queue.all().iter().for_each(|hint| hint.unserved());
    }

    /// A new thread, between the user's code for its start and for its end.
    fn begin_thread(self: Arc<Self>, number: usize) {
        let Config { on_start, on_end, .. } = self.config;
        if let Some(Err(payload)) = on_start.map(unwind::catch) {
            self.start_failed();
            self.sweep();
            return unwind::discard(payload);
        }
        self.run(number);
        unwind::discard(on_end.map(unwind::catch));
    }

    /// The life of a worker. It begins with a permit, which was held for the thread from the decision to start it.
    fn run(self: Arc<Self>, number: usize) {
        let worker = Rc::new(Worker {
            local: Local::new(number),
            tally: self.counters.new_tally(),
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
                    // The last hint may drop a panic's payload, and that may panic again.
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
