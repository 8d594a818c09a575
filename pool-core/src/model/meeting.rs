//! Calls that meet, and a program of them that both checkers run.

#[cfg(pool_loom)]
use loom::sync::{Arc, Condvar, Mutex};
#[cfg(pool_shuttle)]
use shuttle::sync::{Condvar, Mutex};
#[cfg(pool_shuttle)]
use std::sync::Arc;

use crate::Pool;

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

/// A call holds a lock across a loop of its own. Two others that block on the lock may get both permits of the pool
/// while the holder waits, unless it gets one handed over.
pub(super) fn hold_a_lock_across_a_nested_loop(pool: Pool) {
    let pool = Arc::new(pool);
    let (lock, meeting) = (Arc::new(Mutex::new(())), Meeting::new());
    let (inner, held, met) = (Arc::clone(&pool), Arc::clone(&lock), Arc::clone(&meeting));
    let holder = pool.submit(move || {
        let _held = held.lock().unwrap();
        inner.map([1], |_| met.attend(2)).for_each(drop);
    });
    let others = [0, 1].map(|_| {
        let (lock, meeting) = (Arc::clone(&lock), Arc::clone(&meeting));
        pool.submit(move || {
            meeting.attend(1);
            drop(lock.lock().unwrap());
        })
    });
    holder.join().unwrap();
    others.into_iter().for_each(|task| task.join().unwrap());
}
