//! The feed of a batch whose results bring further inputs, and the thread beside it that pushes some.

use crate::ledger::{Book, Fate, Kind, Token};
use crate::plan::{Batch, Mood, Pushes};
use crate::values::Input;
use pool_core::{Feed, feed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// Numbers the inputs as it pushes them, so that their order is the one in which they are taken.
pub(crate) struct Feeder {
    pushes: Pushes,
    state: Mutex<State>,
    beside: Mutex<Option<JoinHandle<()>>>,
}

struct State {
    feed: Feed<Input>,
    next: usize,
}

impl Feeder {
    pub(crate) fn of(plan: &Batch, book: &Arc<Book>) -> Option<Arc<Self>> {
        let Mood::Feed { weight, pushes, beside } = plan.inputs.mood else { return None };
        let feeder = Arc::new(Self {
            pushes,
            state: Mutex::new(State { feed: Feed::new(), next: 0 }),
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
        self.lock().feed.inputs()
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
        let state = self.lock();
        let late = Input { index: usize::MAX, weight: 0, token: Token::new(book, Kind::Input) };
        let refused = state.feed.push(late).is_err();
        book.check(refused, || "a feed accepts an input after its end".into());
        code();
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
        let mut state = self.lock();
        let index = state.next;
        let input = Input { index, weight, token: Token::new(book, Kind::Input) };
        book.note(index, Fate::Taken);
        match state.feed.push(input) {
            Ok(()) => state.next += 1,
            Err(input) => {
                input.token.touch();
                book.check(input.index == index, || "a feed gives another input back".into());
                book.untake(index);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
