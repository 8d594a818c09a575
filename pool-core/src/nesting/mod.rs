//! Calls that run batches of their own: a thread's stack of frames, the permit of a call that waits, and cancelling.
//!
//! Each thread has a stack of frames, one for each batch that it is inside of. There is more than one where calls run
//! batches of their own. The innermost frame tells which pool's permit the thread holds.
//!
//! # What a waiting call does
//!
//! A call that waits for a batch on its **own** pool runs inputs of that batch itself, with the permit that it has. It
//! never runs an unrelated call. While it can run an input of its batch, it keeps its permit, even if calls wait for a
//! permit or the cap was lowered. When it can run none, it **gives its permit up** and parks. A call that waits for
//! **another** pool's batch gives its permit up at once. So does one whose batch abandons calls or
//! [sends](crate::batch::sent) them: it treats that as another pool's.
//!
//! A **section** is a critical section of a batch's lock. The call looks for a result, registers its waker and gives
//! its permit up in one section of the batch that it waits for.
//!
//! The call gets a permit again in one of two ways:
//!
//! - A thread inside the batch **hands its own permit over**, if the batch is on the call's own pool. The thread that
//!   files a result for the call does so, and so does the last thread that leaves the batch. It does so when it leaves,
//!   before it looks for other work. The call is this thread's **heir**.
//! - The call waits in the line of returning calls (see [`permits`](crate::threads::permits)), if the batch is another
//!   pool's, if the wait has timed out, or if a stop handle ended the wait.
//!
//! # Nesting cannot deadlock
//!
//! *A call that waits for a batch on its own pool is without a permit only while another thread is inside that batch.*
//! The call can run no input only in five cases:
//!
//! - A thread is inside the iterator.
//! - The batch runs as many calls as its `max_workers` and its `buffer` allow, and the next result is not there.
//! - The call is a loop that may feed its batch, and another call of the batch runs.
//! - The inputs are a feed that is dry, and another call of the batch runs, which may push to it.
//! - The inputs are over, and some thread has not left.
//!
//! In each case another thread is inside, and the last thread that leaves hands its permit over. Either it leaves
//! before the section in which the call finds nothing: then the call finds something. Or it leaves after that section:
//! then it finds the call away.
//!
//! Now take all calls that have started and not ended, in all pools. Go from a call that waits to a call of the batch
//! that it waits for, and so on. This chain is as long as the user's own nesting, so it ends at an innermost call,
//! which waits for no other call that has started. That call makes progress in each of its states:
//!
//! - It holds a permit and runs. Then it ends, or waits.
//! - It is away, and a thread inside its batch on its own pool holds a permit for it. That thread runs code of the user
//!   that ends, such as a `Drop` or the iterator's `next`, and then hands the permit over.
//! - It rests in [`back_off`](crate::back_off), without a permit. Its time passes, and then it is in the line.
//! - Its pool is paused, and it holds a permit, or rests. The pause ends.
//! - It is in the line. The threads that hold permits run, and end or wait, so permits are freed. At the latest every
//!   other freed permit goes to the line.
//! - It is away, and no thread has taken an input of its batch on another pool. Then a hint waits in that pool's queue.
//!   The hint gets a free permit or one of the next that are freed, since hints and calls take turns.
//! - It is away, and the calls of its batch were sent to run elsewhere. They end there, and the thread that finishes
//!   one wakes it. That thread needs no permit.
//!
//! So some call runs until none is left to wait for, with any cap.
//!
//! # A call may hold a lock while it waits for a batch on its own pool
//!
//! Call A holds a lock and waits for a batch B on its own pool. The calls of B neither take that lock nor wait for
//! other pools nor rest, and B neither abandons nor sends them. All other permits go to calls that block on the lock,
//! to new calls and to returning ones. B still never needs a permit that such a call holds:
//!
//! - Either A can run an input of B: then it does, with its own permit.
//! - Or a thread X is inside B. X holds a permit, or it waits for a batch further in and gets a permit back from a
//!   thread inside that batch. X does not block on the lock, so it ends its call. If that gives A a result, or if X is
//!   the last thread inside, A gets the permit of X, ahead of the line. If not, the same holds for another thread
//!   inside B.
//!
//! A lock held across a batch of *another* pool can deadlock. No thread of that batch has a permit of A's pool to hand
//! over, and calls that block on the lock may hold all of them.
//!
//! A call that runs inputs of its own batch does not take turns with other batches. A call of another batch could block
//! on a lock that this one holds, with the only permit. So a call with a long batch of its own keeps its permit as any
//! long call does.
//!
//! # The stack
//!
//! A thread's stack is as deep as the user's own nesting, since the thread only enters calls that the call below waits
//! for. A level takes less than 1.5 KiB beside the user's own frames, and less than 5 KiB without optimizations.

