//! The pace of fast calls: the sample that finds them, the short re-checks, and the naps.
//!
//! The workers measure how long their calls run. The rate at which results arrive would be a worse measure: it depends
//! as much on how fast the machine wakes threads. One wait does go by it: a consumer that only gathers results naps
//! while they come briskly, whatever the calls take.

use crate::base::observer::{Ended, Observer};
use crate::base::sync;
use std::time::{Duration, Instant};

/// A model can afford only a few inputs, so its thresholds are low.
const MODEL: bool = cfg!(any(pool_loom, pool_shuttle));

/// The length of a first nap.
const NAP: Duration = Duration::from_micros(50);

/// How many times a nap can double while inputs stay fast.
const DOUBLED: u32 = 3;

/// This many inputs, taken during one nap of the first length, show that a second worker is not needed.
const FAST_IN_A_NAP: usize = if MODEL { 1 } else { 50 };

/// Number of short re-checks before a thread naps or parks.
pub(crate) const PATIENCE: usize = if cfg!(pool_loom) { 0 } else { 16 };

/// Lets a moment pass before re-check `number`, and says whether another re-check after it is worthwhile.
///
/// The first moments are spins. The later ones give the core away, since the awaited thread may need this very core.
pub(crate) fn pause(number: usize) -> bool {
    if number < 2 {
        sync::spin();
        return true;
    }
    sync::step_aside()
}

/// A worker times one call in so many, and each of the first few: reading the clock takes time, too.
const ONE_IN: u32 = if cfg!(pool_loom) { 1 } else { 64 };
const FIRST: u32 = 4;

/// A call that takes less time than this is fast.
const FAST: Duration = Duration::from_micros(1);

/// A sample of how long the calls of one worker run. It leaves out the time that the worker waits for the batch's lock,
/// since that grows with the number of workers.
#[derive(Default)]
pub(crate) struct Calls {
    run: u32,
    /// Whether the last call in the sample was fast.
    fast: Option<bool>,
}

impl Calls {
    /// Runs a call, and times it if it is part of the sample. The call returns its result, and how it ended.
    ///
    /// With an [`Observer`] each call is part of the sample. Without one, only the calls in the sample ask for it.
    #[inline]
    pub(crate) fn run<'a, R>(
        &mut self,
        observer: impl FnOnce() -> Option<(&'a dyn Observer, usize)>,
        call: impl FnOnce() -> (R, Ended),
    ) -> (R, Ended) {
        let timed = self.run < FIRST || self.run % ONE_IN == 0;
        self.run = self.run.wrapping_add(1);
        if !timed {
            return call();
        }
        let observer = observer();
        if let Some((observer, index)) = observer {
            self.run = 0;
            observer.begin(index);
        }
        let begun = Instant::now();
        let result = call();
        self.fast = Some(sync::measured(|| begun.elapsed() < FAST));
        if let Some((observer, index)) = observer {
            observer.end(index, result.1);
        }
        result
    }

    pub(crate) fn are_fast(&self) -> bool {
        self.fast == Some(true)
    }

    /// Whether they are, if there was one.
    pub(crate) fn seen(&self) -> Option<bool> {
        self.fast
    }
}

/// Results that come within this time are worth a nap: a consumer that only gathers them is not woken for each.
const BRISK: Duration = Duration::from_micros(200);

/// Whether a sleep that began then and has just ended was that short.
pub(crate) fn is_brisk(begun: Instant) -> bool {
    sync::measured(|| begun.elapsed() < BRISK)
}

/// How long a thread sleeps before it checks again.
#[derive(Clone, Copy, Default)]
pub(crate) struct Nap {
    doubled: u32,
}

impl Nap {
    pub(crate) fn length(self) -> Duration {
        NAP * (1 << self.doubled)
    }

    /// Inputs were fast during this nap, so the next one is longer.
    pub(crate) fn lengthen(&mut self) {
        self.doubled = (self.doubled + 1).min(DOUBLED);
    }

    /// Whether `taken` inputs during this nap show that one more worker is not needed.
    pub(crate) fn shows_fast(self, taken: usize) -> bool {
        taken >= FAST_IN_A_NAP << self.doubled
    }
}
