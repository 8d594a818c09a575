//! Decides who may run, who sleeps and who is woken: places, threads, and the calls that wait.
//!
//! A **place** is the right to run a call; a pool has `cap` of them, which is what makes the cap hard. A worker thread
//! holds one while it looks for work and runs it. It **rests** without one, asleep in `idle`. A call that waits gives its
//! place back and is **away**; once what it waits for is there it is **returning**, and the next place that is freed is its own
//! (`nesting.rs`). A **guest** is a thread from outside that runs a call itself because no thread could be started. All of it
//! stands under one lock, which is taken once for each hint, each rest and each wait, and never for an input; `pressed` tells a
//! running worker between two inputs that somebody wants its place.
//!
//! # Nobody sleeps while a hint waits
//!
//! 1. Who **pushes** a hint pushes it, then takes the lock: if a place is free, it goes to the thread that fell asleep last, or
//!    to a new thread.
//! 2. A worker that **rests** takes the lock, looks whether more hints wait than others search for, and only if not gives its place up.
//!
//! - Either the pusher's section comes first: then the worker sees its hint, or knows that another one found it, and searches.
//! - Or the worker's does: then the pusher sees the free place, and the worker among the idle or no thread at all.
//!
//! What a place is given for is a hint, not *the* hint: with the place in hand a thread **searches** until nothing waits, so who was
//! woken for a hint that another one found has lost nothing. And whoever searches will do: a pusher that sees as many threads search as
//! hints wait wakes nobody and starts no thread. One of these may be about to run another hint for long. When he has found it he takes
//! the lock, counts himself out, and wakes another one if more hints wait now than threads search.
//!
//! - Either that comes before the pusher's section: then the pusher counts without him.
//! - Or it comes after: then he sees the pusher's hint.
//!
//! The same sections decide for a call that gives its place back, for a guest that leaves and for a cap that rises: each either passes
//! the place on while more hints wait than threads search, or frees it for the next pusher to see.
//!
//! # A place is never lost
//!
//! A place is granted by the one who frees it, under the lock: the grant is complete before its receiver is unparked. A worker
//! whose time is up takes the lock, too: either it is still among the idle and retires, or it has been granted a place and
//! works. No thread is started beyond `cap + away`; the thread's place is held for it from the decision on.
//!
//! # A thread that cannot be started
//!
//! Its place and its slot are given back under the lock, and then every batch is told that has a hint in the queue: its consumer, if
//! it waits, becomes a guest where a place is free. The hints stay where they are, for whoever holds a place and comes by.
//!
//! - Either another pusher saw the place that was held for the failed start, and left his hint to it: then he pushed before the place was
//!   given back, and his batch is among those that are told.
//! - Or he comes later, sees the free place, and tries to start a thread himself.
//!
//! A guest that leaves passes its place on like everybody else, and so tries to start a thread for the hints that are left; if that
//! fails, their batches are told again.

use crate::seat::{Seat, Standing};
use crate::sync::{self, AtomicBool, AtomicUsize, Condvar, Mutex, MutexGuard, Ordering};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

pub(crate) struct Sleep {
    state: Mutex<State>,
    /// Whether a running worker is to look in here before its next input: somebody waits for a place, or the cap was lowered.
    /// Written under the lock; read without, between two inputs, where a late reader takes one input more.
    pressed: AtomicBool,
    /// A copy of the cap for those who only want to know it.
    cap: AtomicUsize,
    /// Told when `live` falls to 0.
    quiet: Condvar,
}

struct State {
    cap: usize,
    /// Places that are held: by workers, by threads that are being started, by guests. Above `cap` only after that was lowered.
    held: usize,
    /// Threads that live or are being started.
    threads: usize,
    /// Places whose threads look for a hint: they are between two batches, or have been woken or started for one and have not found it.
    searching: usize,
    /// Calls that have given their place back and have not got it again.
    away: usize,
    /// Workers without a place; the one that has slept longest is first.
    idle: VecDeque<Arc<Seat>>,
    /// Calls that want their place again. Not empty only while `held >= cap`.
    returning: VecDeque<Arc<Seat>>,
    /// Batches and tasks that have something left to run.
    live: usize,
    /// The pool's handle is gone: with the last batch the threads end.
    dismissed: bool,
}

/// What is left to do, outside the lock, for a place that was handed to a thread that does not exist yet.
#[must_use = "the place is held for the thread that is to be started"]
#[derive(PartialEq, Eq, Debug)]
pub(crate) enum Wake {
    Done,
    Start,
}

/// What a worker does that found no hint.
#[derive(PartialEq, Eq, Debug)]
pub(crate) enum Rest {
    /// A hint waits, or the place was granted again: search.
    Search,
    /// The thread ends; it holds nothing any more.
    Retire,
}

