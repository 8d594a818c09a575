//! [`Lot`]: the results that a consumer has fetched, and how it has learned to wait for more.

use crate::base::pace::{Nap, PATIENCE};
use crate::base::unwind;
use crate::batch::source::Outcome;
use std::collections::VecDeque;
use std::time::Duration;

/// Results that the consumer has fetched and not yet yielded.
pub(crate) struct Lot<T> {
    results: VecDeque<Option<Outcome<T>>>,
    /// If true (unbounded buffer), results leave the buffer when they are fetched; otherwise when they are yielded.
    told: bool,
    /// Whether calls were fast at the last look.
    pub(crate) fast: bool,
    /// Whether the last results came soon after the consumer had parked. A consumer that only gathers results is not
    /// woken for each of those.
    pub(crate) brisk: bool,
    /// How long to look away.
    nap: Nap,
    /// A thread was refused, and another one was asked for since the last result.
    #[cfg(feature = "stream")]
    pub(crate) refused: bool,
}

impl<T> Lot<T> {
    pub(crate) fn new() -> Self {
        Self {
            results: VecDeque::new(),
            told: false,
            fast: false,
            brisk: false,
            nap: Nap::default(),
            #[cfg(feature = "stream")]
            refused: false,
        }
    }

    #[inline]
    pub(crate) fn has_some(&self) -> bool {
        !self.results.is_empty()
    }

    /// Yields the next result.
    #[inline]
    pub(super) fn next(&mut self) -> Option<Outcome<T>> {
        self.results.pop_front().flatten()
    }

    /// Takes in what `fetch` puts into the empty lot. Returns how many results have left the buffer by that.
    pub(crate) fn refill(
        &mut self,
        buffer: usize,
        fetch: impl FnOnce(&mut VecDeque<Option<Outcome<T>>>),
    ) -> usize {
        fetch(&mut self.results);
        self.told = buffer == usize::MAX;
        self.told()
    }

    /// How often to look again before a nap, where calls are fast.
    pub(crate) fn looks(&self) -> usize {
        if self.told { 0 } else { PATIENCE }
    }

    /// A look found results, so the next nap is a short one again.
    pub(super) fn look_sufficed(&mut self) {
        self.nap = Nap::default();
    }

    /// How long to nap. Naps grow if the buffer has no bound, or if the consumer is `tired` of looks.
    pub(crate) fn nap(&mut self, tired: bool) -> Duration {
        let nap = self.nap;
        if self.told || tired {
            self.nap.lengthen();
        }
        nap.length()
    }

    /// Whether the batch has been told of the results here.
    #[inline]
    pub(super) fn is_told(&self) -> bool {
        self.told
    }

    /// How many there are of which the batch has been told.
    pub(crate) fn told(&self) -> usize {
        if self.told { self.results.len() } else { 0 }
    }

    pub(crate) fn clear(&mut self, panics: &mut unwind::Panics) {
        panics.drop_each(self.results.drain(..));
    }
}
