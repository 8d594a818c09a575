//! [`CurrentCall`]: how a call sleeps with its permit, and how it rests without one.

use crate::base::sync::{self, seeded};
use crate::nesting::Away;
#[cfg(feature = "redis")]
use crate::nesting::token::Listening;
use crate::nesting::token::Token;
use crate::threads::counters::Tally;
use crate::threads::crew::Crew;
use std::sync::Arc;
use std::time::Instant;

/// The innermost call of the current thread.
pub(crate) struct CurrentCall {
    pub(crate) crew: Arc<Crew>,
    pub(super) token: Arc<Token>,
    pub(super) tally: Arc<Tally>,
    /// When its time is over.
    pub(super) deadline: Option<Instant>,
}

impl CurrentCall {
    /// Calls `alarm` when the call's batch is cancelled.
    #[cfg(feature = "redis")]
    pub(crate) fn listen(&self, alarm: impl Fn() + Send + Sync + 'static) -> Listening {
        Listening::to(Arc::clone(&self.token), Arc::new(alarm))
    }

    fn is_cancelled(&self) -> bool {
        self.token.is_cancelled() || sync::past(self.deadline)
    }

    /// Sleeps until then, with the permit. False as soon as the call is cancelled.
    pub(crate) fn sleep(&self, until: Option<Instant>) -> bool {
        self.token.sleep(until, self.deadline, || sync::past(until))
    }

    /// Rests until then, without the permit, and comes back with one when the pool is not paused. False if the call is
    /// cancelled: then it comes back as soon as it gets a permit.
    ///
    /// The permit may come while the pool is paused, since the calls in the line may return. So the call looks for a
    /// pause once it has its permit, and rests on if there is one.
    pub(crate) fn rest(&self, mut until: Option<Instant>) -> bool {
        while !self.is_cancelled() {
            let away = Away::begin().expect("a call has a frame");
            self.tally.set_resting(true);
            away.give_up().pass_on();
            if self.token.sleep(until, self.deadline, || sync::past(until)) {
                self.sleep_through_pause();
            }
            self.tally.set_resting(false);
            drop(away);
            seeded!("rest-ends-in-a-pause" => return true);
            if !self.crew.is_paused() {
                return !self.is_cancelled();
            }
            // The rest itself is over.
            until = Some(Instant::now());
        }
        false
    }

    /// Sleeps until the pause ends, if there is one, or the call is cancelled.
    fn sleep_through_pause(&self) {
        if let Some(held) = self.crew.hold() {
            seeded!("held-by-any-pause" => {
                self.token.sleep(None, self.deadline, || !self.crew.is_paused());
                return
            });
            self.token.sleep(None, self.deadline, || !held.lasts());
        }
    }
}
