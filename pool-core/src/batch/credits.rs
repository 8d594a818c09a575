//! Decides what a consumer does that has made use of a result: one atomic step, and the batch's lock only where somebody waits for that.
//!
//! One word holds how many results have been **released**, and whether a section **wants** room. A section that finds the buffer
//! full says so in the step that reads the count, and looks at that count; the consumer sees in the step that raises the count whether
//! anybody wants room, and then settles under the lock. Steps on one word have one order:
//!
//! - Either the section's step comes first: then the consumer sees that room is wanted, and settles.
//! - Or the consumer's does: then the section sees its result released, and goes on.

use crate::base::sync::{AtomicUsize, Ordering, seeded};

/// The lowest bit says that room is wanted; the others count, and wrap around.
const WANTED: usize = 1;
const ONE: usize = 2;

pub(crate) struct Room(AtomicUsize);

/// How many results had been released at some moment, as a number that wraps around.
#[derive(Clone, Copy, Default)]
pub(crate) struct Released(usize);

impl Room {
    pub(crate) fn new() -> Self {
        Self(AtomicUsize::new(0))
    }

    /// The consumer has made use of so many results. Says whether room is wanted.
    #[inline]
    pub(crate) fn release(&self, results: usize) -> bool {
        // Release and acquire, here and below: what the consumer did with a result comes before the input that its room is for.
        let before = self.0.fetch_add(results.wrapping_mul(ONE), Ordering::AcqRel);
        seeded!("room-wanted-by-nobody" => return false);
        before & WANTED != 0
    }

    pub(crate) fn released(&self) -> Released {
        Released(self.0.load(Ordering::Acquire))
    }

    /// Says that room is wanted, unless it is there.
    pub(crate) fn want(&self) -> Released {
        seeded!("room-wanted-too-late" => {
            let released = self.released();
            self.0.fetch_or(WANTED, Ordering::AcqRel);
            return released;
        });
        Released(self.0.fetch_or(WANTED, Ordering::AcqRel))
    }

    /// A section is about to look for itself.
    pub(crate) fn unwant(&self) {
        self.0.fetch_and(!WANTED, Ordering::AcqRel);
    }
}

impl Released {
    /// How many of the inputs `begun` so far are still in flight.
    pub(crate) fn left_of(self, begun: usize) -> usize {
        begun.wrapping_mul(ONE).wrapping_sub(self.0 & !WANTED) / ONE
    }
}
