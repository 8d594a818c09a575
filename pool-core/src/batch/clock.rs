//! The clock of a batch that abandons calls: it waits for an async consumer, which cannot.

use crate::base::sync::{self, Unparker};
use crate::base::unwind;
use crate::batch::Batch;
use crate::batch::account::Phase;
use crate::batch::call::Call;
use crate::batch::inputs::Inputs;
use crate::nesting::waiter::wake;
use std::time::Instant;

/// The thread that waits for an async consumer.
#[derive(Default)]
pub(super) enum Clock {
    #[default]
    Ended,
    Starts,
    Sleeps(Unparker),
}

impl Clock {
    /// Makes the clock look whether it is still wanted.
    pub(super) fn wake(&self) {
        if let Self::Sleeps(thread) = self {
            thread.unpark();
        }
    }
}

impl<It, C, T> Batch<It, C, T>
where
    It: Inputs,
    C: Call<It::Item, T>,
    T: Send,
{
    /// Does what a consumer does that waits, and says when to do so again. `None` if no call is waited for.
    pub(super) fn tick(&self) -> Option<Instant> {
        let mut state = self.lock();
        self.abandon_overdue(&mut state);
        let closed = state.account.phase() == Phase::Closed;
        let due = state.overdue.as_ref().and_then(|overdue| overdue.due()).filter(|_| !closed);
        if let Some(overdue) = &mut state.overdue {
            overdue.clock = match due {
                Some(_) => Clock::Sleeps(Unparker::current()),
                None => Clock::Ended,
            };
        }
        let waiter = state.waiter_with_news(self.limits());
        drop(state);
        wake(waiter);
        due
    }

    /// Starts the clock, unless it runs. Returns false if its thread cannot be started.
    pub(super) fn start_clock(&self) -> bool {
        let mut state = self.lock();
        let Some(overdue) = &mut state.overdue else { return true };
        if !matches!(overdue.clock, Clock::Ended) {
            return true;
        }
        overdue.clock = Clock::Starts;
        drop(state);
        let (name, batch) = (format!("{}-clock", self.crew().name()), self.hint());
        let clock = move || {
            while let Some(due) = batch.tick() {
                sync::park(Some(due));
            }
            unwind::discard(batch);
        };
        let started = sync::spawn(name, None, clock).is_ok();
        if !started {
            if let Some(overdue) = &mut self.lock().overdue {
                overdue.clock = Clock::Ended;
            }
        }
        started
    }
}
