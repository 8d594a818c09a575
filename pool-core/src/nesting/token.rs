//! [`Token`]: whether a batch is cancelled, and the alarms that are called then.
//!
//! Every batch has a token. If a call started the batch, the token knows the token of that call's batch. So a call sees
//! whether any batch around it is cancelled.

use crate::base::sync::{self, AtomicBool, Mutex, Ordering, Unparker, seeded};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

#[derive(Default)]
pub(crate) struct Token {
    /// Written under the lock of `alarms`. So a thread that registers an alarm sees the flag, or its alarm is called.
    cancelled: AtomicBool,
    parent: OnceLock<Arc<Token>>,
    /// When the time of the call that started the batch is over.
    deadline: OnceLock<Instant>,
    alarms: Mutex<Vec<Alarm>>,
}

/// Called once when a batch is cancelled. It ends a wait.
pub(crate) type Alarm = Arc<dyn Fn() + Send + Sync>;

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
        let alarms = {
            let mut alarms = self.alarms.lock();
            let registered = std::mem::take(&mut *alarms);
            seeded!("cancel-flag-outside-the-lock" => drop(alarms));
            // Relaxed is enough: the flag carries no data, and the lock orders it against the alarms.
            self.cancelled.store(true, Ordering::Relaxed);
            registered
        };
        alarms.iter().for_each(|alarm| alarm());
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        self.lineage().any(|token| token.cancelled.load(Ordering::Relaxed))
    }

    /// Blocks until `awake` is true. It asks at `until`, and when the thread is unparked. Returns false as soon as the
    /// call is cancelled or its `deadline` is past.
    pub(crate) fn sleep(
        &self,
        until: Option<Instant>,
        deadline: Option<Instant>,
        awake: impl Fn() -> bool,
    ) -> bool {
        let sleeper = Unparker::current();
        let alarm: Alarm = Arc::new(move || sleeper.unpark());
        self.register(&alarm);
        let slept = loop {
            if self.is_cancelled() || sync::past(deadline) {
                break false;
            }
            if awake() {
                break true;
            }
            sync::park(sync::sooner(until, deadline));
        };
        self.unregister(&alarm);
        slept
    }

    fn register(&self, alarm: &Alarm) {
        self.lineage().for_each(|token| token.alarms.lock().push(Arc::clone(alarm)));
    }

    fn unregister(&self, alarm: &Alarm) {
        let others = |other: &Alarm| !Arc::ptr_eq(other, alarm);
        self.lineage().for_each(|token| token.alarms.lock().retain(others));
    }

    fn lineage(&self) -> impl Iterator<Item = &Token> {
        std::iter::successors(Some(self), |token| token.parent.get().map(|parent| &**parent))
    }
}

/// Keeps an alarm registered at a batch and at those around it, until it is dropped.
#[cfg(feature = "redis")]
pub(crate) struct Listening {
    token: Arc<Token>,
    alarm: Alarm,
}

#[cfg(feature = "redis")]
impl Listening {
    /// Calls `alarm` when the batch is cancelled, at once if it is already.
    pub(super) fn to(token: Arc<Token>, alarm: Alarm) -> Self {
        token.register(&alarm);
        if token.is_cancelled() {
            alarm();
        }
        Self { token, alarm }
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        self.token.is_cancelled()
    }
}

#[cfg(feature = "redis")]
impl Drop for Listening {
    fn drop(&mut self) {
        self.token.unregister(&self.alarm);
    }
}
