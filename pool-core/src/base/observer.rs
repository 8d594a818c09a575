//! [`Observer`]: what sees each call of a batch.

/// Sees each call of one batch, on the thread that runs it, outside of all locks. It must not panic.
pub(crate) trait Observer: Send + Sync {
    /// The call for the input at `index` is about to run.
    fn begin(&self, index: usize);

    /// It has run, and its result is not filed yet.
    fn end(&self, index: usize, panicked: bool);
}
