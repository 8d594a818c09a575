//! How long the calls of a batch may run, by their own limit and by the call around the batch.

use crate::run::Run;
use std::time::{Duration, Instant};

pub(crate) struct Limit {
    /// Before the batch was made.
    made: Instant,
    /// When the time of the call is over that makes the batch.
    around: Option<Instant>,
    own: Option<Duration>,
}

impl Limit {
    pub(crate) fn here(own: Option<Duration>) -> Self {
        Self { made: Instant::now(), around: pool_core::deadline(), own }
    }

    /// Checks the deadline of the current call.
    pub(crate) fn check(&self, run: &Run) {
        let (deadline, now) = (pool_core::deadline(), Instant::now());
        let sooner = |own: Instant| Some(self.around.map_or(own, |around| around.min(own)));
        let right = match self.own {
            None => deadline == self.around,
            Some(own) => deadline >= sooner(self.made + own) && deadline <= sooner(now + own),
        };
        run.book.check(right, || {
            let Self { made, around, own } = self;
            format!(
                "a call ends at {deadline:?}: {own:?} after {made:?}..{now:?}, or at {around:?}"
            )
        });
    }
}
