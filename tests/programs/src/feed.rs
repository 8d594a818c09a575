//! The feed of a batch whose results bring further inputs, and the thread beside it that pushes some.

use crate::ledger::{Book, Fate, Kind};
use crate::plan::{Batch, Mood, Pushes};
use crate::token::Token;
use crate::values::Input;
use pool_core::{Feed, feed};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// Numbers the inputs as it pushes them. With a lock around both, their order is the one in which they are taken.
pub(crate) struct Feeder {
    feed: Feed<Input>,
    pushes: Pushes,
    next: AtomicUsize,
    /// `None` where pushes race each other.
    numbers: Option<Mutex<()>>,
    beside: Mutex<Option<JoinHandle<()>>>,
}

impl Feeder {
    pub(crate) fn of(plan: &Batch, book: &Arc<Book>) -> Option<Arc<Self>> {
        let Mood::Feed { weight, pushes, numbered, beside } = plan.inputs.mood else { return None };
        book.unnumbered.store(!numbered, SeqCst);
        let feeder = Arc::new(Self {
            feed: Feed::new(),
            pushes,
            next: AtomicUsize::new(0),
            numbers: numbered.then(Mutex::default),
            beside: Mutex::new(None),
        });
        feeder.push(weight, book);
        if let Some((number, time)) = beside {
            let (other, book) = (Arc::clone(&feeder), Arc::clone(book));
            let thread = thread::Builder::new().name("beside".into());
            let thread = thread.spawn(move || other.push_beside(number, time, &book));
            let thread = thread.expect("a thread");
            *feeder.beside.lock().unwrap_or_else(PoisonError::into_inner) = Some(thread);
        }
        Some(feeder)
    }

    pub(crate) fn inputs(&self) -> feed::Inputs<Input> {
        self.feed.inputs()
    }

    /// What a call pushes for an input of that weight.
    pub(crate) fn push_from_call(&self, weight: u32, book: &Arc<Book>) {
        let number = match self.pushes {
            Pushes::Call => weight,
            Pushes::Both => weight / 2,
            Pushes::Consumer => 0,
        };
        (0..number).for_each(|_| self.push(weight - 1, book));
    }

    /// What the consumer pushes for it.
    pub(crate) fn push_from_consumer(&self, weight: u32, book: &Arc<Book>) {
        let number = match self.pushes {
            Pushes::Call => 0,
            Pushes::Both => weight - weight / 2,
            Pushes::Consumer => weight,
        };
        (0..number).for_each(|_| self.push(weight - 1, book));
    }

    /// Runs `code` while nothing is being pushed, and the feed has ended.
    pub(crate) fn at_the_end(&self, book: &Arc<Book>, code: impl FnOnce()) {
        self.join();
        let _numbers = self.lock();
        book.check(self.is_refused(book), || "a feed accepts an input after its end".into());
        code();
    }

    /// Whether the feed takes no input any more.
    pub(crate) fn is_refused(&self, book: &Arc<Book>) -> bool {
        let late = Input { index: usize::MAX, weight: 0, token: Token::new(book, Kind::Input) };
        self.feed.push(late).is_err()
    }

    /// Waits for the thread that pushes beside the batch.
    pub(crate) fn join(&self) {
        let thread = self.beside.lock().unwrap_or_else(PoisonError::into_inner).take();
        thread.into_iter().for_each(|thread| thread.join().expect("it does not panic"));
    }

    fn push_beside(&self, number: usize, time: Duration, book: &Arc<Book>) {
        for _ in 0..number {
            thread::sleep(time);
            self.push(0, book);
        }
    }

    fn push(&self, weight: u32, book: &Arc<Book>) {
        let numbers = self.lock();
        let index = self.next.fetch_add(1, SeqCst);
        let input = Input { index, weight, token: Token::new(book, Kind::Input) };
        book.note(index, Fate::Taken);
        if let Err(input) = self.feed.push(input) {
            input.token.touch();
            book.check(input.index == index, || "a feed gives another input back".into());
            book.untake(index);
            if numbers.is_some() {
                // The next one gets this position.
                self.next.store(index, SeqCst);
            }
        }
    }

    fn lock(&self) -> Option<MutexGuard<'_, ()>> {
        let numbers = self.numbers.as_ref()?;
        Some(numbers.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