pub(crate) mod limit;
pub(crate) mod rest;
pub(crate) mod token;
pub(crate) mod waiter;

use crate::base::observer::Ended;
use crate::base::sync;
use crate::nesting::rest::CurrentCall;
use crate::nesting::token::Token;
use crate::nesting::waiter::Waiter;
use crate::threads::counters::Tally;
use crate::threads::crew::Crew;
use crate::threads::parked::{Heir, Parked, Standing};
use crate::threads::permits::Wake;
use std::cell::{Cell, RefCell};
use std::sync::Arc;
use std::time::Instant;

struct Frame {
    crew: Arc<Crew>,
    token: Arc<Token>,
    tally: Arc<Tally>,
    /// When the time of the call is over: by its own limit, or by that of a call around it.
    deadline: Cell<Option<Instant>>,
}

sync::thread_local! {
    static FRAMES: RefCell<Vec<Frame>> = const { RefCell::new(Vec::new()) };
}

/// Exists while the thread is inside a batch. The thread counts as running only during a call.
pub(crate) struct Inside {
    tally: Arc<Tally>,
    running_before: usize,
}

impl Inside {
    /// Enters a batch of `crew`. The thread holds one of its permits.
    pub(crate) fn enter(crew: &Arc<Crew>, token: &Arc<Token>) -> Self {
        let tally = crew.tally();
        let frame = Frame {
            crew: Arc::clone(crew),
            token: Arc::clone(token),
            tally: Arc::clone(&tally),
            deadline: Cell::new(token.deadline()),
        };
        // The destructor of another thread-local may run calls after this one is gone. Such calls are in no frame.
        let _ = FRAMES.try_with(|frames| frames.borrow_mut().push(frame));
        let running_before = tally.set_running(0);
        Self { tally, running_before }
    }

    /// Runs one call. The call returns its result, and how it ended.
    #[inline]
    pub(crate) fn call<R>(&self, call: impl FnOnce() -> (R, Ended)) -> R {
        let (result, ended) = self.send(call);
        self.tally.count(ended == Ended::Panicked);
        result
    }

    /// Sends one call. It has not ended by that.
    #[inline]
    pub(crate) fn send<R>(&self, send: impl FnOnce() -> R) -> R {
        self.tally.set_running(1);
        let sent = send();
        self.tally.set_running(0);
        sent
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        self.tally.set_running(self.running_before);
        let frame = FRAMES.try_with(|frames| frames.borrow_mut().pop());
        drop(frame);
    }
}

/// Exists while a call waits. Dropping it blocks until the call has a permit again.
pub(crate) struct Away {
    crew: Arc<Crew>,
    call: Arc<Parked>,
    tally: Arc<Tally>,
    /// How many calls the thread counted as running before the wait.
    running: usize,
}

impl Away {
    /// Begins a wait of the current thread's call, which keeps its permit for now. `None` if the thread runs no call.
    pub(crate) fn begin() -> Option<Self> {
        let (crew, tally) = innermost(|frame| (Arc::clone(&frame.crew), Arc::clone(&frame.tally)))?;
        let (call, running) = (Parked::current(), tally.set_running(0));
        Some(Self { crew, call, tally, running })
    }

