//! Decides what a call is to the pool while it runs, and what becomes of its place while it waits.
//!
//! Each thread has a stack of frames, one for each batch whose calls it is inside of; more than one where calls run batches of
//! their own. The innermost frame tells which pool's place the thread holds.
//!
//! # Nesting cannot deadlock
//!
//! A call that waits for a batch on its **own** pool runs inputs of that batch itself, with the place that it has, and never an
//! unrelated call; a call that wants its place back goes first. If there is nothing that it can run (another thread is inside the input
//! iterator, the batch's cap or buffer is reached, a loop has a call running already) it gives its place up and sleeps, as does a call that
//! waits for **another** pool's batch. Whoever has its result calls it back before he takes any new input.
//!
//! So of the calls that have been started and have not ended, in all pools, every one that holds a place runs, and will end or wait. Take
//! one that is the innermost: it waits for no call that has started. If it does not run, it wants its place back, or its batch has an
//! input that nobody has started; then the batch is not at its cap, and its hint waits in the queue of its pool. Either a place of that pool is
//! free, then the call or the hint has got it (`sleep.rs`); or all are held by calls that run, and the next one that ends or waits
//! passes its place on. A chain of calls, each waiting for the next, is as long as the user's own nesting and ends in one that runs.
//! So something runs until nothing is left to wait for, with any cap.
//!
//! A call that runs inputs of its own batch makes way for calls that return, and not for other batches: a call of these could block on
//! a lock that this one holds, with the only place. So a call with a long batch of its own occupies its place as any long call does.
//!
//! A lock that a call holds while it waits is not seen here; what it waits for needs no place that a call blocked on that lock could
//! hold, as long as its batch is on the same pool and does not wait for other pools: what has started has its place, the
//! result takes that same place back to the call, and what has not started the call runs itself.
//!
//! The stack of a thread is as deep as the user's own nesting, since it never enters a call that the one below does not wait for. A
//! level takes less than 1.5 KiB of it beside the user's own frames, and less than 5 KiB without optimizations.

use crate::cancel::Token;
use crate::seat::Seat;
use crate::stats::Tally;
use crate::sync;
use crate::waiter::Waiter;
use crate::worker::Crew;
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
    /// Enters a batch of `crew`, of which the thread holds a place.
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

/// Exists while a call waits. Dropping it blocks until the call has a place again.
///
/// 1. The call sets its place **aside**: it is held still.
/// 2. It asks, and registers with whoever will have what it waits for.
/// 3. It **gives the place up** to whoever can use it, and sleeps.
///
/// Whoever has what it waits for **calls it back** before he takes any new input. Either that comes before step 3: then the place is
/// the call's again and is not given up. Or it comes after: then the call is in the line for the next free place already when
/// the first new input could take it.
pub(crate) struct Away {
    crew: Arc<Crew>,
    seat: Arc<Seat>,
    tally: Arc<Tally>,
    /// What the thread counted as running before.
    running: usize,
}

impl Away {
    /// Step 1. `None` outside calls, where there is no place.
    pub(crate) fn begin() -> Option<Self> {
        let (crew, tally) = innermost(|frame| (Arc::clone(&frame.crew), Arc::clone(&frame.tally)))?;
        let (seat, running) = (Seat::current(), tally.set_running(0));
        crew.set_aside(&seat);
        Some(Self { crew, seat, tally, running })
    }

    /// How whoever has what the call waits for finds it.
    pub(crate) fn waiter(&self) -> Waiter {
        Waiter::Call(Arc::clone(&self.crew), Arc::clone(&self.seat))
    }

    /// Step 3.
    pub(crate) fn give_up(&self) {
        self.crew.give_up(&self.seat);
    }

    /// Lets a call go first that wants its place back, and takes the next one.
    pub(crate) fn make_way() {
        drop(Self::begin());
    }

    /// Whether the call has a place, so that dropping this would not block.
    pub(crate) fn is_back(&self) -> bool {
        self.crew.is_back(&self.seat)
    }
}

impl Drop for Away {
    fn drop(&mut self) {
        self.crew.come_back(&self.seat);
        self.tally.set_running(self.running);
    }
}

/// Whether the current thread runs a call of `crew`, and so holds one of its places.
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
/// Returns true if the whole time passed. The call keeps its place in the pool. Outside a call and in a [`Task`](crate::Task) it sleeps fully and
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
