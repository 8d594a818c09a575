//! What goes through a batch: inputs, results, failures and payloads, each in the book of its batch.

use crate::ledger::{Book, Kind};
use crate::token::Token;
use pool_core::{CallError, Completion};
use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use std::thread;
use std::time::Duration;

#[derive(Clone)]
pub(crate) struct Input {
    pub(crate) index: usize,
    pub(crate) weight: u32,
    pub(crate) token: Token,
}

pub(crate) struct Output {
    pub(crate) index: usize,
    pub(crate) weight: u32,
    pub(crate) token: Token,
    /// Panics when it is dropped.
    bomb: bool,
}

pub(crate) struct Failure(pub(crate) Output);

impl Output {
    /// The index of a failure that is of no call.
    pub(crate) const NONE: usize = usize::MAX;

    pub(crate) fn of(input: &Input, book: &Arc<Book>, bomb: bool) -> Self {
        let token = Token::new(book, Kind::Output);
        Self { index: input.index, weight: input.weight, token, bomb }
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        // A second panic on the way of a first one would end the process, even where it is caught.
        if self.bomb && !thread::panicking() {
            raise(self.token.book(), Origin::Drop);
        }
    }
}

/// What calls, inputs, consumers and subscribers panic with.
pub(crate) struct Payload {
    pub(crate) origin: Origin,
    token: Token,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Origin {
    Call(usize),
    Init,
    Next,
    Consumer,
    Drop,
    Noise,
}

/// Panics, without a word from the panic hook.
pub(crate) fn raise(book: &Arc<Book>, origin: Origin) -> ! {
    std::panic::resume_unwind(Box::new(Payload { origin, token: Token::new(book, Kind::Payload) }))
}

/// Where a panic comes from, and whether from the batch of `book`.
pub(crate) fn origin(payload: &(dyn Any + Send), book: &Arc<Book>) -> Option<(Origin, bool)> {
    let payload = payload.downcast_ref::<Payload>()?;
    payload.token.touch();
    Some((payload.origin, payload.token.is_of(book)))
}

/// Whether this is how a stream says that it has no thread.
pub(crate) fn is_refusal(payload: &(dyn Any + Send)) -> bool {
    payload
        .downcast_ref::<String>()
        .is_some_and(|text| text.starts_with("no thread can be started"))
}

/// What a consumer gets.
pub(crate) trait Item: Send {
    /// Checks that it belongs to the batch. Says which input it is for, and of which weight.
    fn check(&self, book: &Arc<Book>) -> (usize, u32);

    fn has_failed(&self) -> bool;

    /// How long the call ran, where that is known, and whether the batch has gone on without it.
    fn took(&self) -> Option<(Duration, bool)>;
}

fn check(output: &Output, book: &Arc<Book>) -> (usize, u32) {
    output.token.touch();
    book.check(output.token.is_of(book), || "a result of another batch".into());
    (output.index, output.weight)
}

impl Item for Result<Output, Failure> {
    fn check(&self, book: &Arc<Book>) -> (usize, u32) {
        check(self.as_ref().unwrap_or_else(|failure| &failure.0), book)
    }

    fn has_failed(&self) -> bool {
        self.is_err()
    }

    fn took(&self) -> Option<(Duration, bool)> {
        None
    }
}

impl Item for Completion<Input, Output, Failure> {
    fn check(&self, book: &Arc<Book>) -> (usize, u32) {
        let input = (self.input.index, self.input.weight);
        self.input.token.touch();
        book.check(self.input.token.is_of(book), || "an input of another batch".into());
        let position = self.index == input.0 || book.unnumbered.load(SeqCst);
        book.check(position, || format!("input {} at {}", input.0, self.index));
        match &self.result {
            Ok(output) | Err(CallError::Failed(Failure(output))) => {
                let output = check(output, book);
                book.check(input == output || output.0 == Output::NONE, || {
                    format!("input {input:?} with result {output:?}")
                });
            }
            Err(_) => {}
        }
        input
    }

    fn has_failed(&self) -> bool {
        self.result.is_err()
    }

    fn took(&self) -> Option<(Duration, bool)> {
        Some((self.elapsed, matches!(self.result, Err(CallError::TimedOut))))
    }
}

/// What a batch is collected into that ends at the first failure.
pub(crate) struct UntilFailure<T>(pub(crate) Vec<T>);

impl<T: Item> FromIterator<T> for UntilFailure<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        let mut gathered = Vec::new();
        for item in items {
            let failed = item.has_failed();
            gathered.push(item);
            if failed {
                break;
            }
        }
        Self(gathered)
    }
}

/// What leaks the iterator after two items.
pub(crate) struct Leaky<T>(pub(crate) Vec<T>);

impl<T> FromIterator<T> for Leaky<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        let mut items = items.into_iter();
        let gathered = items.by_ref().take(2).collect();
        std::mem::forget(items);
        Self(gathered)
    }
}
