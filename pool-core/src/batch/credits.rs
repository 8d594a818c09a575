//! Credits: how the consumer makes room in the buffer. It takes one atomic step for each result, and the batch's lock
//! only where a worker waits for room.
//!
//! One word holds how many results the consumer has **released**, and whether a section **wants** room. A section that
//! finds the buffer full says so in the step that reads the count, and uses that count. The consumer sees in the step
//! that raises the count whether room is wanted, and then settles under the lock. Steps on one word have one order:
//!
//! - Either the section's step comes first: then the consumer sees that room is wanted, and settles.
//! - Or the consumer's does: then the section sees its result released, and goes on.

use crate::base::sync::{AtomicUsize, Ordering, seeded};

/// The lowest bit says that room is wanted; the others count, and wrap around.
const WANTED: usize = 1;
const ONE: usize = 2;

pub(super) struct Room(AtomicUsize);

/// How many results had been released at some moment, as a number that wraps around.
#[derive(Clone, Copy, Default)]
pub(super) struct Released(usize);

impl Room {
    pub(super) fn new() -> Self {
        Self(AtomicUsize::new(0))
    }

    /// The consumer takes so many results to yield them. Says whether room is wanted.
    #[inline]
    pub(super) fn release(&self, results: usize) -> bool {
        // Release and acquire, here and below: the consumer takes a result before an input takes its room.
        let before = self.0.fetch_add(results.wrapping_mul(ONE), Ordering::AcqRel);
        seeded!("room-wanted-by-nobody" => return false);
        before & WANTED != 0
    }

    pub(super) fn released(&self) -> Released {
        Released(self.0.load(Ordering::Acquire))
    }

    /// Says that room is wanted, unless it is there.
    pub(super) fn want(&self) -> Released {
        seeded!("room-wanted-too-late" => {
            let released = self.released();
            self.0.fetch_or(WANTED, Ordering::AcqRel);
            return released;
        });
        Released(self.0.fetch_or(WANTED, Ordering::AcqRel))
    }

    /// A section is about to look for itself.
    pub(super) fn unwant(&self) {
        self.0.fetch_and(!WANTED, Ordering::AcqRel);
    }
}

impl Released {
    /// How many of the inputs `begun` so far are still in flight.
    pub(super) fn left_of(self, begun: usize) -> usize {
        begun.wrapping_mul(ONE).wrapping_sub(self.0 & !WANTED) / ONE
    }
}
