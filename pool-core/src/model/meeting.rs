//! Calls that meet.

#[cfg(pool_loom)]
use loom::sync::{Arc, Condvar, Mutex};
#[cfg(pool_shuttle)]
use shuttle::sync::{Condvar, Mutex};
#[cfg(pool_shuttle)]
use std::sync::Arc;

/// Blocks each call until `all` of them run at once.
pub(super) struct Meeting(Mutex<usize>, Condvar);

impl Meeting {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::new(0), Condvar::new()))
    }

    pub(super) fn attend(&self, all: usize) {
        let mut here = self.0.lock().unwrap();
        *here += 1;
        self.1.notify_all();
        while *here < all {
            here = self.1.wait(here).unwrap();
        }
    }
}
