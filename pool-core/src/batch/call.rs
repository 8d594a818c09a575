//! [`Call`]: what a batch runs for each of its inputs.

use crate::base::observer::Ended;
use crate::base::span::At;
use crate::batch::source::Outcome;

/// What a batch runs for each input. Most are closures. One that keeps something between its calls says so.
pub(crate) trait Call<I, T>: Send + Sync {
    /// Whether [`retire`](Self::retire) has anything to do.
    const KEEPS: bool = false;

    /// Runs the call for one input. Says what became of it, and how the user's function ended.
    fn run(&self, at: At, input: I) -> (Outcome<T>, Ended);

    /// A thread leaves the batch for good, since no input is left. It drops its share of what the calls have kept.
    fn retire(&self) {}
}

impl<I, T, F: Fn(At, I) -> (Outcome<T>, Ended) + Send + Sync> Call<I, T> for F {
    #[inline]
    fn run(&self, at: At, input: I) -> (Outcome<T>, Ended) {
        self(at, input)
    }
}
