//! Who may run, who is parked and who is woken: permits, threads, and the calls that wait.
//!
//! A **permit** is the right to run a call; a pool has `cap` of them, which is what makes the cap hard. A worker thread
//! holds one while it looks for work and runs it. It **rests** without one, parked in `idle`. A call that waits may give its
//! permit up and is **away**; when what it waits for is there it is **returning**, and gets one of the next permits that are freed
//! (`nesting.rs`). A **guest** is a thread from outside that runs a call itself because no thread could be started. All of it
//! stands under one lock, which is taken once for each hint, each rest and each wait, and never for an input; `pressed` tells a
//! running worker between two inputs that a call waits for its permit.
//!
//! # No thread is parked while a hint waits
//!
//! 1. A thread that **pushes** a hint pushes it, then takes the lock: a free permit goes to the thread that was parked last, or
//!    to a new thread.
//! 2. A worker that **rests** takes the lock, looks whether more hints wait than others search for, and only if not gives its permit up.
//!
//! - Either the pusher's section comes first: then the worker sees its hint, or knows that another one found it, and searches.
//! - Or the worker's does: then the pusher sees the free permit, and the worker among the idle or no thread at all.
//!
//! A permit is given for a hint, not for *the* hint: with it a thread **searches** until the queue is empty. It does not matter if another
//! thread took the hint it was woken for. Any searching thread will do: a pusher that sees as many threads search as
//! hints wait wakes none and starts none. One of these may be about to run another hint for long. When it has found that one it takes
//! the lock, counts itself out, and wakes another thread if more hints wait now than threads search.
//!
//! - Either that comes before the pusher's section: then the pusher counts without it.
//! - Or it comes after: then it sees the pusher's hint.
//!
//! The same sections decide for a call that gives its permit up, for a guest that leaves and for a cap that rises: each either passes
//! the permit on while more hints wait than threads search, or frees it for the next pusher to see.
//!
//! # Calls and hints take turns
//!
//! A call that returns goes before hints, so that what is begun is finished first. But calls that wait for a short time again and again
//! always return, and a hint that came last would never come. So of the permits that are freed while both wait, every other one is
//! for a hint: its thread follows one hint, for one input, and passes the permit on.
//!
//! # A permit is never lost
//!
//! A permit is granted by the thread that frees it, under the lock: the grant is complete before its receiver is unparked. A worker
//! whose time is up takes the lock, too: either it is still among the idle and retires, or it has been granted a permit and
//! works. No thread is started beyond `cap + away`; the thread's permit is held for it from the decision on.
//!
//! # A thread that cannot be started
//!
//! Its permit and its slot are given back under the lock, and then every batch is told that has a hint in the queue: its consumer, if
//! it waits, becomes a guest where a permit is free. The hints stay where they are, for the next thread with a permit that comes by.
//!
//! - Either another pusher saw the permit that was held for the failed start, and left its hint to it: then it pushed before the permit was
//!   given back, and its batch is among those that are told.
//! - Or it comes later, sees the free permit, and tries to start a thread itself.
//!
//! A guest that leaves passes its permit on as every thread does, and so tries to start a thread for the hints that are left; if that
//! fails, their batches are told again.

use crate::base::sync::{
    self, AtomicBool, AtomicUsize, Condvar, Mutex, MutexGuard, Ordering, seeded,
};
use crate::threads::parked::{Heir, Parked, Standing};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

pub(crate) struct Permits {
    state: Mutex<State>,
    /// Whether a running worker is to come here before its next input: a call waits for a permit, or the cap was lowered.
    /// Written under the lock; read without, between two inputs, where a late reader takes one input more.
    pressed: AtomicBool,
    /// A copy of the cap for readers that hold no lock.
    cap: AtomicUsize,
    /// Told when `live` falls to 0.
    quiet: Condvar,
}

struct State {
    cap: usize,
    /// Permits that are held: by workers, by threads that are being started, by guests. Above `cap` only after that was lowered.
    held: usize,
    /// Threads that live or are being started.
    threads: usize,
    /// Threads that look for a hint: they are between two batches, or have been woken or started for one and have not found it.
    searching: usize,
    /// Calls that have given their permit up and have not got one again.
    away: usize,
    /// Workers without a permit; the one that has been parked longest is first.
    idle: VecDeque<Arc<Parked>>,
    /// Calls that wait for a permit. Not empty only while `held >= cap`.
    returning: VecDeque<Arc<Parked>>,
    /// The last permit that was freed went to a returning call: the next one is for a hint.
    hint_is_next: bool,
    /// Batches and tasks that have something left to run.
    live: usize,
    /// The pool's handle is gone: with the last batch the threads end.
    dismissed: bool,
}

/// What is left to do, outside the lock, for a permit that was handed to a thread that does not exist yet.
#[must_use = "the permit is held for the thread that is to be started"]
#[derive(PartialEq, Eq, Debug)]
pub(crate) enum Wake {
    Done,
    Start,
}

