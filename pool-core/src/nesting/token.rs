//! [`Token`]: whether a batch is cancelled, and which of its calls sleep until then.
//!
//! Every batch has a token. If a call started the batch, the token knows the token of that call's batch. So a call sees
//! whether any batch around it is cancelled.

use crate::base::sync::{self, AtomicBool, Mutex, Ordering, Unparker, seeded};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

#[derive(Default)]
pub(crate) struct Token {
    /// Written under the lock of `sleepers`. So a call that registers there sees the flag or is woken.
    cancelled: AtomicBool,
    parent: OnceLock<Arc<Token>>,
    sleepers: Mutex<Vec<Arc<Unparker>>>,
}

impl Token {
    /// Sets the token of the call that started the batch, once.
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

    /// Blocks until `deadline` or until cancelled. Returns whether the whole time passed.
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
