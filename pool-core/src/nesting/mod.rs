//! What a call is to the pool while it runs, and what becomes of its permit while it waits.
//!
//! Each thread has a stack of frames, one for each batch whose calls it is inside of; more than one where calls run batches of
//! their own. The innermost frame tells which pool's permit the thread holds.
//!
//! # What a call does that waits
//!
//! A call that waits for a batch on its **own** pool runs inputs of that batch itself, with the permit that it has, and never an
//! unrelated call. As long as there is one that it can run it gives its permit to no other call: not to one that returns, and not because the
//! cap was lowered. If there is none, it **gives its permit up** and parks, as does a call that waits for **another** pool's batch. Looking for
//! a result, registering to be woken and giving the permit up are one section of the batch's lock.
//!
//! A call gets a permit again in one of two ways:
//!
//! - From a thread inside the batch, where that is on the call's own pool: the thread that files a result for the call, and the last thread
//!   that leaves the batch, **hands its permit over** when it leaves, before it looks for anything else. Such a call is the thread's *heir*.
//! - From the line of calls that return (`permits.rs`), where the batch is another pool's, or the wait has timed out.
//!
//! # Nesting cannot deadlock
//!
//! *A call that waits for a batch on its own pool is without a permit only while another thread is inside that batch.* There is nothing that the
//! call can run only if (a) a thread is inside the iterator, (b) as many calls of the batch run as its `max_workers` and its `buffer` allow and the next
//! result is not there, (c) a loop that may feed the batch has a call running already, or (d) the inputs are over and not every thread has
//! left. In each case a thread is inside. And the last one that leaves hands its permit over: either it leaves before the section
//! in which the call finds nothing, then the call finds something; or after, then it finds the call absent.
//!
//! Now take the calls that have started and not ended, in all pools, and of these one that waits for no other: the innermost. Either it holds a
//! permit and runs, and will end or wait. Or it wants a permit back. A thread inside its batch holds one for it, if the batch is on its own
//! pool; this thread runs user code that will end, or is itself a call that waits, further in. Else the call stands in the line, and
//! the next permit but one that is freed is for it: those that hold permits run, and end or wait. Or its batch has an input that no thread
//! has taken; then the hint waits in the queue of its pool, and gets a free permit or one of the next, since hints and calls take turns. A chain of
//! calls, each waiting for the next, is as long as the user's own nesting and ends in one that runs. So something runs until nothing is
//! left to wait for, with any cap.
//!
//! # A lock may be held across a batch on the call's own pool
//!
//! Let call A hold a lock and wait for a batch B of its own pool whose calls neither take that lock nor wait for other pools, and let every other
//! permit go to calls that block on the lock: new ones or returning ones. Either A can run an input of B; then it does, with its own permit. Or a
//! thread X is inside B. X holds a permit, or waits in the same way for a batch further in, whose threads hand theirs back to it. X does not block on the lock, so it ends its
//! call. If that gives A a result, or X is the last one inside, A gets X's own permit, whatever stands in the line. Else another thread
//! is inside, and the same holds for that.
//!
//! A lock held across a batch of *another* pool is different: its result brings no permit of A's pool, and calls that block on the lock may
//! hold all of them.
//!
//! A call that runs inputs of its own batch does not make way for other batches: a call of these could block on
//! a lock that this one holds, with the only permit. So a call with a long batch of its own occupies its permit as any long call does.
//!
//! The stack of a thread is as deep as the user's own nesting, since it never enters a call that the one below does not wait for. A
//! level takes less than 1.5 KiB of it beside the user's own frames, and less than 5 KiB without optimizations.

pub(crate) mod token;
pub(crate) mod waiter;

use crate::base::sync;
use crate::nesting::token::Token;
use crate::nesting::waiter::Waiter;
use crate::threads::counters::Tally;
use crate::threads::crew::Crew;
use crate::threads::parked::{Heir, Parked};
use crate::threads::permits::Wake;
use std::cell::RefCell;
use std::sync::Arc;
use std::time::Duration;

struct Frame {
    crew: Arc<Crew>,
    token: Arc<Token>,
    tally: Arc<Tally>,
}

sync::thread_local! {
    static FRAMES: RefCell<Vec<Frame>> = const { RefCell::new(Vec::new()) };
}

/// Exists while the thread is inside a batch. It counts as running only during a call.
pub(crate) struct Inside {
    tally: Arc<Tally>,
    running_before: usize,
}

impl Inside {
    /// Enters a batch of `crew`, of which the thread holds a permit.
    pub(crate) fn enter(crew: &Arc<Crew>, token: &Arc<Token>) -> Self {
        let tally = crew.tally();
        let frame =
            Frame { crew: Arc::clone(crew), token: Arc::clone(token), tally: Arc::clone(&tally) };
        // A thread that ends may run calls after its thread-locals are gone; then they are in no frame.
        let _ = FRAMES.try_with(|frames| frames.borrow_mut().push(frame));
        let running_before = tally.set_running(0);
        Self { tally, running_before }
    }

