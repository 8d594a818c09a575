//! [`Waiter`]: a consumer that waits, and how it wakes. A thread unparks, a call returns, a future's waker is called.

use crate::base::sync::{Unparker, seeded};
use crate::base::unwind;
use crate::threads::crew::Crew;
use crate::threads::parked::Parked;
use std::sync::Arc;
use std::task::Waker;

/// Registers the consumer in its batch, and gives back the waiter that was registered before. It runs under the batch's
/// lock, so it must neither clone nor drop an executor's waker: both are code of the user.
pub(crate) type Register<'a> = dyn FnMut(&mut Option<Waiter>) -> Option<Waiter> + 'a;

pub(crate) enum Waiter {
    /// A thread that is in no call.
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

    /// Lets a waiting call return. Gives any other waiter back. This runs no code of the user, so it may run under a
    /// batch's lock.
    pub(crate) fn call_back(self) -> Option<Self> {
        let Self::Call(crew, call) = self else { return Some(self) };
        seeded!("no-call-back" => { call.nudge(); return None });
        crew.call_back(&call);
        None
    }

    /// Wakes the consumer, since its result is there. Never called under a lock: a waker is code of the user.
    pub(crate) fn wake(self) {
        if let Some(other) = self.call_back() {
            other.nudge();
        }
    }

    /// Makes the consumer ask again. A call gets no permit by that.
    pub(crate) fn nudge(self) {
        match self {
            Self::Thread(thread) => thread.unpark(),
            Self::Call(_, call) => call.nudge(),
            Self::Future(waker) => unwind::discard(unwind::catch(|| waker.wake())),
        }
    }
}

/// Wakes a consumer, if there is one. Never called under a lock, as [`Waiter::wake`].
pub(crate) fn wake(waiter: Option<Waiter>) {
    if let Some(waiter) = waiter {
        waiter.wake();
    }
}
