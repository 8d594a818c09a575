//! Calls that sleep, rest and try again, and pools that pause: what each of these has to return.

use crate::call::Actor;
use std::sync::Arc;
use std::time::{Duration, Instant};

impl Actor<'_> {
    pub(crate) fn sleep(&self, time: Duration) {
        self.see_rest(time, || pool_core::sleep(time));
    }

    pub(crate) fn back_off(&self, time: Duration) {
        self.see_rest(time, || self.wait(|| pool_core::back_off(time)));
    }

    /// A rest is cut short only where something cancels the call, or its time is over.
    fn see_rest(&self, time: Duration, rest: impl FnOnce() -> bool) {
        let (begun, late) = (Instant::now(), self.is_late());
        let rested = rest();
        self.check(
            rested || !self.calm || self.is_late(),
            "a rest of nothing that was cancelled was cut short",
        );
        self.check(!(rested && late), "a call rests whose time is over");
        self.check(!rested || begun.elapsed() >= time, "a rest was shorter than it says");
    }

    /// Whether the time of the call is over.
    pub(crate) fn is_late(&self) -> bool {
        pool_core::deadline().is_some_and(|deadline| deadline <= Instant::now())
    }

    /// Tries what fails so many times.
    pub(crate) fn retry(&self, delays: &[Duration], failures: usize) {
        let mut attempts = 0;
        let attempt = || {
            self.awake(|| {
                attempts += 1;
                if attempts > failures { Ok(attempts) } else { Err(attempts) }
            })
        };
        let delays = delays.iter().copied();
        let most = delays.len() + 1;
        let result = self.wait(|| pool_core::retry(delays, attempt, |_, delay| Some(delay)));
        let (Ok(last) | Err(last)) = result;
        self.check(last == attempts, "a retry returns what is not the last");
        let whole = attempts == most || !self.calm || self.is_late();
        self.check(result.is_ok() || whole, "a retry gives up too early");
        self.check(attempts <= most, "a retry has more attempts than delays allow");
    }

    /// Pauses a pool, or without a number that of this call. A pause that is `resumed` may have no end of its own.
    pub(crate) fn pause(&self, on: Option<usize>, time: Duration, resumed: Option<Duration>) {
        let venue = match on {
            Some(number) => Some(&self.world.venues[number]),
            None => self.venue,
        };
        let Some(venue) = venue else { return };
        let paused = match on {
            None => pool_core::pause(time),
            Some(_) => {
                let Some(pool) = venue.pool() else { return };
                pool.pause_for(time)
            }
        };
        self.check(paused || venue.may_refuse(), "a pool with threads cannot be paused");
        if let Some(after) = resumed {
            // A pool that is dropped ends its pauses itself.
            let venue = Arc::clone(venue);
            let resume = move || venue.pool().iter().for_each(|pool| pool.resume());
            self.world.later("resume", after, resume);
        }
    }
}
