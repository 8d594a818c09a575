//! What a batch is to its consumer: a source of results, without the types of its iterator and its call.

use crate::base::config::Settings;
use crate::base::pace::{Nap, PATIENCE};
use crate::base::unwind::{self, Payload};
use crate::batch::call::Abandon;
use crate::nesting::Away;
use crate::nesting::waiter::Register;
use crate::threads::crew::{Crew, Heir, Hint};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What became of one input: what the consumer gets, or a panic to go on with.
pub(crate) type Outcome<T> = Result<T, Payload>;

/// Who starts a batch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Start {
    /// A thread that goes on to something else: it runs nothing of the user's.
    Ahead,
    /// A consumer that may block, and asks for results when it likes.
    Waits,
    /// A consumer that may block, and asks for results before it runs anything of the user's.
    Gathers,
}

/// What the consumer finds when it asks.
pub(crate) enum Polled {
    /// There are results in the lot.
    Fetched,
    /// There will be none any more, and perhaps a panic to go on with.
    Ended(Option<Payload>),
    /// Nothing yet, but the caller could run an input itself, with the permit that it has.
    Help,
    /// Nothing yet, and no thread was started for it: the caller runs an input itself, if it gets a permit.
    Unserved,
    /// Nothing yet. The waker is registered, and a call that waits has given its permit up. If calls are `fast`, there
    /// is more in a moment.
    /// At `look` the consumer asks again, since a call may be overdue.
    Pending { fast: bool, look: Option<Instant> },
}

/// How a consumer asks.
pub(crate) struct Ask<'a> {
    /// The consumer does nothing with a result that could feed the input iterator: it may wait inside that.
    pub(crate) eager: bool,
    /// The consumer has a permit of the batch's pool.
    pub(crate) may_help: bool,
    /// The consumer is a call that gives its permit up if there is nothing.
    pub(crate) call: Option<&'a Away>,
    /// The consumer asks again in a moment: it is woken only when no more results come without it.
    pub(crate) patient: bool,
}

/// A batch without the types of its iterator and its call.
pub(crate) trait Source<T>: Send + Sync {
    /// Opens the batch and sees to it that workers come. Says whether the consumer stands by.
    ///
    /// # Safety
    ///
    /// [`close`](Self::close) with `wait` returns before anything ends that the batch borrows.
    unsafe fn start(&self, crew: &Arc<Crew>, settings: &mut Settings, how: Start) -> bool;

    /// Fetches what is ready into `lot`, which is empty.
    fn poll(&self, ask: &Ask<'_>, lot: &mut Lot<T>, register: &mut Register<'_>) -> Polled;

    /// A result of the lot has been yielded.
    fn yielded(&self);

    /// Runs one input on the calling thread, which has a permit, if no result is there or on its way. For an `eager`
    /// consumer it is enough that an input may run. After that a guest's permit is for the heir, if there is one.
    fn help(&self, eager: bool) -> Option<Heir>;

    /// Sees to it that a hint waits, if there is something to run.
    fn call_worker(&self);

    /// No longer holds workers back for results that the consumer cannot take yet.
    fn unbound(&self);

    /// Takes no further input once there is a result that is `last`.
    fn end_at(&self, last: fn(&T) -> bool);

    /// Abandons each call that takes too long. The batch has not started.
    ///
    /// # Safety
    ///
    /// The batch borrows nothing that ends: [`close`](Self::close) does not wait for calls that are abandoned.
    unsafe fn abandon(&self, abandon: Abandon<T>);

    /// Wakes the consumer when a call is overdue: it cannot wait with a time.
    #[cfg(feature = "stream")]
    fn start_clock(&self);

    /// Takes no further input. The calls that run go on, and are not cancelled.
    #[cfg(feature = "measure")]
    fn end_inputs(&self);

    /// Ends the batch and drops what it holds. With `wait`, blocks until no thread is inside, and returns the first
    /// panic of a `Drop`.
    fn close(&self, wait: bool) -> Option<Payload>;

    /// Lets the batch run on without a consumer.
    fn detach(&self);

    /// Whether no input of it has been taken, and no thread is about to take one.
    fn is_untouched(&self) -> bool;

    /// Ends the batch if no input of it has been taken.
    fn cancel_untouched(&self) -> bool;

    /// How many results are still to come, if the consumer has `told` results that count as taken already.
    fn size_hint(&self, told: usize) -> (usize, Option<usize>);

    /// Whether [`poll`](Self::poll) would be ready.
    fn is_ready(&self) -> bool;

    /// The batch as stop handles know it.
    fn stopper(&self) -> Hint;
}

/// Results that the consumer has fetched and not yet yielded.
pub(crate) struct Lot<T> {
    results: VecDeque<Option<Outcome<T>>>,
    /// If true (unbounded buffer), results leave the buffer when they are fetched; otherwise when they are yielded.
    told: bool,
    /// Whether calls were fast at the last look.
    pub(crate) fast: bool,
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
            nap: Nap::default(),
            #[cfg(feature = "stream")]
            refused: false,
        }
    }

    /// Yields the next result.
    #[inline]
    fn next(&mut self) -> Option<Outcome<T>> {
        self.results.pop_front().flatten()
    }

    /// Takes in what `fetch` puts into the empty lot. Says how many are taken by that.
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

    /// How long to look away then. Where no worker is held back for the results, they can wait.
    pub(crate) fn nap(&mut self, core_is_shared: bool) -> Duration {
        let nap = self.nap;
        if self.told || core_is_shared {
            self.nap.lengthen();
        }
        nap.length()
    }

    /// How many there are of which the batch has been told.
    pub(crate) fn told(&self) -> usize {
        if self.told { self.results.len() } else { 0 }
    }

    pub(crate) fn clear(&mut self, panics: &mut unwind::Panics) {
        panics.drop_each(self.results.drain(..));
    }
}

/// A batch that has been started, as its consumer sees it.
pub(crate) struct Consumer<'a, T> {
    pub(crate) source: &'a (dyn Source<T> + 'a),
    pub(crate) crew: &'a Arc<Crew>,
    pub(crate) lot: &'a mut Lot<T>,
}

impl<T> Consumer<'_, T> {
    #[inline]
    pub(crate) fn has_fetched(&self) -> bool {
        !self.lot.results.is_empty()
    }

    /// Yields the next result that has been fetched already.
    #[inline]
    pub(crate) fn fetched(&mut self) -> Option<Outcome<T>> {
        let outcome = self.lot.next()?;
        if !self.lot.told {
            self.source.yielded();
        }
        Some(outcome)
    }

    /// Asks for results, unless there are some.
    pub(crate) fn poll(&mut self, ask: &Ask<'_>, register: &mut Register<'_>) -> Polled {
        match self.has_fetched() {
            true => Polled::Fetched,
            false => self.source.poll(ask, self.lot, register),
        }
    }

    /// Goes on with the panic that was a call's result, which ends the batch.
    #[cold]
    pub(crate) fn raise(&mut self, payload: Payload) -> ! {
        self.end();
        std::panic::resume_unwind(payload)
    }

    /// Ends the batch: no result will be asked for.
    pub(crate) fn end(&mut self) {
        let mut panics = unwind::Panics::default();
        if let Some(payload) = self.source.close(false) {
            panics.keep(payload);
        }
        self.lot.clear(&mut panics);
        unwind::discard(panics);
    }

    pub(crate) fn size_hint(&self) -> (usize, Option<usize>) {
        self.source.size_hint(self.lot.told())
    }
}
