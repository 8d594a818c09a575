//! The [`Permits`] of a pool: which threads may run, which are parked, and which wakes next.
//!
//! A **permit** is the right to run a call. A pool has `cap` permits, and that makes the cap hard.
//!
//! - A **worker** is a thread of the pool. It holds a permit while it searches for a hint and while it runs calls. It
//!   **rests** without one, parked in `idle`.
//! - A call that waits may give its permit up. Then it is **away**. It is **returning** from the moment in which it
//!   waits for nothing but a permit; then it stands in the line of returning calls, and gets one of the next permits
//!   that are freed.
//! - An **heir** is a call that is away for a batch on its own pool. A thread inside that batch **hands its permit
//!   over** to the heir, ahead of the line. [`nesting`](crate::nesting) says why.
//! - A **guest** is a consumer that takes a free permit and runs a call itself, because no worker comes for its batch.
//!
//! One lock guards all of this, and a **section** is a critical section of that lock. A thread takes the lock for each
//! hint, each rest and each wait, but not for each input. `pressed` tells a running worker between two inputs that its
//! permit is wanted.
//!
//! # No thread stays parked while a hint waits and a permit is free
//!
//! 1. A thread that **pushes** a hint first pushes it and then takes the lock. A free permit goes to the worker that
//!    was parked last, or to a new thread.
//! 2. A worker that **rests** takes the lock and checks whether more hints wait than other threads search for. If so,
//!    it searches again. If not, or if a returning call goes first, it gives its permit up.
//!
//! - Either the pusher's section comes first: then the worker counts the hint and searches, unless another thread has
//!   found the hint.
//! - Or the worker's section comes first: then the pusher sees the free permit. It finds the worker in `idle`, or may
//!   start a thread.
//!
//! A thread gets its permit for a hint, not for *the* hint. A woken thread **searches** until the queue is empty, and
//! it does not matter if another thread took the hint it was woken for. So a pusher that sees as many threads search as
//! hints wait wakes none and starts none. But a searching thread may find another hint first, and run that one for
//! minutes. So a thread that has found a hint takes the lock and no longer counts as searching. If more hints wait now
//! than threads search, it wakes another thread.
//!
//! - Either that section comes before the pusher's: then the pusher does not count the thread.
//! - Or it comes after: then it sees the pusher's hint.
//!
//! The same rule holds for a call that gives its permit up, for a guest that leaves, and for a cap that rises. Each
//! passes the permit on if more hints wait than threads search, or else frees it for the next pusher. A worker that
//! hands its permit over takes a free one for a hint that waits, or rests.
//!
//! # Calls and hints take turns
//!
//! A returning call goes before hints, so that begun work finishes first. But calls with many short waits return again
//! and again, and a hint would never get a permit. So while both wait, every other freed permit is for a hint. Its
//! thread follows one hint, runs one input, and passes the permit on.
//!
//! # A pause
//!
//! While the pool is [paused](crate::threads::pause), no permit is granted for a hint or to a guest. Calls that return
//! and heirs get theirs: they have started before. A worker with a permit that comes to rest gives it up. A worker that
//! was granted its permit just before finds a hint and sees the pause before it takes an input.
//!
//! # A permit is never lost
//!
//! The thread that frees a permit grants it to the next holder in the same section. The grant is complete before the
//! receiver is unparked. A worker whose `keep_alive` has passed takes the lock, too: either it is still in `idle` and
//! retires, or it has been granted a permit and searches. No thread starts beyond `cap + away`, and the permit of a new
//! thread is held from the decision to start it.
//!
//! # A thread that cannot be started
//!
//! A thread whose `on_start` panics counts as one, too.
//!
//! A section gives its permit back and no longer counts the thread. If hints wait, a parked worker gets the permit: it
//! may have parked because the new thread counted as searching. After that the crew tells every batch that has a hint
//! in the queue. If the consumer of such a batch waits, it becomes a guest where a permit is free. The hints stay in
//! the queue for the next thread that searches.
//!
//! - Either another pusher counted on the thread that failed to start, and woke none for its own hint: then it pushed
//!   before the permit was given back, and the crew tells its batch, too.
//! - Or it comes later, sees the free permit, and tries to start a thread itself.
//!
//! A guest that leaves passes its permit on as every thread does, and so tries to start a thread for the hints that are
//! left. If that fails, the crew tells their batches again.

mod state;

use crate::base::sync::{
    self, AtomicBool, AtomicUsize, Condvar, Mutex, MutexGuard, Ordering, seeded,
};
use crate::threads::parked::{Heir, Parked, Standing};
use crate::threads::permits::state::State;
pub(crate) use crate::threads::permits::state::Wake;
use std::sync::Arc;
use std::time::Instant;

pub(crate) struct Permits {
    state: Mutex<State>,
    /// Whether a permit is wanted from a running worker: a call waits for one, the cap was lowered, or the pool is
    /// paused. Written under the lock. Workers read it between two inputs without the lock, and a late reader takes one
    /// input more.
    pressed: AtomicBool,
    /// A copy of the cap for readers that hold no lock.
    cap: AtomicUsize,
    /// A copy of `paused` for readers that hold no lock.
    paused: AtomicBool,
    /// Notified when `live` falls to 0.
    quiet: Condvar,
}

/// What a worker does after a rest.
#[derive(PartialEq, Eq, Debug)]
pub(crate) enum Rest {
    /// It searches: a hint waits, or the worker was granted a permit. It does so even if calls wait for a permit.
    Search,
    /// It ends its thread. It holds no permit, and the pool no longer counts it.
    Retire,
}

