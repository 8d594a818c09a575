//! What a batch is to its consumer: a source of results, without the types of its iterator and its call.

use crate::base::config::Settings;
use crate::base::unwind::Payload;
use crate::batch::call::Abandon;
use crate::batch::lot::Lot;
use crate::nesting::Away;
use crate::nesting::waiter::Register;
use crate::threads::crew::{Crew, Heir, Hint};
use std::sync::Arc;
use std::time::Instant;

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
    /// Nothing yet. Only overdue calls run, so no worker will ask for the end of the inputs: the caller asks.
    LeftToOverdue,
    /// Nothing yet, but the caller could run an input itself, with the permit that it has.
    Help,
    /// Nothing yet, and no thread was started for it: the caller runs an input itself, if it gets a permit.
    Unserved,
    /// Nothing yet. The waker is registered, and a waiting call has given its permit up. If `fast`, a result comes
    /// soon. At `look` a call may be overdue, so the consumer asks again.
    Pending { fast: bool, look: Option<Instant> },
}

/// How a consumer asks.
pub(crate) struct Ask<'a> {
    /// The consumer has closed the batch, and waits until no thread is inside.
    pub(crate) closed: bool,
    /// No result of this consumer feeds the inputs. So it may block in their `next` while calls run.
    pub(crate) eager: bool,
    /// The consumer has a permit of the batch's pool.
    pub(crate) may_help: bool,
    /// The consumer is a call that gives its permit up if there is nothing.
    pub(crate) call: Option<&'a Away>,
    /// The consumer asks again soon. It is woken only if the buffer is full or no more results come.
    pub(crate) patient: bool,
}

/// A batch without the types of its iterator and its call.
pub(crate) trait Source<T>: Send + Sync {
    /// Opens the batch and sees to it that workers come. Says whether the consumer stands by.
    ///
    /// # Safety
    ///
    /// Before anything ends that the batch borrows, the caller [closes](Self::close) it, and waits until no thread is
    /// inside: a [`poll`](Self::poll) that asks as `closed` says so.
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
    /// The batch borrows nothing that ends: a consumer that closes it does not wait for calls that are abandoned.
    unsafe fn abandon(&self, abandon: Abandon<T>);

    /// Asks the inputs for their end, if it is left to overdue calls. Runs code of the user on the calling thread.
    fn find_end(&self);

    /// Wakes the consumer when a call is overdue: it cannot wait with a time. Returns false if no thread can do that.
    #[cfg(feature = "stream")]
    fn start_clock(&self) -> bool;

    /// Takes no further input. The calls that run go on, and are not cancelled.
    #[cfg(feature = "measure")]
    fn end_inputs(&self);

    /// Ends the batch and drops what it holds. Returns the first panic of a `Drop` so far; `awaited` says that the
    /// consumer will wait for the threads inside, and for their panics.
    fn close(&self, awaited: bool) -> Option<Payload>;

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