    /// How another thread wakes the call.
    pub(crate) fn waiter(&self) -> Waiter {
        Waiter::Call(Arc::clone(&self.crew), Arc::clone(&self.call))
    }

    /// The call as the heir of threads inside a batch of `crew`, if that is the call's own pool.
    pub(crate) fn heir(&self, crew: &Arc<Crew>) -> Option<Heir> {
        Arc::ptr_eq(crew, &self.crew).then(|| Heir(Arc::clone(&self.call)))
    }

    /// Gives the permit up, unless the call has done so already. This may run under a batch's lock. The caller passes
    /// the result on after unlocking.
    pub(crate) fn give_up(&self) -> GivenUp {
        GivenUp(Arc::clone(&self.crew), self.crew.give_up(&self.call))
    }

    /// Whether the call has a permit again. Then dropping this does not block.
    pub(crate) fn is_back(&self) -> bool {
        self.call.standing() == Standing::Permitted
    }
}

impl Drop for Away {
    fn drop(&mut self) {
        self.crew.come_back(&self.call);
        self.tally.set_running(self.running);
    }
}

/// A permit that was given up. It may be held for a thread that the owner of this has to start.
#[must_use = "the permit is held for a thread that the caller starts"]
pub(crate) struct GivenUp(Arc<Crew>, Wake);

impl GivenUp {
    pub(crate) fn pass_on(self) {
        self.0.start_if(self.1);
    }
}

/// Whether the innermost call of the current thread is one of `crew`. Then the thread holds one of its permits.
pub(crate) fn is_inside(crew: &Arc<Crew>) -> bool {
    innermost(|frame| Arc::ptr_eq(&frame.crew, crew)).unwrap_or(false)
}

/// Whether the current thread runs a call of any pool.
pub(crate) fn is_in_a_call() -> bool {
    innermost(|_| ()).is_some()
}

/// Whether the current thread is inside a call of `crew`, waiting or not.
pub(crate) fn has_entered(crew: &Arc<Crew>) -> bool {
    FRAMES
        .try_with(|frames| frames.borrow().iter().any(|frame| Arc::ptr_eq(&frame.crew, crew)))
        .unwrap_or(false)
}

/// Shows the token and the deadline of the current call, if there is one.
pub(crate) fn lend_token(adopt: impl FnOnce(Arc<Token>, Option<Instant>)) {
    innermost(|frame| adopt(Arc::clone(&frame.token), frame.deadline.get()));
}

/// The current call, for what it asks and does itself.
pub(crate) fn current_call() -> Option<CurrentCall> {
    innermost(|frame| CurrentCall {
        crew: Arc::clone(&frame.crew),
        token: Arc::clone(&frame.token),
        tally: Arc::clone(&frame.tally),
        deadline: frame.deadline.get(),
    })
}

/// Whether the current call's batch, or any batch around that, is cancelled, or the call's time is over.
pub(crate) fn is_cancelled() -> bool {
    innermost(|frame| frame.token.is_cancelled() || sync::past(frame.deadline.get()))
        .unwrap_or(false)
}

/// Ends the time of the current call then, if that is sooner than the end of the call around it.
pub(crate) fn limit_call(deadline: Option<Instant>) {
    innermost(|frame| frame.deadline.set(sync::sooner(deadline, frame.token.deadline())));
}

/// When the time of the current call is over.
pub(crate) fn deadline() -> Option<Instant> {
    innermost(|frame| frame.deadline.get()).flatten()
}

fn innermost<R>(look: impl FnOnce(&Frame) -> R) -> Option<R> {
    // A destructor of another thread-local may ask after this one is gone. Then no call is known here any more.
    FRAMES.try_with(|frames| frames.borrow().last().map(look)).ok().flatten()
}