/// What a worker does that found no hint.
#[derive(PartialEq, Eq, Debug)]
pub(crate) enum Rest {
    /// A hint waits, or a permit was granted again: search, also if calls wait for a permit.
    Search,
    /// The thread ends; it holds nothing any more.
    Retire,
}

impl Permits {
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
                hint_is_next: false,
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

    /// Whether the holder of a permit is to give it up before the next input.
    #[inline]
    pub(crate) fn pressed(&self) -> bool {
        self.pressed.load(Ordering::Relaxed)
    }

    /// Step 1 of the essay: a hint was pushed.
    pub(crate) fn wake(&self, waiting: impl Fn() -> usize) -> Wake {
        self.state.lock().employ(waiting()).unwrap_or(Wake::Done)
    }

    /// A worker is done with a batch and looks for the next one.
    pub(crate) fn search(&self) {
        self.state.lock().searching += 1;
    }

    /// It has found a hint.
    pub(crate) fn found(&self, waiting: impl Fn() -> usize) -> Wake {
        let mut state = self.state.lock();
        state.searching -= 1;
        seeded!("found-hint-passed-on-to-nobody" => return Wake::Done);
        state.employ(waiting()).unwrap_or(Wake::Done)
    }

    /// Step 2 of the essay: a worker found nothing, or is to give its permit up, to the `heir` if it has one. It `looks` so many times
    /// before it parks.
    pub(crate) fn rest(
        &self,
        parked: &Arc<Parked>,
        heir: Option<Heir>,
        waiting: impl Fn() -> usize,
        looks: usize,
        until: Option<Instant>,
    ) -> Rest {
        {
            let mut state = self.state.lock();
            if heir.is_some_and(|heir| state.hand_over(&heir)) {
                self.press(&state);
                if state.returning.is_empty()
                    && state.held < state.cap
                    && waiting() >= state.searching
                {
                    state.held += 1;
                    return Rest::Search;
                }
                state.searching -= 1;
            } else {
                if waiting() >= state.searching && state.may_search() {
                    drop(state);
                    // Its pusher, or the thread that found it, is between the count and the queue.
                    sync::yield_now();
                    return Rest::Search;
                }
                state.searching -= 1;
                // No hint is this thread's to follow, so none is passed on.
                state.free();
                self.press(&state);
            }
            if state.threads > state.cap + state.away || state.is_over() {
                state.threads -= 1;
                return Rest::Retire;
            }
            parked.set(Standing::Idle);
            state.idle.push_back(Arc::clone(parked));
        }
        if parked.wait_while(Standing::Idle, looks, until) == Standing::Idle {
            let mut state = self.state.lock();
            if State::remove(&mut state.idle, parked) {
                seeded!("retired-thread-counted" => return Rest::Retire);
                state.threads -= 1;
                return Rest::Retire;
            }
        }
        match parked.standing() {
            Standing::Dismissed => Rest::Retire,
            _ => Rest::Search,
        }
    }

    /// A call that waits gives its permit up to the next that can use it, unless it has done so before.
    pub(crate) fn give_up(&self, call: &Parked, waiting: impl Fn() -> usize) -> Wake {
        let mut state = self.state.lock();
        if call.standing() != Standing::Permitted {
            return Wake::Done;
        }
        seeded!("permit-not-given-up" => return Wake::Done);
        call.set(Standing::Away);
        state.away += 1;
        self.pass_on(state, waiting)
    }

    /// What a call waits for is there: it gets a free permit, or one of the next that are freed. The caller takes no new input before, and so the
    /// call comes first.
    pub(crate) fn call_back(&self, call: &Arc<Parked>) {
        let mut state = self.state.lock();
        if call.standing() == Standing::Away {
            self.line_up(&mut state, call);
        }
    }

    /// Whether a call holds a permit.
    pub(crate) fn is_permitted(&self, call: &Parked) -> bool {
        let _state = self.state.lock();
        call.standing() == Standing::Permitted
    }

    /// A call goes on: blocks until it has a permit again.
    pub(crate) fn come_back(&self, call: &Arc<Parked>) {
        self.call_back(call);
        seeded!("call-returns-without-a-permit" => return);
        call.wait_while(Standing::Returning, 0, None);
    }

    /// A guest has run what it came for.
    pub(crate) fn leave_as_guest(&self, heir: Option<Heir>, waiting: impl Fn() -> usize) -> Wake {
        let mut state = self.state.lock();
        if heir.is_some_and(|heir| state.hand_over(&heir)) {
            self.press(&state);
            return Wake::Done;
        }
        self.pass_on(state, waiting)
    }

    /// A thread from outside takes a permit if one is free.
    pub(crate) fn enter_as_guest(&self) -> bool {
        let mut state = self.state.lock();
        seeded!("guest-beyond-the-cap" => { state.held += 1; return true });
        let free = state.held < state.cap;
        state.held += usize::from(free);
        free
    }

    /// The thread that a permit was held for could not be started.
    pub(crate) fn start_failed(&self) {
        let mut state = self.state.lock();
        state.threads -= 1;
        state.searching -= 1;
        seeded!("failed-start-keeps-its-permit" => return);
        state.free();
        self.press(&state);
    }

