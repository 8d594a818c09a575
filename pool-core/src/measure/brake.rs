//! [`Brake`]: what a stop handle of a measurement stops, whichever level runs.

use crate::base::sync::Mutex;
use crate::threads::crew::{Heir, Hint, Job};

/// The stop of a measurement. It is a job only for [`StopHandle`](crate::StopHandle), and stands in no queue.
#[derive(Default)]
pub(super) struct Brake(Mutex<State>);

#[derive(Default)]
struct State {
    stopped: bool,
    /// The batch of the level that runs.
    batch: Option<Hint>,
}

impl Brake {
    /// Stands by to stop this batch. Says whether it may run.
    pub(super) fn take(&self, batch: Hint) -> bool {
        let mut state = self.0.lock();
        let before = state.batch.replace(batch);
        let stopped = state.stopped;
        drop(state);
        drop(before);
        !stopped
    }

    /// Lets go of the batch that has ended.
    pub(super) fn release(&self) {
        let before = self.0.lock().batch.take();
        drop(before);
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.0.lock().stopped
    }
}

impl Job for Brake {
    fn work(&self) -> Option<Heir> {
        None
    }

    fn is_over(&self) -> bool {
        true
    }

    fn feed(&self, _: &mut dyn FnMut()) {}

    fn unserved(&self) {}

    fn stop(&self) {
        let mut state = self.0.lock();
        state.stopped = true;
        let batch = state.batch.clone();
        drop(state);
        if let Some(batch) = batch {
            batch.stop();
        }
    }
}
