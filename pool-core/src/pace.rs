//! Decides when inputs run faster than threads can share them, so that handing the batch's state over costs more than the calls.
//!
//! Then one worker runs alone while another one **stands by**, and the consumer fetches results by the lot. Both look again after a
//! [`NAP`] at the latest, so that a slow call among fast ones holds nobody back for longer than that.

use crate::sync;
use std::time::{Duration, Instant};

/// How long a worker or a consumer looks away from fast inputs.
pub(crate) const NAP: Duration = Duration::from_micros(50);

/// Inputs taken during one nap that show that a second worker is not needed.
pub(crate) const FAST_IN_A_NAP: usize = if cfg!(pool_loom) { 1 } else { 50 };

/// How often a worker looks again for an iterator that another one is inside of.
pub(crate) const PATIENCE: usize = if cfg!(pool_loom) { 0 } else { 8 };

/// So many inputs are looked at together.
const WINDOW: u32 = if cfg!(pool_loom) { 1 } else { 16 };

/// What is fast, for each input.
const FAST: Duration = Duration::from_micros(1);

/// How fast inputs have gone by since the last look.
#[derive(Default)]
pub(crate) struct Pace {
    since: Option<Instant>,
    inputs: u32,
    fast: bool,
}

impl Pace {
    #[inline]
    pub(crate) fn count(&mut self) {
        self.inputs = self.inputs.saturating_add(1);
    }

    /// Says whether inputs are fast, by those of the last window.
    #[inline]
    pub(crate) fn is_fast(&mut self) -> bool {
        if self.inputs < WINDOW { self.fast } else { self.look() }
    }

    /// Says whether the inputs since the last look were fast.
    pub(crate) fn look(&mut self) -> bool {
        let now = Instant::now();
        let fast = sync::measured(|| {
            self.since.is_some_and(|since| now - since < FAST.saturating_mul(self.inputs))
        });
        *self = Self { since: Some(now), inputs: 0, fast };
        fast
    }
}
