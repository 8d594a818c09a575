//! How many calls run at once, and calls that take a moment.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Measures how many calls run at once.
#[derive(Clone, Default)]
pub struct Meter(Arc<(AtomicUsize, AtomicUsize)>);

impl Meter {
    /// Counts itself among those that run as long as `call` does.
    pub fn run<R>(&self, call: impl FnOnce() -> R) -> R {
        struct Leave<'a>(&'a Meter);
        impl Drop for Leave<'_> {
            fn drop(&mut self) {
                self.0.0.0.fetch_sub(1, Ordering::SeqCst);
            }
        }
        let running = self.0.0.fetch_add(1, Ordering::SeqCst) + 1;
        self.0.1.fetch_max(running, Ordering::SeqCst);
        let _leave = Leave(self);
        call()
    }

    /// How many run now.
    pub fn running(&self) -> usize {
        self.0.0.load(Ordering::SeqCst)
    }

    /// The most that ever ran at once.
    pub fn most(&self) -> usize {
        self.0.1.load(Ordering::SeqCst)
    }
}

/// Gives others the processor a few times: a call that is not over at once. Beside a process that takes a whole time
/// slice whenever it is given the processor, once in a while is enough.
pub fn linger() {
    thread_local!(static TAKEN: Cell<Option<Instant>> = const { Cell::new(None) });
    const SLICE: Duration = Duration::from_micros(500);
    if TAKEN.get().is_some_and(|taken| taken.elapsed() < 40 * SLICE) {
        return;
    }
    for _ in 0..20 {
        let begun = Instant::now();
        thread::yield_now();
        if begun.elapsed() > SLICE {
            return TAKEN.set(Some(Instant::now()));
        }
    }
}
