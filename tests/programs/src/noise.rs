//! A subscriber whose callbacks panic at random, as one does whose pipe has gone.

use crate::dice::Dice;
use crate::ledger::{Book, Ledger};
use crate::values::{Origin, raise};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, PoisonError};
use std::thread;
use tracing::{Dispatch, Event, Metadata, Subscriber, span};

pub(crate) struct Noise(Dispatch);

impl Noise {
    pub(crate) fn new(ledger: &Arc<Ledger>, rate: usize) -> Self {
        let dice = std::sync::Mutex::new(Dice::new(rate as u64));
        Self(Dispatch::new(Broken {
            book: ledger.open("noise".into(), 0),
            rate,
            dice,
            ids: AtomicU64::new(1),
        }))
    }

    /// Builds something that is heard by the subscriber.
    pub(crate) fn around<R>(&self, build: impl FnOnce() -> R) -> R {
        tracing::dispatcher::with_default(&self.0, build)
    }
}

struct Broken {
    book: Arc<Book>,
    rate: usize,
    dice: std::sync::Mutex<Dice>,
    ids: AtomicU64,
}

impl Broken {
    fn disturb(&self) {
        // A second panic on the way of a first one would end the process, even where it is caught.
        let hit = || self.dice.lock().unwrap_or_else(PoisonError::into_inner).below(self.rate) == 0;
        if !thread::panicking() && hit() {
            raise(&self.book, Origin::Noise);
        }
    }
}

impl Subscriber for Broken {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        self.disturb();
        span::Id::from_u64(self.ids.fetch_add(1, Relaxed))
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, _: &Event<'_>) {}

    fn enter(&self, _: &span::Id) {
        self.disturb();
    }

    fn exit(&self, _: &span::Id) {
        self.disturb();
    }

    fn try_close(&self, _: span::Id) -> bool {
        self.disturb();
        true
    }
}
