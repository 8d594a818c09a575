//! [`Observer`]: what sees each call of a batch.

use crate::base::unwind::Payload;
use std::sync::Arc;

/// Sees each call of one batch, on the thread that runs it, outside of all locks. It must not panic.
pub(crate) trait Observer: Send + Sync {
    /// The call for the input at `index` is about to run.
    fn begin(&self, index: usize);

    /// It has run, and its result is not filed yet.
    fn end(&self, index: usize, ended: Ended);
}

/// How a call has ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Ended {
    /// It returned a value. Where a batch does not take the results of its calls apart, an error is one, too.
    Well,
    /// It returned an error.
    Failed,
    Panicked,
}

impl Ended {
    /// How a call whose result is not taken apart has ended.
    #[inline]
    pub(crate) fn of<T>(outcome: &Result<T, Payload>) -> Self {
        if outcome.is_err() { Self::Panicked } else { Self::Well }
    }
}

/// Two observers of one batch.
pub(crate) struct Both(pub(crate) Arc<dyn Observer>, pub(crate) Arc<dyn Observer>);

impl Observer for Both {
    fn begin(&self, index: usize) {
        self.0.begin(index);
        self.1.begin(index);
    }

    fn end(&self, index: usize, ended: Ended) {
        self.0.end(index, ended);
        self.1.end(index, ended);
    }
}
