//! How a consumer that waits is told: a thread is unparked, a call gets its permit, a future is woken.

use crate::base::sync::{Unparker, seeded};
use crate::base::unwind;
use crate::threads::crew::Crew;
use crate::threads::parked::Parked;
use std::sync::Arc;
use std::task::Waker;

/// Puts the consumer into its place in the batch, and gives back whom it displaces. It runs under the batch's lock, so that it can
/// neither clone nor drop the waker of an executor.
pub(crate) type Register<'a> = dyn FnMut(&mut Option<Waiter>) -> Option<Waiter> + 'a;

pub(crate) enum Waiter {
    /// A thread outside calls.
    Thread(Unparker),
    /// A call, which needs a permit to go on.
    Call(Arc<Crew>, Arc<Parked>),
    /// A task of an executor.
    #[cfg_attr(not(feature = "stream"), expect(dead_code))]
    Future(Waker),
}

impl Waiter {
    pub(crate) fn current() -> Self {
        Self::Thread(Unparker::current())
    }

    /// Lets a call go on that waits. Gives back what is not a call. No code of the user runs in this, so that it may stand under a batch's
    /// lock.
    pub(crate) fn call_back(self) -> Option<Self> {
        let Self::Call(crew, call) = self else { return Some(self) };
        seeded!("no-call-back" => { call.nudge(); return None });
        crew.call_back(&call);
        None
    }

    /// Says that what was waited for is there. Not under a lock: a waker belongs to the user's executor.
    pub(crate) fn wake(self) {
        if let Some(other) = self.call_back() {
            other.nudge();
        }
    }

    /// Says that it is time to ask again.
    pub(crate) fn nudge(self) {
        match self {
            Self::Thread(thread) => thread.unpark(),
            Self::Call(_, call) => call.nudge(),
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