    /// Runs one call, which tells whether it panicked beside its result.
    #[inline]
    pub(crate) fn call<R>(&self, call: impl FnOnce() -> (R, bool)) -> R {
        self.tally.set_running(1);
        let (result, panicked) = call();
        self.tally.set_running(0);
        self.tally.count(panicked);
        result
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
    /// What the thread counted as running before.
    running: usize,
}

impl Away {
    /// The call that the current thread runs is about to wait. It has its permit still. `None` outside calls, where there is none.
    pub(crate) fn begin() -> Option<Self> {
        let (crew, tally) = innermost(|frame| (Arc::clone(&frame.crew), Arc::clone(&frame.tally)))?;
        let (call, running) = (Parked::current(), tally.set_running(0));
        Some(Self { crew, call, tally, running })
    }

    /// How a thread that has what the call waits for finds it.
    pub(crate) fn waiter(&self) -> Waiter {
        Waiter::Call(Arc::clone(&self.crew), Arc::clone(&self.call))
    }

    /// The call as the heir of threads inside the batch that it waits for, if that runs on its own pool.
    pub(crate) fn heir(&self, crew: &Arc<Crew>) -> Option<Heir> {
        Arc::ptr_eq(crew, &self.crew).then(|| Heir(Arc::clone(&self.call)))
    }

    /// Gives the permit up, unless that has been done. This may stand under a batch's lock; what comes back is for after that.
    pub(crate) fn give_up(&self) -> GivenUp {
        GivenUp(Arc::clone(&self.crew), self.crew.give_up(&self.call))
    }

    /// Whether the call holds a permit, so that dropping this would not block.
    pub(crate) fn is_back(&self) -> bool {
        self.crew.is_permitted(&self.call)
    }
}

impl Drop for Away {
    fn drop(&mut self) {
        self.crew.come_back(&self.call);
        self.tally.set_running(self.running);
    }
}

/// A permit that may have been promised to a thread that has to be started.
#[must_use = "the permit waits for the thread"]
pub(crate) struct GivenUp(Arc<Crew>, Wake);

impl GivenUp {
    pub(crate) fn pass_on(self) {
        self.0.start_if(self.1);
    }
}

/// Whether the current thread runs a call of `crew`, and so holds one of its permits.
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

/// What the current call is cancelled by.
pub(crate) fn current_token() -> Option<Arc<Token>> {
    innermost(|frame| Arc::clone(&frame.token))
}

fn innermost<R>(look: impl FnOnce(&Frame) -> R) -> Option<R> {
    // A destructor of another thread-local may ask after this one is gone: then no call runs here any more.
    FRAMES.try_with(|frames| frames.borrow().last().map(look)).ok().flatten()
}

/// Tells a call whether its result is still wanted: whether its batch, or any batch around that, was dropped, stopped, or ended early.
///
/// Also true inside the input iterator of such a batch. Always false in the call of a [`Task`](crate::Task), wherever that was submitted, and outside
/// calls. It does not block.
///
/// # Examples
///
/// ```
/// use pool_core::{Pool, is_cancelled};
///
/// let pool = Pool::new(2);
/// let batch = pool.map([1, 2, 3], |n| if is_cancelled() { 0 } else { n });
/// assert_eq!(batch.collect::<Vec<_>>(), [1, 2, 3]);
/// assert!(!is_cancelled());
///
/// // Would run for ever, but for the first error, which ends the batch.
/// let endless = |n| loop {
///     match n {
///         0 => return Err("first"),
///         _ if is_cancelled() => return Ok(()),
///         _ => std::thread::yield_now(),
///     }
/// };
/// assert_eq!(pool.map(0..9, endless).collect::<Result<Vec<_>, _>>(), Err("first"));
/// ```
pub fn is_cancelled() -> bool {
    innermost(|frame| frame.token.is_cancelled()).unwrap_or(false)
}

/// Sleeps inside a call, for back-off between attempts, and returns false as soon as the call [is cancelled](is_cancelled).
///
/// Returns true if the whole time passed. The call keeps its permit. Outside a call and in a [`Task`](crate::Task) it sleeps fully and
/// returns true.
///
/// # Examples
///
/// ```
/// use pool_core::{Pool, sleep};
/// use std::time::Duration;
///
/// let pool = Pool::new(2);
/// let slept = pool.map([1, 2], |ms| sleep(Duration::from_millis(ms))).collect::<Vec<_>>();
/// assert_eq!(slept, [true, true]);
///
/// // The batch ends with its first error. The other call does not sleep on.
/// let call = |seconds| if seconds > 0 && sleep(Duration::from_secs(seconds)) { Ok(()) } else { Err(seconds) };
/// assert_eq!(pool.map([0, 3600], call).collect::<Result<(), _>>(), Err(0));
/// ```
pub fn sleep(duration: Duration) -> bool {
    match current_token() {
        Some(token) => token.sleep(sync::after(duration)),
        None => {
            std::thread::sleep(duration);
            true
        }
    }
}
