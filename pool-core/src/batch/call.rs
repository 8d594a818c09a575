//! [`Call`]: what a batch runs for each of its inputs.

use crate::base::observer::Ended;
use crate::base::span::At;
use crate::batch::source::Outcome;
use crate::threads::crew::Hint;
use std::time::Duration;

/// What a batch runs for each input. Most are closures. One that keeps something between its calls says so.
pub(crate) trait Call<I, T>: Send + Sync {
    /// Whether [`retire`](Self::retire) has anything to do.
    const KEEPS: bool = false;

    /// Whether calls are [sent](crate::batch::sent) to run elsewhere.
    const SENDS: bool = false;

    /// Runs the call for one input. Says what became of it, and how the user's function ended.
    fn run(&self, at: At, input: I) -> (Outcome<T>, Ended);

    /// Readies the call for an input to run elsewhere, and keeps what the outcome needs of the input. `None` if it is
    /// known already what became of it.
    fn send(&self, _: At, _: I) -> Option<Depart> {
        unreachable!("calls of this kind run here")
    }

    /// What has become of a call that was sent, and how the user's function ended.
    fn receive(&self, _: At) -> (Outcome<T>, Ended) {
        unreachable!("calls of this kind run here")
    }

    /// Makes what stands in for the outcome of a call that is abandoned.
    fn stand_in(&self, _: At, input: I, _: Abandon<T>) -> Stand<I, T> {
        Stand::Nothing(input)
    }

    /// A thread leaves the batch for good, since no input is left. It drops its share of what the calls have kept.
    fn retire(&self) {}
}

impl<I, T, F: Fn(At, I) -> (Outcome<T>, Ended) + Send + Sync> Call<I, T> for F {
    #[inline]
    fn run(&self, at: At, input: I) -> (Outcome<T>, Ended) {
        self(at, input)
    }
}

/// Sends a call, and has it finished by its batch, under the index that it was readied for.
pub(crate) type Depart = Box<dyn FnOnce(Hint) + Send>;

/// After what time a batch abandons a call, and how it copies what stands in for the outcome.
pub(crate) struct Abandon<T> {
    pub(crate) after: Duration,
    pub(crate) again: fn(&T) -> T,
}

// Not derived, since that would ask it of `T`.
impl<T> Clone for Abandon<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Abandon<T> {}

/// What stands in for an outcome.
pub(crate) enum Stand<I, T> {
    /// Nothing can: the call is never abandoned.
    Nothing(I),
    /// This does, with a copy of the input.
    In(T, I),
    /// The input could not be copied, which is the outcome.
    Outcome((Outcome<T>, Ended)),
}
