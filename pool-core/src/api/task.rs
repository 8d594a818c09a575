//! `Task`, one call in the background: a batch of one input, which runs on when its handle is dropped.

use crate::api::error::Panic;
use crate::api::pool::Pool;
use crate::api::stop_handle::StopHandle;
use crate::base::observer::Ended;
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
#[must_use = "the call runs on, but its result is lost"]
pub struct Task<R>(
    /// `None` once the result has been handed out. Boxed, since methods that fail give the task back.
    pub(crate) Option<Box<Handle<'static, Outcome<R>>>>,
);

impl Pool {
    /// Runs one call in the background, as soon as a worker is free. Does not block.
    ///
    /// It belongs to no batch: nothing stops it but a [`stop_handle`](Task::stop_handle) or a guard of its own, and
    /// [`is_cancelled`](crate::is_cancelled) is false in it until then.
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
        Task::start(self.crew(), None, call)
    }
}

impl<R: Send + 'static> Task<R> {
    /// Starts a call, which sees that it is cancelled after its time `limit`.
    pub(crate) fn start(
        crew: Arc<Crew>,
        limit: Option<Duration>,
        call: impl FnOnce() -> R + Send + 'static,
    ) -> Self {
        let site = Site::here();
        let mut handle = Handle::single(crew, move |at: At| {
            let mut outcome = site.run(at, call);
            if let Err(payload) = site.close() {
                unwind::discard(std::mem::replace(&mut outcome, Err(payload)));
            }
            let ended = Ended::of(&outcome);
            (Ok(outcome), ended)
        });
        handle.settings().timeout = limit;
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

    /// Tells whether a worker has taken the call, whether it still runs or has ended. Then [`cancel`](Self::cancel) is
    /// too late.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::mpsc;
    ///
    /// let pool = pool_core::Pool::new(1);
    /// let (open, gate) = mpsc::channel::<()>();
    /// let first = pool.submit(move || gate.recv().is_ok());
    /// let second = pool.submit(|| 2);
    /// assert!(!second.has_started());
    /// open.send(()).unwrap();
    /// second.join().unwrap();
    /// assert!(first.has_started());
    /// ```
    pub fn has_started(&self) -> bool {
        self.0.as_ref().is_none_or(|handle| !handle.source().is_untouched())
    }

    /// Returns a handle that cancels the call from anywhere.
    ///
    /// [`stop`](StopHandle::stop) makes [`is_cancelled`](crate::is_cancelled) true in the call, and ends its
    /// [`sleep`](crate::sleep). The call still has a result: one that has not started when it is stopped runs, and
    /// finds itself cancelled. To take it back instead, use [`cancel`](Self::cancel) or
    /// [`cancel_on_drop`](Self::cancel_on_drop).
    ///
    /// # Examples
    ///
    /// ```
    /// use pool_core::{Pool, sleep};
    /// use std::time::Duration;
    ///
    /// let task = Pool::new(1).submit(|| sleep(Duration::from_secs(3600)));
    /// task.stop_handle().stop();
    /// assert!(!task.join().unwrap());
    /// ```
    pub fn stop_handle(&self) -> StopHandle {
        StopHandle(self.0.as_ref().expect(TAKEN).stopper())
    }

    /// Binds the call to a guard: when the guard is dropped, the call is taken back, or cancelled if it runs.
    ///
    /// For async code: a request that is dropped takes its calls with it.
    ///
    /// # Examples
    ///
    /// ```
    /// use pool_core::{Pool, sleep};
    /// use std::{sync::mpsc, time::Duration};
    ///
    /// let (ended, end) = mpsc::channel();
    /// let (started, start) = mpsc::channel();
    /// let guard = Pool::new(1)
    ///     .submit(move || {
    ///         started.send(()).unwrap();
    ///         ended.send(sleep(Duration::from_secs(3600)))
    ///     })
    ///     .cancel_on_drop();
    /// start.recv().unwrap();
    /// drop(guard);
    /// assert_eq!(end.recv(), Ok(false));
    /// ```
    pub fn cancel_on_drop(self) -> TaskGuard<R> {
        TaskGuard(Some(self))
    }

    fn wait(mut self, deadline: Option<Instant>) -> Result<Result<R, Panic>, Self> {
        match self.0.as_mut().expect(TAKEN).consumer().next(true, deadline) {
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
        let state = match self {
            _ if self.is_finished() => "finished",
            _ if self.has_started() => "running",
            _ => "waiting",
        };
        f.debug_struct("Task").field("state", &format_args!("{state}")).finish_non_exhaustive()
    }
}

/// A [`Task`] that is cancelled when this is dropped. Made by [`Task::cancel_on_drop`].
///
/// If the call has not started by then, it never runs, and its closure is dropped. If it runs,
/// [`is_cancelled`](crate::is_cancelled) is true in it, and its [`sleep`](crate::sleep) ends. Dropping does not block.
///
/// With feature `stream` it is a `Future`, as a `Task` is.
///
/// # Examples
///
/// ```
/// let pool = pool_core::Pool::new(2);
/// let guard = pool.submit(|| 6 * 7).cancel_on_drop();
/// assert_eq!(guard.join().unwrap(), 42);
/// ```
#[must_use = "dropping the guard cancels the call"]
pub struct TaskGuard<R>(
    /// `None` once the task is joined.
    pub(crate) Option<Task<R>>,
);

impl<R> TaskGuard<R> {
    /// Blocks until the call has ended, as [`Task::join`] does.
    ///
    /// # Errors
    ///
    /// Returns the [`Panic`] if it panicked.
    ///
    /// # Examples
    ///
    /// ```
    /// let guard = pool_core::Pool::new(1).submit(|| -> u8 { panic!("broken") }).cancel_on_drop();
    /// assert_eq!(guard.join().unwrap_err().message(), "broken");
    /// ```
    pub fn join(mut self) -> Result<R, Panic> {
        self.0.take().expect(TAKEN).join()
    }

    /// Waits at most `wait` for the call to end, as [`Task::join_timeout`] does.
    ///
    /// # Errors
    ///
    /// Gives the guard back if the call has not ended by then.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let guard = pool_core::Pool::new(1).submit(|| 1).cancel_on_drop();
    /// assert_eq!(guard.join_timeout(Duration::MAX).unwrap().unwrap(), 1);
    /// ```
    pub fn join_timeout(mut self, wait: Duration) -> Result<Result<R, Panic>, Self> {
        let task = self.0.take().expect(TAKEN);
        task.join_timeout(wait).map_err(Task::cancel_on_drop)
    }
}

impl<R> Drop for TaskGuard<R> {
    fn drop(&mut self) {
        // A task that was awaited has given its result away.
        let Some(task) = self.0.take().filter(|task| task.0.is_some()) else { return };
        if let Err(started) = task.cancel() {
            started.stop_handle().stop();
        }
    }
}

impl<R> fmt::Debug for TaskGuard<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TaskGuard").field(&self.0).finish()
    }
}