    /// Changes the cap. The caller calls [`Permits::wake`] for each hint that waits.
    pub(crate) fn set_cap(&self, cap: usize) {
        let mut state = self.state.lock();
        state.cap = cap;
        self.cap.store(cap, Ordering::Relaxed);
        while state.held < state.cap {
            let Some(call) = state.returning.pop_front() else { break };
            state.held += 1;
            state.admit(&call);
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
        seeded!("last-end-tells-nobody" => return);
        if state.live == 0 {
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

    /// A call that is away gets a permit: a free one, or one of the next.
    fn line_up(&self, state: &mut State, call: &Arc<Parked>) {
        if state.held < state.cap {
            state.held += 1;
            state.admit(call);
        } else {
            call.set(Standing::Returning);
            state.returning.push_back(Arc::clone(call));
            self.press(state);
        }
    }

    fn pass_on(&self, mut state: MutexGuard<'_, State>, waiting: impl Fn() -> usize) -> Wake {
        let waiting = waiting();
        let turn = if state.hints_turn() { state.free_for_a_hint(waiting) } else { None };
        let wake = turn.or_else(|| {
            state.free();
            seeded!("freed-permit-not-passed-on" => return None);
            state.employ(waiting)
        });
        self.press(&state);
        wake.unwrap_or(Wake::Done)
    }

    fn press(&self, state: &State) {
        self.pressed.store(state.is_wanted(), Ordering::Relaxed);
    }
}

impl State {
    /// Whether a holder of a permit is to give it up.
    fn is_wanted(&self) -> bool {
        self.held > self.cap || !self.returning.is_empty()
    }

    /// Whether a hint goes before the calls that wait for a permit.
    fn hints_turn(&self) -> bool {
        seeded!("calls-always-go-first" => return false);
        self.hint_is_next && self.held <= self.cap && !self.returning.is_empty()
    }

    /// Whether a worker that holds a permit may follow a hint with it.
    fn may_search(&mut self) -> bool {
        seeded!("rest-without-looking" => return false);
        !self.is_wanted() || self.hints_turn() && std::mem::take(&mut self.hint_is_next)
    }

    fn remove(parked: &mut VecDeque<Arc<Parked>>, one: &Arc<Parked>) -> bool {
        let found = parked.iter().position(|other| Arc::ptr_eq(other, one));
        found.and_then(|at| parked.remove(at)).is_some()
    }

    /// Gives a free permit to the worker that is still warm, or to a new thread, if more hints wait than threads look for one.
    fn employ(&mut self, waiting: usize) -> Option<Wake> {
        if self.held >= self.cap || waiting <= self.searching {
            return None;
        }
        let wake = match self.idle.pop_back() {
            Some(worker) => {
                worker.tell(Standing::Permitted);
                Wake::Done
            }
            None if self.threads < self.cap + self.away => {
                self.threads += 1;
                Wake::Start
            }
            None => return None,
        };
        self.held += 1;
        self.searching += 1;
        Some(wake)
    }

    /// Ends the holding of one permit: it goes to the call that has waited longest for one, unless the cap was lowered.
    fn free(&mut self) {
        if self.held > self.cap {
            self.held -= 1;
        } else if let Some(call) = self.returning.pop_front() {
            self.admit(&call);
            self.hint_is_next = true;
        } else {
            self.held -= 1;
        }
    }

    /// Ends the holding of one permit, which goes to a hint although calls wait, if there is one and a thread for it.
    fn free_for_a_hint(&mut self, waiting: usize) -> Option<Wake> {
        self.held -= 1;
        let wake = self.employ(waiting);
        match wake {
            Some(_) => self.hint_is_next = false,
            None => self.held += 1,
        }
        wake
    }

    /// A holder of a permit gives it to the consumer that it has worked for, if that has none.
    fn hand_over(&mut self, heir: &Heir) -> bool {
        if !heir.is_absent() {
            return false;
        }
        Self::remove(&mut self.returning, &heir.0);
        self.admit(&heir.0);
        true
    }

    fn admit(&mut self, call: &Parked) {
        self.away -= 1;
        call.tell(Standing::Permitted);
        self.thin_out();
    }

    /// Whether no work will come any more.
    fn is_over(&self) -> bool {
        self.dismissed && self.live == 0
    }

    /// Ends the threads that sleep, if no work will come any more.
    fn send_home(&mut self) {
        seeded!("dismissal-wakes-nobody" => return);
        while self.is_over() {
            let Some(worker) = self.idle.pop_front() else { return };
            self.threads -= 1;
            worker.tell(Standing::Dismissed);
        }
    }

    /// Sends home the threads that stood in for calls that are back.
    fn thin_out(&mut self) {
        while self.threads > self.cap + self.away {
            let Some(worker) = self.idle.pop_front() else { return };
            self.threads -= 1;
            worker.tell(Standing::Dismissed);
        }
    }
}
