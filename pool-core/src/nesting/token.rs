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
    /// When the time of the call is over that started the batch.
    deadline: OnceLock<Instant>,
    sleepers: Mutex<Vec<Arc<Unparker>>>,
}

impl Token {
    /// Sets the token of the call that started the batch, and the deadline of that call, once.
    pub(crate) fn adopt(&self, parent: Arc<Token>, deadline: Option<Instant>) {
        let _ = self.parent.set(parent);
        if let Some(deadline) = deadline {
            let _ = self.deadline.set(deadline);
        }
    }

    /// The deadline of every call of the batch.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.deadline.get().copied()
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

    /// Blocks until the call is `awake`, which it looks for at `until` or when it is unparked. Returns false as soon as
    /// it is cancelled or its `deadline` is past.
    pub(crate) fn sleep(
        &self,
        until: Option<Instant>,
        deadline: Option<Instant>,
        awake: impl Fn() -> bool,
    ) -> bool {
        let sleeper = Arc::new(Unparker::current());
        self.lineage().for_each(|token| token.sleepers.lock().push(Arc::clone(&sleeper)));
        let slept = loop {
            if self.is_cancelled() || sync::past(deadline) {
                break false;
            }
            if awake() {
                break true;
            }
            sync::park(sync::sooner(until, deadline));
        };
        self.lineage()
            .for_each(|token| token.sleepers.lock().retain(|other| !Arc::ptr_eq(other, &sleeper)));
        slept
    }

    fn lineage(&self) -> impl Iterator<Item = &Token> {
        std::iter::successors(Some(self), |token| token.parent.get().map(|parent| &**parent))
    }
}