impl Permits {
    pub(crate) fn new(cap: usize) -> Self {
        Self {
            state: Mutex::new(State::new(cap)),
            pressed: AtomicBool::new(false),
            cap: AtomicUsize::new(cap),
            paused: AtomicBool::new(false),
            quiet: Condvar::default(),
        }
    }

    #[inline]
    pub(crate) fn cap(&self) -> usize {
        self.cap.load(Ordering::Relaxed)
    }

    /// How many threads live or are being started, and how many calls have given their permit up and have no new one.
    pub(crate) fn threads_and_away(&self) -> (usize, usize) {
        let state = self.state.lock();
        (state.threads, state.away)
    }

    #[inline]
    pub(crate) fn is_paused(&self) -> bool {
        // Acquire and release: a call that goes on sees what the thread did before that ended the pause.
        self.paused.load(Ordering::Acquire)
    }

    /// While the pool is paused, grants no permit for a hint. After a pause the caller calls [`Permits::wake`] for the
    /// hints that wait.
    pub(crate) fn set_paused(&self, paused: bool) {
        let mut state = self.state.lock();
        state.paused = paused;
        self.paused.store(paused, Ordering::Release);
        self.press(&state);
    }

    /// Whether a worker gives its permit up before its next input.
    #[inline]
    pub(crate) fn pressed(&self) -> bool {
        self.pressed.load(Ordering::Relaxed)
    }

    /// Step 1 of the essay, after the push.
    pub(crate) fn wake(&self, waiting: impl Fn() -> usize) -> Wake {
        self.state.lock().employ(waiting()).unwrap_or(Wake::Done)
    }

    /// Counts a worker as searching, when it is done with a batch.
    pub(crate) fn search(&self) {
        self.state.lock().searching += 1;
    }

    /// Uncounts a worker that has found a hint, and wakes another one if more hints wait.
    pub(crate) fn found(&self, waiting: impl Fn() -> usize) -> Wake {
        let mut state = self.state.lock();
        state.searching -= 1;
        seeded!("found-hint-passed-on-to-nobody" => return Wake::Done);
        state.employ(waiting()).unwrap_or(Wake::Done)
    }

    /// Step 2 of the essay: a worker found nothing, or its permit is wanted. An `heir` gets the permit. The worker
    /// re-checks at most `looks` times before it parks.
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
                if !state.is_wanted() && state.held < state.cap && waiting() >= state.searching {
                    state.held += 1;
                    return Rest::Search;
                }
                state.searching -= 1;
            } else {
                if waiting() >= state.searching && state.may_search() {
                    drop(state);
                    // The count may be ahead of the queue: a pusher counts first, and a finder uncounts last. The other
                    // thread may need this core to get on.
                    sync::yield_now();
                    return Rest::Search;
                }
                state.searching -= 1;
                // Not `pass_on`: no hint waits for this permit, or a returning call goes first.
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

    /// Gives the permit of a waiting call up, unless the call is away already.
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

    /// Lets a call return, since its result is there. It gets a free permit, or one of the next that are freed. The
    /// caller takes a new input only after this, so that the call comes first.
    pub(crate) fn call_back(&self, call: &Arc<Parked>) {
        let mut state = self.state.lock();
        if call.standing() == Standing::Away {
            self.line_up(&mut state, call);
        }
    }

    /// Lets a call return, and blocks until it has a permit again.
    pub(crate) fn come_back(&self, call: &Arc<Parked>) {
        self.call_back(call);
        seeded!("call-returns-without-a-permit" => return);
        call.wait_while(Standing::Returning, 0, None);
    }

    /// Takes the permit of a guest back. An `heir` gets it.
    pub(crate) fn leave_as_guest(&self, heir: Option<Heir>, waiting: impl Fn() -> usize) -> Wake {
        let mut state = self.state.lock();
        if heir.is_some_and(|heir| state.hand_over(&heir)) {
            self.press(&state);
            return Wake::Done;
        }
        self.pass_on(state, waiting)
    }

    /// Gives a guest a permit, if one is free.
    pub(crate) fn enter_as_guest(&self) -> bool {
        let mut state = self.state.lock();
        seeded!("guest-beyond-the-cap" => { state.held += 1; return true });
        let free = state.held < state.cap && !state.paused;
        state.held += usize::from(free);
        free
    }

    /// Takes the permit of a thread back that could not be started. A parked worker gets it, if hints wait. This starts
    /// no other thread: the caller tells the batches.
    pub(crate) fn start_failed(&self, waiting: impl Fn() -> usize) {
        let mut state = self.state.lock();
        state.threads -= 1;
        state.searching -= 1;
        seeded!("failed-start-keeps-its-permit" => return);
        state.free();
        seeded!("failed-start-wakes-no-worker" => return);
        if !state.idle.is_empty() {
            let wake = state.employ(waiting());
            debug_assert_ne!(wake, Some(Wake::Start));
        }
        self.press(&state);
    }

    /// Changes the cap. The caller then calls [`Permits::wake`] for the hints that wait.
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

    /// Notes that the pool's handle is gone.
    pub(crate) fn dismiss(&self) {
        let mut state = self.state.lock();
        state.dismissed = true;
        state.send_home();
    }

    /// Whether the pool's handle is gone.
    pub(crate) fn is_dismissed(&self) -> bool {
        self.state.lock().dismissed
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

    /// Gives a call that is away a free permit, or puts it at the end of the line.
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