impl Sleep {
    pub(crate) fn new(cap: usize) -> Self {
        Self {
            state: Mutex::new(State {
                cap,
                held: 0,
                searching: 0,
                threads: 0,
                away: 0,
                idle: VecDeque::new(),
                returning: VecDeque::new(),
                live: 0,
                dismissed: false,
            }),
            pressed: AtomicBool::new(false),
            cap: AtomicUsize::new(cap),
            quiet: Condvar::default(),
        }
    }

    #[inline]
    pub(crate) fn cap(&self) -> usize {
        self.cap.load(Ordering::Relaxed)
    }

    pub(crate) fn threads(&self) -> usize {
        self.state.lock().threads
    }

    /// Whether the holder of a place is to give it up before the next input.
    #[inline]
    pub(crate) fn pressed(&self) -> bool {
        self.pressed.load(Ordering::Relaxed)
    }

    /// Step 1 of the essay: a hint was pushed.
    pub(crate) fn wake(&self, waiting: impl Fn() -> usize) -> Wake {
        self.state.lock().employ(waiting())
    }

    /// A worker is done with a batch and looks for the next one.
    pub(crate) fn search(&self) {
        self.state.lock().searching += 1;
    }

    /// It has found a hint.
    pub(crate) fn found(&self, waiting: impl Fn() -> usize) -> Wake {
        let mut state = self.state.lock();
        state.searching -= 1;
        if sync::seeded("found-hint-passed-on-to-nobody") {
            return Wake::Done;
        }
        state.employ(waiting())
    }

    /// Step 2 of the essay: a worker that holds a place found nothing, or was pressed. It `looks` so many times before it sleeps.
    pub(crate) fn rest(
        &self,
        seat: &Arc<Seat>,
        waiting: impl Fn() -> usize,
        looks: usize,
        until: Option<Instant>,
    ) -> Rest {
        {
            let mut state = self.state.lock();
            let others = state.searching - 1;
            if !state.is_wanted() && waiting() > others && !sync::seeded("rest-without-looking") {
                drop(state);
                // Its pusher, or the thread that found it, is between the count and the queue.
                sync::yield_now();
                return Rest::Search;
            }
            state.searching -= 1;
            state.free();
            self.press(&state);
            if state.threads > state.cap + state.away || state.is_over() {
                state.threads -= 1;
                return Rest::Retire;
            }
            seat.set(Standing::Idle);
            state.idle.push_back(Arc::clone(seat));
        }
        if seat.wait_while(Standing::Idle, looks, until) == Standing::Idle {
            let mut state = self.state.lock();
            if State::remove(&mut state.idle, seat) {
                state.threads -= usize::from(!sync::seeded("retired-thread-counted"));
                return Rest::Retire;
            }
        }
        match seat.standing() {
            Standing::Dismissed => Rest::Retire,
            _ => Rest::Search,
        }
    }

    /// A call is about to wait: it sets its place aside, unless somebody wants it.
    pub(crate) fn set_aside(&self, seat: &Arc<Seat>, waiting: impl Fn() -> usize) -> Wake {
        let mut state = self.state.lock();
        if state.is_wanted() {
            seat.set(Standing::Away);
            state.away += 1;
            return self.pass_on(state, waiting);
        }
        seat.set(Standing::Aside);
        Wake::Done
    }

    /// A call gives the place that it has set aside to whoever can use it, unless it has been called back.
    pub(crate) fn give_up(&self, seat: &Arc<Seat>, waiting: impl Fn() -> usize) -> Wake {
        let mut state = self.state.lock();
        if seat.standing() != Standing::Aside || sync::seeded("place-not-given-back") {
            return Wake::Done;
        }
        seat.set(Standing::Away);
        state.away += 1;
        self.pass_on(state, waiting)
    }

    /// What a call waits for is there: it gets its place again, or the next one that is freed. Whoever calls this takes no new input
    /// before, and so the call comes first.
    pub(crate) fn call_back(&self, seat: &Arc<Seat>) {
        let mut state = self.state.lock();
        match seat.standing() {
            Standing::Aside => seat.tell(Standing::Placed),
            Standing::Away => self.line_up(&mut state, seat),
            _ => {}
        }
    }

    /// Whether a call that waits has its place, or has it again.
    pub(crate) fn is_back(&self, seat: &Arc<Seat>) -> bool {
        let _state = self.state.lock();
        if seat.standing() == Standing::Aside {
            seat.set(Standing::Placed);
        }
        seat.standing() == Standing::Placed
    }

    /// A call goes on: blocks until it has a place again.
    pub(crate) fn come_back(&self, seat: &Arc<Seat>) {
        {
            let mut state = self.state.lock();
            match seat.standing() {
                Standing::Aside => seat.set(Standing::Placed),
                Standing::Away => self.line_up(&mut state, seat),
                _ => {}
            }
        }
        if !sync::seeded("call-returns-without-a-place") {
            seat.wait_while(Standing::Returning, 0, None);
        }
    }

    /// A guest has run what it came for.
    pub(crate) fn leave_as_guest(&self, waiting: impl Fn() -> usize) -> Wake {
        self.pass_on(self.state.lock(), waiting)
    }

