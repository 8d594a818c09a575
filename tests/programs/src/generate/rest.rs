//! Makes rests, retries and pauses, and the limits of calls.

use super::{At, Freedom, Maker};
use crate::plan::Act;
use std::time::Duration;

const HOUR: Duration = Duration::from_secs(3_600);

impl Maker {
    /// A rest or a pause, if `at` may have one. A call that rests needs a place to come back, for which it cannot wait
    /// where a lock is held.
    pub(super) fn rest(&mut self, at: At) -> Option<Act> {
        let micros = self.dice.one_of(&[0, 1, 20, 100, 500, 2_000]);
        let time = Duration::from_micros(micros);
        let free = at.freedom == Freedom::All;
        Some(match self.dice.below(10) {
            0..=4 if free => Act::BackOff(time),
            5..=6 if free => Act::Retry {
                delays: vec![time / 4; self.dice.below(4)],
                failures: self.dice.below(5),
            },
            7 => Act::Resume(self.dice.below(self.pools.len())),
            8 if at.call.is_some() => Act::Pause { on: None, time, resumed: None },
            8..=9 => {
                let ends = self.dice.percent(50);
                Act::Pause {
                    on: Some(self.dice.below(self.pools.len())),
                    time: if ends { time } else { self.dice.one_of(&[HOUR, Duration::MAX]) },
                    resumed: (!ends).then_some(time),
                }
            }
            _ => return None,
        })
    }

    /// How long calls may run.
    pub(super) fn limit(&mut self, percent: usize) -> Option<Duration> {
        let limits = [20, 200, 200, 2_000, 5_000].map(Duration::from_micros);
        let limits = [&limits[..], &[HOUR]].concat();
        self.dice.maybe(percent, |dice| dice.one_of(&limits))
    }

    /// What only the end of its time ends.
    pub(super) fn endless_rest(&mut self, at: At) -> Act {
        match at.freedom {
            Freedom::All if self.dice.percent(50) => Act::BackOff(HOUR),
            _ => Act::Rest(HOUR),
        }
    }
}
