//! Decides how a consumer that waits is told: a thread is unparked, a call gets its place, a future is woken.

use crate::seat::Seat;
use crate::sync::{self, Unparker};
use crate::unwind;
use crate::worker::Crew;
use std::sync::Arc;
use std::task::Waker;

/// Puts the consumer into its place in the batch, and gives back whom it displaces. It runs under the batch's lock, so that it can
/// neither clone nor drop the waker of an executor.
pub(crate) type Register<'a> = dyn FnMut(&mut Option<Waiter>) -> Option<Waiter> + 'a;

pub(crate) enum Waiter {
    /// A thread outside calls.
    Thread(Unparker),
    /// A call, which needs a place to go on.
    Call(Arc<Crew>, Arc<Seat>),
    /// A task of an executor.
    #[cfg_attr(not(feature = "stream"), expect(dead_code))]
    Future(Waker),
}

impl Waiter {
    pub(crate) fn current() -> Self {
        Self::Thread(Unparker::current())
    }

    /// Says that what was waited for is there. Not under a lock: a waker belongs to the user's executor.
    pub(crate) fn wake(self) {
        match self {
            Self::Call(crew, seat) if !sync::seeded("no-call-back") => crew.call_back(&seat),
            other => other.nudge(),
        }
    }

    /// Says that it is time to ask again.
    pub(crate) fn nudge(self) {
        match self {
            Self::Thread(thread) => thread.unpark(),
            Self::Call(_, seat) => seat.nudge(),
            Self::Future(waker) => unwind::discard(unwind::catch(|| waker.wake())),
        }
    }
}

/// Wakes a consumer, outside every lock: a waker is code of the user.
pub(crate) fn wake(waiter: Option<Waiter>) {
    if let Some(waiter) = waiter {
        waiter.wake();
    }
}
