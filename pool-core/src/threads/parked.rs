//! [`Parked`], a thread that waits for a permit, and its [`Standing`].

use crate::base::pace;
use crate::base::sync::{self, Mutex, Unparker};
use std::sync::Arc;
use std::time::Instant;

/// A thread that may wait for a permit: a worker that rests, or a call that is away.
pub(crate) struct Parked {
    thread: Unparker,
    /// Changes only under the lock of the [`Permits`](crate::threads::permits::Permits). Its thread reads it without
    /// that lock.
    standing: Mutex<Standing>,
}

/// What a thread waits for, if it waits.
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

    /// Sets the standing, and wakes the thread to see it.
    pub(crate) fn tell(&self, standing: Standing) {
        self.set(standing);
        self.thread.unpark();
    }

    /// Blocks while the standing is `now` and the deadline is not past. Before that it re-checks at most `looks` times.
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

/// A call that has given its permit up while it waits for a batch on its own pool. A thread inside that batch hands its
/// own permit over to it.
pub(crate) struct Heir(pub(crate) Arc<Parked>);

impl Heir {
    /// Whether the call is still without a permit. It may have got one from the line of returning calls.
    pub(crate) fn is_absent(&self) -> bool {
        matches!(self.0.standing(), Standing::Away | Standing::Returning)
    }
}
