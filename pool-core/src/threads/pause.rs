//! [`Pause`]: until when a pool starts no call, who waits for that, and the clock that ends it.
//!
//! While a pool is paused the [`Permits`](crate::threads::permits::Permits) grant none for a hint, so workers come to
//! rest and hints wait. Calls that run keep their permits, and calls that waited for a batch still get one. A pause
//! ends as a cap does that rises: for each hint that waits, a thread is woken or started.
//!
//! Two kinds of calls wait for the end itself. A call that rests in [`back_off`](crate::back_off) does not go on
//! before. A call that could run an input of its own batch must not start it, and keeps its permit meanwhile. Such a
//! thread is **held**: it registers under the lock under which the pause ends.
//!
//! - Either the thread comes first: then the end finds it, and unparks it.
//! - Or the end does: then the thread finds no pause.
//!
//! A pause with an end has one thread, the **clock**, which sleeps until then. A later pause moves the end, and the
//! clock sleeps on.

use crate::base::sync::{Condvar, Mutex, Unparker};
use std::sync::Arc;
use std::time::Instant;

#[derive(Default)]
pub(super) struct Pause {
    pub(super) state: Mutex<State>,
    /// Notified when the pause ends.
    pub(super) ended: Condvar,
}

#[derive(Default)]
pub(super) struct State {
    /// When the pause ends, if there is one. `Some(None)` has no end.
    until: Option<Option<Instant>>,
    /// The clock's thread lives.
    clock: bool,
    held: Vec<Arc<Unparker>>,
}

impl State {
    /// Pauses until then, or for longer if a pause before says so. Whether the caller starts the clock.
    pub(super) fn extend(&mut self, until: Option<Instant>) -> bool {
        let later = match self.until {
            Some(before) => before.and_then(|before| until.map(|until| before.max(until))),
            None => until,
        };
        self.until = Some(later);
        later.is_some() && !std::mem::replace(&mut self.clock, true)
    }

    /// Ends the pause. Returns the threads that it has held, if there was one.
    pub(super) fn end(&mut self) -> Option<Vec<Arc<Unparker>>> {
        self.until.take()?;
        Some(std::mem::take(&mut self.held))
    }

    /// When the clock ends the pause. `None` if it need not: then the clock has ended.
    pub(super) fn clock(&mut self) -> Option<Instant> {
        let until = self.until.flatten();
        self.clock &= until.is_some();
        until
    }

    /// There is no clock: its thread could not be started. Whether the pause needs one.
    pub(super) fn without_clock(&mut self) -> bool {
        self.clock = false;
        self.until.flatten().is_some()
    }
}

/// Exists while the current thread is held. The end of the pause unparks it.
pub(crate) struct Held<'a> {
    pause: &'a Pause,
    thread: Arc<Unparker>,
}

impl Pause {
    /// Holds the current thread, if there is a pause.
    pub(super) fn hold(&self) -> Option<Held<'_>> {
        let thread = Arc::new(Unparker::current());
        let mut state = self.state.lock();
        state.until?;
        state.held.push(Arc::clone(&thread));
        drop(state);
        Some(Held { pause: self, thread })
    }
}

impl Held<'_> {
    /// Whether the pause in which this thread registered still lasts. A later pause does not know this thread.
    pub(crate) fn lasts(&self) -> bool {
        self.pause.state.lock().held.iter().any(|other| Arc::ptr_eq(other, &self.thread))
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.pause.state.lock().held.retain(|other| !Arc::ptr_eq(other, &self.thread));
    }
}
