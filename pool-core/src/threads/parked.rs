//! One thread that waits for a permit, and how it hears that it has one.

use crate::base::pace;
use crate::base::sync::{self, Mutex, Unparker};
use std::sync::Arc;
use std::time::Instant;

/// What a thread is known by while it waits: a worker for work, a call for its permit.
pub(crate) struct Parked {
    thread: Unparker,
    /// Changed under the lock of the [`Permits`](crate::threads::permits::Permits) alone; read by its thread.
    standing: Mutex<Standing>,
}

/// What a thread that waits is to the pool.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Standing {
    /// It holds a permit.
    Permitted,
    /// A call that waits for a result and has given its permit up.
    Away,
    /// A call that waits for nothing but a permit.
    Returning,
    /// A worker without a permit.
    Idle,
    /// A worker that is one too many.
    Dismissed,
}

impl Parked {
    pub(crate) fn current() -> Arc<Self> {
        Arc::new(Self { thread: Unparker::current(), standing: Mutex::new(Standing::Permitted) })
    }

    pub(crate) fn standing(&self) -> Standing {
        *self.standing.lock()
    }

    pub(crate) fn set(&self, standing: Standing) {
        *self.standing.lock() = standing;
    }

    /// Says what the thread waits for.
    pub(crate) fn tell(&self, standing: Standing) {
        self.set(standing);
        self.thread.unpark();
    }

    /// Blocks while the standing is `now`, and before that looks so many times whether it still is.
    pub(crate) fn wait_while(
        &self,
        now: Standing,
        looks: usize,
        deadline: Option<Instant>,
    ) -> Standing {
        let _ = (0..looks).find(|look| self.standing() != now || !pace::pause(*look));
        loop {
            let standing = self.standing();
            if standing != now || sync::past(deadline) {
                return standing;
            }
            sync::park(deadline);
        }
    }

    /// Wakes the thread without giving it anything.
    pub(crate) fn nudge(&self) {
        self.thread.unpark();
    }
}

/// A call that has given its permit up to a thread of its own pool that works for it, and gets that thread's permit.
pub(crate) struct Heir(pub(crate) Arc<Parked>);

impl Heir {
    /// Whether it has not got a permit meanwhile.
    pub(crate) fn is_absent(&self) -> bool {
        matches!(self.0.standing(), Standing::Away | Standing::Returning)
    }
}
