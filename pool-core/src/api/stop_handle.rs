//! `StopHandle`, which stops a batch from outside.

use crate::threads::crew::Hint;
use std::fmt;
use std::panic::{RefUnwindSafe, UnwindSafe};

/// Stops a batch from anywhere: another thread, a call, a handler of Ctrl-C.
///
/// Made by [`Map::stop_handle`](crate::Map::stop_handle) and
/// [`AsCompleted::stop_handle`](crate::AsCompleted::stop_handle). One that
/// [`Task::stop_handle`](crate::Task::stop_handle) made cancels a task: see there. `Measure` has one, too (feature
/// `measure`). It can be cloned and sent, and kept after the batch is gone, whatever the batch had borrowed.
///
/// The calls choose what a stop means to them. One that waits with [`std::thread::sleep`] and does not ask
/// [`is_cancelled`](crate::is_cancelled) finishes what has begun. One that waits with [`sleep`](crate::sleep) and
/// returns when that returns false gives up at once.
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
    /// Stops the batch: no further input is taken, its calls see [`is_cancelled`](crate::is_cancelled), the calls
    /// that run are still yielded, and then the results end. Does not block.
    ///
    /// A consumer that waits is woken. In `collect`, `for_each` and `scope` it also waits for a `next()` of the
    /// inputs that is under way, and so does a call that is inside that `next()` itself, for a batch on its own pool.
    /// Other consumers do not. An input that comes too late is dropped.
    ///
    /// Before the batch starts it makes the batch an empty one. After the end, and the second time, it does nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// use pool_core::{Pool, sleep};
    /// use std::{thread, time::Duration};
    ///
    /// // The stop ends the sleep of an hour, and what has begun is yielded.
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
