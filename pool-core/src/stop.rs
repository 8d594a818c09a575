//! Decides how a batch is stopped from outside.

use crate::worker::Hint;
use std::fmt;

/// Stops a batch from anywhere: another thread, a call, a handler of Ctrl-C.
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
    /// Does not block. Before the first result it makes the batch an empty one; after the end it does nothing, as when called twice.
    pub fn stop(&self) {
        self.0.stop();
    }
}

impl fmt::Debug for StopHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StopHandle").finish_non_exhaustive()
    }
}
