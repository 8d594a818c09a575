//! Threads of pools, from the code for their start to that for their end.

use std::sync::atomic::{AtomicIsize, AtomicUsize, Ordering::SeqCst};

static LIVES: AtomicIsize = AtomicIsize::new(0);

/// The start of a thread.
pub(crate) fn begin() {
    LIVES.fetch_add(1, SeqCst);
}

/// The start of a thread, which panics now and then. Then nothing says its end.
pub(crate) fn begin_or_panic() {
    static STARTS: AtomicUsize = AtomicUsize::new(0);
    if STARTS.fetch_add(1, SeqCst) % 5 < 2 {
        std::panic::resume_unwind(Box::new("a thread that does not start"));
    }
    begin();
}

/// The end of a thread.
pub(crate) fn end() {
    LIVES.fetch_sub(1, SeqCst);
}

/// How many threads have begun and not ended.
pub(crate) fn now() -> isize {
    LIVES.load(SeqCst)
}
