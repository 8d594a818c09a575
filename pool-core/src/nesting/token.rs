//! Decides when a call is cancelled, and who is woken by that.
//!
//! Every batch has a [`Token`]. The token of a batch that a call started knows the token of that call, so that whoever asks inside sees
//! whether any batch around it was cut short.

use crate::base::sync::{self, AtomicBool, Mutex, Ordering, Unparker, seeded};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

#[derive(Default)]
pub(crate) struct Token {
    /// Written under the lock of `sleepers`, so that who registers there either sees it or is woken.
    cancelled: AtomicBool,
    parent: OnceLock<Arc<Token>>,
    sleepers: Mutex<Vec<Arc<Unparker>>>,
}

impl Token {
    /// Sets the call in which the batch was started, once.
    pub(crate) fn adopt(&self, parent: Option<Arc<Token>>) {
        if let Some(parent) = parent {
            let _ = self.parent.set(parent);
        }
    }

    pub(crate) fn cancel(&self) {
        let sleepers = {
            let mut sleepers = self.sleepers.lock();
            let woken = std::mem::take(&mut *sleepers);
            seeded!("cancel-flag-outside-the-lock" => drop(sleepers));
            // Relaxed is enough: the flag carries no data, and the lock orders it against the sleepers.
            self.cancelled.store(true, Ordering::Relaxed);
            woken
        };
        sleepers.iter().for_each(|sleeper| sleeper.unpark());
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        self.lineage().any(|token| token.cancelled.load(Ordering::Relaxed))
    }

    /// Blocks until `deadline` or until cancelled; returns whether the time passed.
    pub(crate) fn sleep(&self, deadline: Option<Instant>) -> bool {
        let sleeper = Arc::new(Unparker::current());
        self.lineage().for_each(|token| token.sleepers.lock().push(Arc::clone(&sleeper)));
        let slept = loop {
            if self.is_cancelled() {
                break false;
            }
            if sync::past(deadline) {
                break true;
            }
            sync::park(deadline);
        };
        self.lineage()
            .for_each(|token| token.sleepers.lock().retain(|other| !Arc::ptr_eq(other, &sleeper)));
        slept
    }

    fn lineage(&self) -> impl Iterator<Item = &Token> {
        std::iter::successors(Some(self), |token| token.parent.get().map(|parent| &**parent))
    }
}
