//! Decides when inputs run faster than threads can share them, so that handing the batch's state over costs more than the calls.
//!
//! Then one worker runs alone while another one **stands by**, and the consumer fetches results by the lot. Both look again after a
//! [`NAP`] at the latest, so that a slow call among fast ones holds nobody back for longer than that.

use crate::sync;
use std::time::{Duration, Instant};

/// A model has time for few inputs.
const MODEL: bool = cfg!(any(pool_loom, pool_shuttle));

/// How long a worker or a consumer looks away from fast inputs.
pub(crate) const NAP: Duration = Duration::from_micros(50);

/// Inputs taken during one nap that show that a second worker is not needed.
pub(crate) const FAST_IN_A_NAP: usize = if MODEL { 1 } else { 50 };

/// How often a thread looks again, some 100 ns apart, for what is there in a moment or else worth a sleep.
pub(crate) const PATIENCE: usize = if cfg!(pool_loom) { 0 } else { 32 };

/// One call in so many is timed.
const ONE_IN: u32 = if cfg!(pool_loom) { 1 } else { 16 };

/// What is fast, for each input.
const FAST: Duration = Duration::from_micros(1);

/// How long the calls of one worker run, by a sample: without what it waits for the batch, which gets longer the more workers there are.
#[derive(Default)]
pub(crate) struct Calls {
    run: u32,
    pub(crate) fast: bool,
}

impl Calls {
    /// Runs a call, and times it now and then.
    #[inline]
    pub(crate) fn run<R>(&mut self, call: impl FnOnce() -> R) -> R {
        let timed = self.run % ONE_IN == 0;
        self.run = self.run.wrapping_add(1);
        if !timed {
            return call();
        }
        let begun = Instant::now();
        let result = call();
        self.fast = sync::measured(|| begun.elapsed() < FAST);
        result
    }
}

/// How fast results come to the consumer.
#[derive(Default)]
pub(crate) struct Arrivals {
    since: Option<Instant>,
    results: u32,
}

impl Arrivals {
    #[inline]
    pub(crate) fn count(&mut self) {
        self.results = self.results.saturating_add(1);
    }

    /// Says whether the results since the last look came fast.
    pub(crate) fn are_fast(&mut self) -> bool {
        let now = Instant::now();
        let fast = sync::measured(|| {
            self.since.is_some_and(|since| now - since < FAST.saturating_mul(self.results))
        });
        *self = Self { since: Some(now), results: 0 };
        fast
    }
}
