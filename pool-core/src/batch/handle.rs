//! What owns a batch for its user: set up, started once, closed at the end.

#[cfg(feature = "measure")]
use crate::base::config::Config;
use crate::base::config::Settings;
use crate::base::observer::{Ended, Observer};
use crate::base::span::At;
use crate::base::sync::Mutex;
use crate::base::unwind::{self, Panics};
use crate::batch::Batch;
use crate::batch::account::Account;
use crate::batch::call::{Abandon, Call};
use crate::batch::consumer::Consumer;
use crate::batch::inputs::Inputs;
use crate::batch::lot::Lot;
use crate::batch::source::{Outcome, Source, Start};
use crate::threads::crew::{Crew, Hint};
use std::num::NonZeroUsize;
use std::sync::Arc;

/// The consumer's own handle to a batch.
pub(crate) struct Handle<'env, T> {
    batch: Arc<dyn Source<T> + 'env>,
    crew: Arc<Crew>,
    /// Locked only to watch a batch that several threads share.
    settings: Mutex<Settings>,
    /// Locked only to tell the length of a batch that several threads share. Payloads of panics are not `Sync`, so
    /// without the lock no handle would be.
    lot: Mutex<Lot<T>>,
    started: bool,
    /// The batch runs on after this handle.
    detached: bool,
}

impl<'env, T: Send + 'env> Handle<'env, T> {
    pub(crate) fn new<It, C>(crew: Arc<Crew>, inputs: It, call: C) -> Self
    where
        It: Inputs + 'env,
        C: Call<It::Item, T> + 'env,
    {
        Self::of(crew, Batch::new(Account::new(inputs), call))
    }

    /// The batch behind a task.
    pub(crate) fn single<F>(crew: Arc<Crew>, call: F) -> Self
    where
        F: FnOnce(At) -> (Outcome<T>, Ended) + Send + 'env,
    {
        let account = Account::single(std::iter::once(call));
        Self::of(crew, Batch::new(account, |at, call: F| call(at)))
    }

    fn of(crew: Arc<Crew>, batch: Arc<dyn Source<T> + 'env>) -> Self {
        Self {
            batch,
            crew,
            settings: Mutex::default(),
            lot: Mutex::new(Lot::new()),
            started: false,
            detached: false,
        }
    }
}

impl<T> Handle<'_, T> {
    pub(crate) fn source(&self) -> &(dyn Source<T> + '_) {
        &*self.batch
    }

    /// The batch, for a consumer that asks for results. It has been started.
    pub(crate) fn consumer(&mut self) -> Consumer<'_, T> {
        let lot = self.lot.get_mut();
        Consumer { source: &*self.batch, crew: &self.crew, lot, stays: false }
    }

    pub(crate) fn size_hint(&self) -> (usize, Option<usize>) {
        let told = self.lot.lock().told();
        self.source().size_hint(told)
    }

    pub(crate) fn has_started(&self) -> bool {
        self.started
    }

    /// What the batch is set to. The caller has seen that it has not started.
    pub(crate) fn settings(&mut self) -> &mut Settings {
        self.settings.get_mut()
    }

    /// Lets an observer see each call. The caller has seen that the batch has not started.
    pub(crate) fn observe(&self, observer: Arc<dyn Observer>) {
        self.settings.lock().observe(observer);
    }

    pub(crate) fn run_on(&mut self, crew: Arc<Crew>) {
        self.crew = crew;
    }

    pub(crate) fn stopper(&self) -> Hint {
        self.source().stopper()
    }

    /// Ends the inputs with the first result that is `last`, in time.
    pub(crate) fn end_at(&self, last: fn(&T) -> bool) {
        self.source().end_at(last);
    }

    /// How the pool is set up on which the batch runs.
    #[cfg(feature = "measure")]
    pub(crate) fn config(&self) -> Config {
        self.crew.config()
    }

    /// No longer holds workers back for results that the consumer cannot take yet, if the inputs have an upper bound
    /// and no buffer was set.
    pub(crate) fn unbound(&mut self) {
        let told = self.lot.get_mut().told();
        if self.settings.get_mut().buffer.is_some() || self.source().size_hint(told).1.is_none() {
            return;
        }
        match self.started {
            true => self.source().unbound(),
            false => self.settings.get_mut().buffer = Some(NonZeroUsize::MAX),
        }
    }

    /// Starts the batch, lends it to `consume`, and returns when nothing of it is alive any more that could borrow.
    ///
    /// # Panics
    ///
    /// Goes on with the first panic of a `Drop`.
    pub(crate) fn lend<B>(mut self, how: Start, consume: impl FnOnce(Consumer<'_, T>) -> B) -> B {
        /// Closes the batch and waits, in the frame of `lend`, where nothing can leak it.
        struct Closing<'a, T>(&'a (dyn Source<T> + 'a), &'a Arc<Crew>);
        impl<T> Closing<'_, T> {
            fn close(&self) -> Panics {
                let escape = unwind::Escape::armed();
                let Self(source, crew) = *self;
                let mut panics = Panics::default();
                panics.keep(source.close(true));
                let mut consumer = Consumer { source, crew, lot: &mut Lot::new(), stays: true };
                panics.keep(consumer.wait_until_left());
                escape.disarm();
                panics
            }
        }
        impl<T> Drop for Closing<'_, T> {
            fn drop(&mut self) {
                unwind::discard(self.close());
            }
        }

        let (result, mut panics) = {
            let closing = Closing(&*self.batch, &self.crew);
            if !std::mem::replace(&mut self.started, true) {
                // SAFETY: `closing` closes the batch and waits before this block ends or unwinds, and so before `'env`
                // ends.
                self.lot.get_mut().fast =
                    unsafe { self.batch.start(&self.crew, self.settings.get_mut(), how) };
            }
            let lot = self.lot.get_mut();
            let consumer = Consumer { source: &*self.batch, crew: &self.crew, lot, stays: true };
            let result = consume(consumer);
            let panics = closing.close();
            // The batch is closed.
            std::mem::forget(closing);
            (result, panics)
        };
        self.lot.get_mut().clear(&mut panics);
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
    /// Abandons each call that takes too long. The caller has seen that the batch has not started.
    pub(crate) fn abandon(&self, abandon: Abandon<T>) {
        // SAFETY: A batch that borrows for `'static` borrows nothing that ends.
        unsafe { self.source().abandon(abandon) };
    }

    /// Starts the batch, if it has not started.
    #[inline]
    pub(crate) fn start(&mut self, how: Start) {
        if !self.started {
            self.started = true;
            // SAFETY: A batch that borrows for `'static` borrows nothing that ends.
            unsafe { self.batch.start(&self.crew, self.settings.get_mut(), how) };
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
