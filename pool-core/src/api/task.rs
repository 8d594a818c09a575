//! `Task`, one call in the background: a batch of one input, which runs on when its handle is dropped.

use crate::api::error::Panic;
use crate::api::pool::Pool;
use crate::api::results;
use crate::base::span::{At, Site};
use crate::base::sync;
use crate::base::unwind;
use crate::batch::Handle;
use crate::batch::{Outcome, Start};
use crate::threads::crew::Crew;
use std::fmt;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// One call in the background, made by [`Pool::submit`](crate::Pool::submit) and by `#[concurrent]`'s `submit`.
///
/// Dropping it lets the call run on. A panic is then reported to the panic hook only. With feature `stream` it is a
/// `Future` of what [`join`](Self::join) returns, for any executor; in async code, await it rather than join it,
/// since `join` blocks.
///
/// # Examples
///
/// ```
/// let pool = pool_core::Pool::new(2);
/// let task = pool.submit(|| 6 * 7);
/// assert_eq!(task.join().unwrap(), 42);
/// ```
#[must_use = "the call runs on, but its result and its panic go nowhere"]
pub struct Task<R>(
    /// `None` once the result has been handed out. Boxed, since methods that fail give the task back.
    pub(crate) Option<Box<Handle<'static, Outcome<R>>>>,
);

impl Pool {
    /// Runs one call in the background, as soon as a worker is free. Does not block.
    ///
    /// It belongs to no batch: nothing stops it, and [`is_cancelled`](crate::is_cancelled) is false in it.
    ///
    /// # Examples
    ///
    /// ```
    /// let pool = pool_core::Pool::new(4);
    /// let sum = pool.submit(|| (1..=10).sum::<u32>());
    /// assert_eq!(sum.join().unwrap(), 55);
    /// ```
    pub fn submit<R, F>(&self, call: F) -> Task<R>
    where
        R: Send + 'static,
        F: FnOnce() -> R + Send + 'static,
    {
        Task::start(self.crew(), call)
    }
}

impl<R: Send + 'static> Task<R> {
    pub(crate) fn start(crew: Arc<Crew>, call: impl FnOnce() -> R + Send + 'static) -> Self {
        let site = Site::here();
        let mut handle = Handle::single(crew, move |at: At| {
            let mut outcome = site.run(at, call);
            if let Err(payload) = site.close() {
                unwind::discard(std::mem::replace(&mut outcome, Err(payload)));
            }
            let panicked = outcome.is_err();
            (Ok(outcome), panicked)
        });
        handle.start(Start::Ahead);
        Self(Some(Box::new(handle)))
    }
}

impl<R> Task<R> {
    /// Blocks until the call has ended, and returns its result. Inside a call of the same pool it may run the call
    /// itself, so that a cap of 1 is enough.
    ///
    /// # Errors
    ///
    /// Returns the [`Panic`] if it panicked.
    ///
    /// # Deadlocks
    ///
    /// A call that joins its own task waits for itself. In async code it blocks the executor's thread: await the task
    /// instead (feature `stream`).
    ///
    /// # Examples
    ///
    /// ```
    /// use pool_core::Pool;
    ///
    /// static ONE: Pool = Pool::new(1);
    ///
    /// let outer = ONE.submit(|| ONE.submit(|| 20).join().unwrap() + 1);
    /// assert_eq!(outer.join().unwrap(), 21);
    ///
    /// let broken = ONE.submit(|| -> u8 { panic!("out of paper") });
    /// assert_eq!(broken.join().unwrap_err().message(), "out of paper");
    /// ```
    pub fn join(self) -> Result<R, Panic> {
        self.wait(None).unwrap_or_else(|_| unreachable!("a wait without a deadline has an end"))
    }

    /// Waits at most `wait` for the call to end.
    ///
    /// A wait of zero takes what is there; one of `Duration::MAX` is for ever. If it runs the call itself, as
    /// [`join`](Self::join) may, it lasts at least as long as the call does.
    ///
    /// # Errors
    ///
    /// Gives the task back if the call has not ended by then. The inner result is that of [`join`](Self::join).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::{sync::mpsc, time::Duration};
    ///
    /// let (open, gate) = mpsc::channel();
    /// let task = pool_core::Pool::new(1).submit(move || gate.recv());
    /// let task = task.join_timeout(Duration::from_millis(1)).unwrap_err();
    /// open.send("open").unwrap();
    /// assert_eq!(task.join().unwrap(), Ok("open"));
    /// ```
    pub fn join_timeout(self, wait: Duration) -> Result<Result<R, Panic>, Self> {
        self.wait(sync::after(wait))
    }

    /// Tells whether the call has ended, so that [`join`](Self::join) would not block.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::{sync::mpsc, time::Duration};
    ///
    /// let pool = pool_core::Pool::new(1);
    /// let (open, gate) = mpsc::channel::<()>();
    /// let task = pool.submit(move || gate.recv().is_ok());
    /// assert!(!task.is_finished());
    /// open.send(()).unwrap();
    /// assert!(pool.wait_idle(Duration::MAX));
    /// assert!(task.is_finished());
    /// ```
    pub fn is_finished(&self) -> bool {
        self.0.as_ref().is_none_or(|handle| handle.source().is_ready())
    }

    /// Takes the call back: it will not run. Its closure is dropped here. Does not block.
    ///
    /// # Errors
    ///
    /// Gives the task back if the call has started, or has ended.
    ///
    /// # Examples
    ///
    /// ```
    /// let task = pool_core::Pool::new(1).submit(|| 1);
    /// match task.cancel() {
    ///     Ok(()) => {}
    ///     Err(started) => assert_eq!(started.join().unwrap(), 1),
    /// }
    /// ```
    pub fn cancel(mut self) -> Result<(), Self> {
        if self.0.as_ref().is_some_and(|handle| handle.source().cancel_untouched()) {
            drop(self.0.take());
            Ok(())
        } else {
            Err(self)
        }
    }

    fn wait(mut self, deadline: Option<Instant>) -> Result<Result<R, Panic>, Self> {
        match results::next(&mut self.0.as_mut().expect(TAKEN).consumer(), true, deadline) {
            Ok(outcome) => {
                drop(self.0.take());
                Ok(outcome.expect("a task has one result").map_err(Panic::new))
            }
            Err(_) => Err(self),
        }
    }
}

/// The message where a task that has given its result is asked for it again.
pub(crate) const TAKEN: &str = "the result of this task has been awaited before";

impl<R> Drop for Task<R> {
    fn drop(&mut self) {
        if let Some(handle) = self.0.take() {
            handle.detach();
        }
    }
}

// A panic of the call is its result, and leaves nothing half changed.
impl<R> UnwindSafe for Task<R> {}
impl<R> RefUnwindSafe for Task<R> {}

impl<R> fmt::Debug for Task<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Task").finish_non_exhaustive()
    }
}
