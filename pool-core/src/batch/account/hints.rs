//! How many hints say that a batch may have something to run.
//!
//! # No hint is lost
//!
//! While `can` holds, at least one of these is the case:
//!
//! - A hint waits in a queue.
//! - A worker is between two inputs and about to look.
//! - A thread stands by and looks in a moment ([`Post`](crate::batch::posts::Post)).
//! - A thread is between a section above and the push that it ends with. This includes the starter until its first
//!   pushes are done.
//!
//! The proof has two cases:
//!
//! - Either `can` became true in a section that ended with `settle`: then there was a hint already, or one is pushed.
//! - Or a hint was used up while `can` held: then that section took an input, which made `can` false, or ended with
//!   `settle`.
//!
//! A hint too many costs one look under the lock. A batch that is longer than the pool's cap has one more than the cap
//! can use. That hint waits in the queue for a permit that becomes free because a call waits, or because the cap is
//! raised.
//!
//! Where calls are [sent](crate::batch::sent), a hint is owed when a quarter of the places is free, and a quarter of
//! the buffer. An abandoned call has its place until it ends, so it is no part of that reckoning.

use crate::base::sync::seeded;
use crate::batch::account::{Account, Limits, Phase};
use crate::batch::inputs::Inputs;

impl<It: Inputs> Account<It> {
    /// Like [`has_room`](Self::has_room). If there is none, the consumer hears that room is wanted.
    fn has_room_or_wants_it(&self, limits: Limits<'_>) -> bool {
        if self.sends && !self.seems_over() {
            let buffer = self.buffer(limits.cap);
            let is_worth_it = |released| {
                self.released.set(released);
                has_a_quarter_free(self.in_flight(), buffer)
            };
            return is_worth_it(limits.room.released()) || is_worth_it(limits.room.want());
        }
        self.has_room(limits) || self.fits(limits, limits.room.want())
    }

    /// Whether the section owes one more hint, which counts as pushed from now on.
    #[inline]
    pub(in crate::batch) fn settle(&mut self, limits: Limits<'_>) -> bool {
        let due = self.is_due(limits);
        self.owed |= due && self.ramping;
        let more = due && !self.ramping;
        self.hints += usize::from(more);
        more
    }

    fn is_due(&self, limits: Limits<'_>) -> bool {
        self.is_ready() && !self.is_settled(limits) && self.has_room_or_wants_it(limits)
    }

    /// Whether there are enough hints, or a thread stands by in their place.
    fn is_settled(&self, limits: Limits<'_>) -> bool {
        if self.sends {
            let full = !has_a_quarter_free(self.present.busy(), self.present.places(self.max));
            return self.hints > 0 || self.present.count() > self.present.sent() || full;
        }
        let useful = (self.max - self.present.active())
            .min(limits.cap.saturating_sub(self.present.active()).max(1));
        self.posts.any()
            || self.hints >= useful.min(self.expected(self.size_hint.1.unwrap_or(usize::MAX)))
    }

    /// Like [`settle`](Self::settle), for the start: one hint for each input that is known to be there. So the starter
    /// starts the threads side by side, and no thread waits for the one before it. While this says yes no other section
    /// pushes: the first worker has better to do.
    pub(in crate::batch) fn ramp(&mut self, limits: Limits<'_>) -> bool {
        let more = self.hints < self.expected(self.size_hint.0) && self.is_due(limits);
        self.hints += usize::from(more);
        self.ramping = more;
        more
    }

    /// Ends what [`ramp`](Self::ramp) has begun. Whether the starter owes a hint that another section left to it.
    pub(in crate::batch) fn ramped(&mut self, limits: Limits<'_>) -> bool {
        self.ramping = false;
        std::mem::take(&mut self.owed) && self.settle(limits)
    }

    /// The inputs left if there are `total`. Only `next()` reports the end of the inputs, so this keeps one alive while
    /// no call runs whose worker would ask next.
    fn expected(&self, total: usize) -> usize {
        total.saturating_sub(self.taken).max(usize::from(self.present.active() == 0))
    }

    /// A hint was found in the queue. Says whether the queue counts it as abandoned.
    pub(in crate::batch) fn found_hint(&mut self) -> bool {
        seeded!("found-hint-still-counted" => return false);
        self.hints -= 1;
        self.abandoned
    }

    /// How many hints lead to nothing from this section on, because no further input is taken.
    pub(in crate::batch) fn abandon_hints(&mut self) -> usize {
        let before = std::mem::replace(&mut self.abandoned, self.phase >= Phase::Over);
        if self.abandoned && !before { self.hints } else { 0 }
    }

    pub(in crate::batch) fn hints(&self) -> usize {
        self.hints
    }
}

/// Whether a quarter of the places is free, and one at least.
fn has_a_quarter_free(taken: usize, places: usize) -> bool {
    taken.saturating_add((places / 4).max(1)) <= places
}

#[cfg(all(test, not(any(pool_loom, pool_shuttle))))]
mod tests {
    use crate::base::config::Settings;
    use crate::batch::account::{Account, Limits};
    use crate::batch::credits::Room;
    use std::num::NonZeroUsize;

    /// An account whose calls are sent, with as many of them on their way as there are places.
    fn full(places: usize) -> Account<std::ops::Range<usize>> {
        let settings = Settings { max_workers: NonZeroUsize::new(places), ..Settings::default() };
        let (mut account, room) = (Account::new(0..100), Room::new());
        account.open(&settings, true);
        for _ in 0..places {
            let inputs = account.begin(Limits { cap: 16, room: &room }).unwrap();
            assert!(account.took(inputs).is_ok());
            account.present.send();
        }
        account
    }

    /// One of the calls that were sent is over.
    fn end(account: &mut Account<std::ops::Range<usize>>) {
        account.present.ended();
        account.present.returned();
    }

    #[test]
    fn a_quarter_of_the_places_that_is_free_owes_a_hint_where_calls_are_sent() {
        let room = Room::new();
        let limits = Limits { cap: 16, room: &room };
        for (places, quarter) in [(1, 1), (2, 1), (3, 1), (4, 1), (7, 1), (8, 2), (16, 4)] {
            let mut account = full(places);
            for free in 1..=quarter {
                assert!(!account.settle(limits), "{free} of {places} are free");
                end(&mut account);
            }
            assert!(account.settle(limits), "{quarter} of {places} are free");
        }
    }

    #[test]
    fn places_of_abandoned_calls_are_not_waited_for_where_calls_are_sent() {
        let room = Room::new();
        let limits = Limits { cap: 16, room: &room };
        let mut account = full(8);
        end(&mut account);
        assert!(!account.settle(limits), "seven of eight calls run");
        (0..6).for_each(|_| account.present.abandon_one());
        assert!(account.settle(limits), "one of the two places that are left is free");
    }
}
