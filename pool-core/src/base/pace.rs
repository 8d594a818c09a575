//! How long to look for what is about to come before a thread sleeps, and whether calls are so fast that it is worth it.
//!
//! The worker measures how long calls run, now and then: how fast results arrive says as much about the machine's wake-ups.

use crate::base::sync;
use std::time::{Duration, Instant};

/// A model has time for few inputs.
const MODEL: bool = cfg!(any(pool_loom, pool_shuttle));

/// How long a worker or a consumer looks away from fast inputs at first.
const NAP: Duration = Duration::from_micros(50);

/// How often that may be doubled while they stay fast.
const DOUBLED: u32 = 3;

/// Inputs taken during the shortest nap that show that a second worker is not needed.
const FAST_IN_A_NAP: usize = if MODEL { 1 } else { 50 };

/// How often a thread looks again for what is there in a moment or else worth a sleep.
pub(crate) const PATIENCE: usize = if cfg!(pool_loom) { 0 } else { 16 };

/// Lets a moment pass before look `number`, and says whether to look again after that one. What is waited for may be the business of a
/// thread that waits for this core.
pub(crate) fn pause(number: usize) -> bool {
    if number < 2 {
        sync::spin();
        return true;
    }
    sync::step_aside()
}

/// One call in so many is timed, and each of the first few.
const ONE_IN: u32 = if cfg!(pool_loom) { 1 } else { 64 };
const FIRST: u32 = 4;

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
        let timed = self.run < FIRST || self.run % ONE_IN == 0;
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

/// How long somebody looks away.
#[derive(Clone, Copy, Default)]
pub(crate) struct Nap {
    doubled: u32,
}

impl Nap {
    pub(crate) fn length(self) -> Duration {
        NAP * (1 << self.doubled)
    }

    /// Inputs were fast in this one: the next one may be longer.
    pub(crate) fn lengthen(&mut self) {
        self.doubled = (self.doubled + 1).min(DOUBLED);
    }

    /// Whether so many inputs, taken meanwhile, show that one worker more is not needed.
    pub(crate) fn shows_fast(self, taken: usize) -> bool {
        taken >= FAST_IN_A_NAP << self.doubled
    }
}
