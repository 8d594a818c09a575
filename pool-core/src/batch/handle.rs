//! Decides what owns a batch for its user: set up, started once, closed at the end.

use crate::base::config::Settings;
use crate::base::span::At;
use crate::base::unwind::{self, Panics};
use crate::batch::Shared;
use crate::batch::reorder::Order;
use crate::batch::source::{Consumer, Lot, Outcome, Source, Start};
use crate::threads::crew::{Crew, Hint};
use std::num::NonZeroUsize;
use std::sync::Arc;

/// The consumer's own handle to a batch.
pub(crate) struct Handle<'env, T> {
    batch: Shared<'env, T>,
    crew: Arc<Crew>,
    settings: Settings,
    lot: Lot<T>,
    started: bool,
    /// The batch runs on after this handle.
    detached: bool,
}

impl<'env, T: Send + 'env> Handle<'env, T> {
    pub(crate) fn new<It, C>(crew: Arc<Crew>, inputs: It, call: C, order: Order) -> Self
    where
        It: Iterator + Send + 'env,
        C: Fn(At, It::Item) -> (Outcome<T>, bool) + Send + Sync + 'env,
    {
        Self::of(crew, Shared::new(inputs, call, order))
    }

    /// The batch behind a task.
    pub(crate) fn single<F>(crew: Arc<Crew>, call: F) -> Self
    where
        F: FnOnce(At) -> (Outcome<T>, bool) + Send + 'env,
    {
        Self::of(crew, Shared::single(call))
    }

    fn of(crew: Arc<Crew>, batch: Shared<'env, T>) -> Self {
        Self {
            batch,
            crew,
            settings: Settings::default(),
            lot: Lot::new(),
            started: false,
            detached: false,
        }
    }
}

impl<T> Handle<'_, T> {
    pub(crate) fn source(&self) -> &(dyn Source<T> + '_) {
        self.batch.source()
    }

    /// The batch, for a consumer that asks for results. It has been started.
    pub(crate) fn consumer(&mut self) -> Consumer<'_, T> {
        Consumer { source: self.batch.source(), crew: &self.crew, lot: &mut self.lot }
    }

    pub(crate) fn size_hint(&self) -> (usize, Option<usize>) {
        self.source().size_hint(self.lot.told())
    }

    pub(crate) fn has_started(&self) -> bool {
        self.started
    }

    /// What the batch is set to. The caller has seen that it has not started.
    pub(crate) fn settings(&mut self) -> &mut Settings {
        &mut self.settings
    }

    pub(crate) fn run_on(&mut self, crew: Arc<Crew>) {
        self.crew = crew;
    }

    pub(crate) fn stopper(&self) -> Hint {
        self.source().stopper()
    }

    /// Holds no worker back for results that nobody can take yet, if the inputs are known to end and nothing else was asked for.
    pub(crate) fn unbound(&mut self) {
        if self.settings.buffer.is_some() || self.size_hint().1.is_none() {
            return;
        }
        match self.started {
            true => self.source().unbound(),
            false => self.settings.buffer = Some(NonZeroUsize::MAX),
        }
    }

    /// Starts the batch, lends it to `consume`, and returns when nothing of it is alive any more that could borrow.
    ///
    /// # Panics
    ///
    /// Goes on with the first panic of a `Drop`.
    pub(crate) fn lend<B>(mut self, how: Start, consume: impl FnOnce(Consumer<'_, T>) -> B) -> B {
        let start =
            (!std::mem::replace(&mut self.started, true)).then_some((&self.crew, self.settings));
        let (batch, crew, lot) = (&self.batch, &self.crew, &mut self.lot);
        let (result, payload) = batch.lend(start, how, |watched| {
            lot.fast = watched;
            consume(Consumer { source: batch.source(), crew, lot })
        });
        let mut panics = Panics::default();
        if let Some(payload) = payload {
            panics.keep(payload);
        }
        self.lot.clear(&mut panics);
        if let Some(payload) = panics.first() {
            drop(self);
            unwind::discard(result);
            std::panic::resume_unwind(payload);
        }
        result
    }

    /// Forgets the consumer: the batch runs on.
    pub(crate) fn detach(mut self) {
        self.source().detach();
        self.detached = true;
    }
}

impl<T> Handle<'static, T> {
    /// Starts the batch, if it has not started.
    #[inline]
    pub(crate) fn start(&mut self, how: Start) {
        if !self.started {
            self.started = true;
            self.batch.start(&self.crew, self.settings, how);
        }
    }
}

impl<T> Drop for Handle<'_, T> {
    fn drop(&mut self) {
        if !self.detached {
            self.consumer().end();
        }
    }
}