    /// A thread from outside takes a place if one is free.
    pub(crate) fn enter_as_guest(&self) -> bool {
        let mut state = self.state.lock();
        let free = state.held < state.cap || sync::seeded("guest-beyond-the-cap");
        state.held += usize::from(free);
        free
    }

    /// The thread that a place was held for could not be started.
    pub(crate) fn start_failed(&self) {
        let mut state = self.state.lock();
        state.threads -= 1;
        state.searching -= 1;
        if !sync::seeded("failed-start-keeps-its-place") {
            state.free();
        }
        self.press(&state);
    }

    /// Changes the cap. The caller calls [`Sleep::wake`] for each hint that waits.
    pub(crate) fn set_cap(&self, cap: usize) {
        let mut state = self.state.lock();
        state.cap = cap;
        self.cap.store(cap, Ordering::Relaxed);
        while state.held < state.cap {
            let Some(seat) = state.returning.pop_front() else { break };
            state.held += 1;
            state.admit(&seat);
        }
        state.thin_out();
        self.press(&state);
    }

    /// The handle is gone.
    pub(crate) fn dismiss(&self) {
        let mut state = self.state.lock();
        state.dismissed = true;
        state.send_home();
    }

    /// Whether no work will come any more.
    pub(crate) fn is_over(&self) -> bool {
        self.state.lock().is_over()
    }

    pub(crate) fn begin(&self) {
        self.state.lock().live += 1;
    }

    pub(crate) fn end(&self) {
        let mut state = self.state.lock();
        state.live -= 1;
        if state.live == 0 && !sync::seeded("last-end-tells-nobody") {
            self.quiet.notify_all();
            state.send_home();
        }
    }

    /// Blocks until nothing is left to run.
    pub(crate) fn wait_idle(&self, deadline: Option<Instant>) -> bool {
        let mut state = self.state.lock();
        while state.live > 0 && !sync::past(deadline) {
            state = self.quiet.wait(state, deadline);
        }
        state.live == 0
    }

    /// A call that is away gets a place: a free one, or the next one.
    fn line_up(&self, state: &mut State, seat: &Arc<Seat>) {
        if state.held < state.cap {
            state.held += 1;
            state.admit(seat);
        } else {
            seat.set(Standing::Returning);
            state.returning.push_back(Arc::clone(seat));
            self.press(state);
        }
    }

    fn pass_on(&self, mut state: MutexGuard<'_, State>, waiting: impl Fn() -> usize) -> Wake {
        state.free();
        self.press(&state);
        if sync::seeded("freed-place-not-passed-on") {
            return Wake::Done;
        }
        state.employ(waiting())
    }

    fn press(&self, state: &State) {
        self.pressed.store(state.is_wanted(), Ordering::Relaxed);
    }
}

impl State {
    /// Whether somebody wants the place of whoever asks.
    fn is_wanted(&self) -> bool {
        self.held > self.cap || !self.returning.is_empty()
    }

    fn remove(seats: &mut VecDeque<Arc<Seat>>, seat: &Arc<Seat>) -> bool {
        let found = seats.iter().position(|other| Arc::ptr_eq(other, seat));
        found.and_then(|at| seats.remove(at)).is_some()
    }

    /// Gives a free place to the worker that is still warm, or to a new thread, if more hints wait than threads look for one.
    fn employ(&mut self, waiting: usize) -> Wake {
        if self.held >= self.cap || waiting <= self.searching {
            return Wake::Done;
        }
        let wake = match self.idle.pop_back() {
            Some(seat) => {
                seat.tell(Standing::Placed);
                Wake::Done
            }
            None if self.threads < self.cap + self.away => {
                self.threads += 1;
                Wake::Start
            }
            None => return Wake::Done,
        };
        self.held += 1;
        self.searching += 1;
        wake
    }

    /// Ends the holding of one place: it goes to the call that has waited longest for one, unless the cap was lowered.
    fn free(&mut self) {
        if self.held > self.cap {
            self.held -= 1;
        } else if let Some(seat) = self.returning.pop_front() {
            self.admit(&seat);
        } else {
            self.held -= 1;
        }
    }

    fn admit(&mut self, seat: &Seat) {
        self.away -= 1;
        seat.tell(Standing::Placed);
        self.thin_out();
    }

    /// Whether no work will come any more.
    fn is_over(&self) -> bool {
        self.dismissed && self.live == 0
    }

    /// Ends the threads that sleep, if no work will come any more.
    fn send_home(&mut self) {
        while self.is_over() && !sync::seeded("dismissal-wakes-nobody") {
            let Some(seat) = self.idle.pop_front() else { return };
            self.threads -= 1;
            seat.tell(Standing::Dismissed);
        }
    }

    /// Sends home the threads that stood in for calls that are back.
    fn thin_out(&mut self) {
        while self.threads > self.cap + self.away {
            let Some(seat) = self.idle.pop_front() else { return };
            self.threads -= 1;
            seat.tell(Standing::Dismissed);
        }
    }
}
