//! Decides how a batch is stopped from outside.

use crate::threads::crew::Hint;
use std::fmt;
use std::panic::{RefUnwindSafe, UnwindSafe};

/// Stops a batch from anywhere: another thread, a call, a handler of Ctrl-C.
///
/// Made by [`Map::stop_handle`](crate::Map::stop_handle) and [`AsCompleted::stop_handle`](crate::AsCompleted::stop_handle). It can be cloned and sent, and
/// kept after the batch is gone, whatever that had borrowed.
///
/// # Examples
///
/// ```
/// use pool_core::Pool;
///
/// let batch = Pool::new(1).map(1.., |n| n);
/// let stop = batch.stop_handle();
/// let mut seen = Vec::new();
/// batch.for_each(|n| {
///     seen.push(n);
///     if n == 3 {
///         stop.stop();
///     }
/// });
/// assert_eq!(seen[..3], [1, 2, 3]);
/// ```
#[derive(Clone)]
pub struct StopHandle(pub(crate) Hint);

impl StopHandle {
    /// Stops the batch: no further input is taken, its calls see [`is_cancelled`](crate::is_cancelled), the calls that run are
    /// still yielded, and then the results end.
    ///
    /// A consumer that waits is woken. It does not wait for a `next()` of the inputs that is under way, unless it is in `collect`, `for_each`
    /// or `scope`, or is itself inside that `next()`, as a call may be for a batch on its own pool. An input that comes too late is dropped.
    ///
    /// Does not block. Before the first result it makes the batch an empty one; after the end it does nothing, as when called twice.
    ///
    /// # Examples
    ///
    /// ```
    /// use pool_core::{Pool, sleep};
    /// use std::{thread, time::Duration};
    ///
    /// // Nobody waits an hour: the stop ends the sleep, and what has begun is yielded.
    /// let batch = Pool::new(1).map(0.., |n| (n, sleep(Duration::from_secs(3600)))).start();
    /// let stop = batch.stop_handle();
    /// thread::spawn(move || stop.stop());
    /// assert!(batch.count() <= 1);
    /// ```
    pub fn stop(&self) {
        self.0.stop();
    }
}

// As for a pool.
impl UnwindSafe for StopHandle {}
impl RefUnwindSafe for StopHandle {}

impl fmt::Debug for StopHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StopHandle").finish_non_exhaustive()
    }
}
