//! Decides how a thread waits for a place, and hears that it has one.

use crate::pace;
use crate::sync::{self, Mutex, Unparker};
use std::sync::Arc;
use std::time::Instant;

/// Under what name one thread waits: a worker for work, a call for what it waits for.
pub(crate) struct Seat {
    thread: Unparker,
    /// Changed under the lock of the [`Sleep`](crate::sleep::Sleep) alone; read by its thread.
    standing: Mutex<Standing>,
}

/// What a thread that waits is to the pool.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Standing {
    /// It holds a place.
    Placed,
    /// A call that is about to wait and has set its place aside: it holds it still.
    Aside,
    /// A call that waits and has no place.
    Away,
    /// A call that waits for nothing but a place.
    Returning,
    /// A worker without a place.
    Idle,
    /// A worker that is one too many.
    Dismissed,
}

impl Seat {
    pub(crate) fn current() -> Arc<Self> {
        Arc::new(Self { thread: Unparker::current(), standing: Mutex::new(Standing::Placed) })
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
        (0..looks).take_while(|_| self.standing() == now).for_each(pace::pause);
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
