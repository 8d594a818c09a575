//! The clock of a batch that abandons calls: it waits for an async consumer, which cannot.

use crate::base::sync;
use crate::base::unwind;
use crate::batch::Batch;
use crate::batch::account::Phase;
use crate::batch::call::Call;
use crate::batch::inputs::Inputs;
use crate::nesting::waiter::wake;
use std::time::Instant;

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
            overdue.clock = due.is_some();
        }
        let waiter = state.waiter_with_news(self.limits());
        drop(state);
        wake(waiter);
        due
    }

    /// Starts the clock, unless it runs.
    pub(super) fn start_clock(&self) {
        let mut state = self.lock();
        let Some(overdue) = &mut state.overdue else { return };
        let runs = std::mem::replace(&mut overdue.clock, true);
        drop(state);
        if runs {
            return;
        }
        let (name, batch) = (format!("{}-clock", self.crew().name()), self.hint());
        let clock = move || {
            while let Some(due) = batch.tick() {
                sync::park(Some(due));
            }
            unwind::discard(batch);
        };
        if sync::spawn(name, None, clock).is_err() {
            if let Some(overdue) = &mut self.lock().overdue {
                overdue.clock = false;
            }
        }
    }
}
