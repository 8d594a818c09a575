//! `Map`, the batch whose results come in the order of the inputs.

use crate::api::error::Timeout;
use crate::api::methods::consumer;
use crate::api::pool::Pool;
use crate::api::results::{self, Results};
use crate::api::stop_handle::StopHandle;
use crate::base::config::{self, Settings};
use crate::base::span::{At, Site};
use crate::base::sync;
use crate::base::unwind;
use crate::batch::Handle;
use crate::batch::Order;
use crate::batch::{Outcome, Start};
use crate::threads::crew::Crew;
use std::fmt;
use std::iter::FusedIterator;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::Arc;
use std::time::Duration;

/// The results of a function over many inputs, in the order of the inputs: the iterator `map`, run concurrently.
///
/// Made by [`Pool::map`] and by `#[concurrent]`'s `map`. It is lazy: nothing runs before the batch **starts**. It
/// starts when the first result is asked for, when [`collect`](Self::collect), [`for_each`](Self::for_each) or
/// [`scope`](Self::scope) is called, or at [`start`](Self::start). From then on inputs are taken one at a time, in
/// order, as workers become free.
///
/// Inputs and function may borrow, for `'env`. Such a batch is consumed by `collect`, `for_each` or `scope`, which
/// return when no call of it runs any more. Only a batch that borrows nothing is an [`Iterator`] that can be kept and
/// sent about. The message "does not live long enough ... `'static`" at a `for` loop says that this one borrows: use
/// one of the three.
///
/// A batch that is dropped stops without waiting: inputs that were not started are dropped, the calls that run finish
/// in the background, and their results are dropped.
///
/// Every way to consume it blocks the current thread, except `into_stream` (feature `stream`). What that means in
/// async code and inside another call stands on the [front page](crate#where-a-wait-blocks).
///
/// # Panics
///
/// A panic of a call goes on here with the same payload, where the call's result would have been, and ends the batch.
/// So does a panic of the input iterator, after the results of the inputs before it.
///
/// # Examples
///
/// ```
/// use pool_core::Pool;
///
/// let pool = Pool::new(4);
/// let texts = ["1", "2", "x", "4"];
/// let numbers: Result<Vec<u8>, _> = pool.map(&texts, |text| text.parse::<u8>()).collect();
/// assert!(numbers.is_err());
///
/// for (n, square) in pool.map(1..=3, |n| n * n).enumerate() {
///     assert_eq!(square, (n + 1) * (n + 1));
/// }
/// ```
#[must_use = "a batch is lazy: nothing runs before it is started or consumed"]
pub struct Map<'env, R>(pub(crate) Handle<'env, R>);

impl Pool {
    /// Runs `call` over the inputs, with the results in the order of the inputs.
    ///
    /// Nothing runs before the batch [starts](Map). Inputs, call and results may borrow, for `'env`. If this is
    /// called inside a call of this pool, the thread that waits for the results runs inputs of this batch itself: a
    /// `RefCell` of a `thread_local!` that is borrowed meanwhile is then [borrowed twice](crate#where-a-wait-blocks).
    ///
    /// # Examples
    ///
    /// ```
    /// let factor = 3;
    /// let numbers = vec![1, 2, 3];
    /// let pool = pool_core::Pool::new(4);
    /// let products: Vec<i32> = pool.map(&numbers, |n| n * factor).collect();
    /// assert_eq!(products, [3, 6, 9]);
    /// ```
    pub fn map<'env, In, R, F>(&self, inputs: In, call: F) -> Map<'env, R>
    where
        In: IntoIterator,
        In::IntoIter: Send + 'env,
        R: Send + 'env,
        F: Fn(In::Item) -> R + Send + Sync + 'env,
    {
        Map::new(self.crew(), inputs.into_iter(), call)
    }
}

impl<'env, R: Send + 'env> Map<'env, R> {
    /// A batch whose calls own their inputs.
    pub(crate) fn new<It, F>(crew: Arc<Crew>, inputs: It, call: F) -> Self
    where
        It: Iterator + Send + 'env,
        F: Fn(It::Item) -> R + Send + Sync + 'env,
    {
        let site = Site::here();
        let call = move |at: At, input| judge(site.run(at, || call(input)));
        Self(Handle::new(crew, inputs, call, Order::Input))
    }

    /// A batch that lends the inputs to its calls.
    pub(crate) fn lent<It, F>(crew: Arc<Crew>, inputs: It, call: F) -> Self
    where
        It: Iterator + Send + 'env,
        F: Fn(&It::Item) -> R + Send + Sync + 'env,
    {
        let site = Site::here();
        let call = move |at: At, input: It::Item| {
            let outcome = site.run(at, || call(&input));
            // The input's `Drop` is outside the call, so that two panics do not meet.
            judge(match unwind::catch(|| drop(input)) {
                Err(payload) if outcome.is_ok() => {
                    unwind::discard(outcome);
                    Err(payload)
                }
                dropped => {
                    unwind::discard(dropped);
                    outcome
                }
            })
        };
        Self(Handle::new(crew, inputs, call, Order::Input))
    }
}

fn judge<R>(outcome: Outcome<R>) -> (Outcome<R>, bool) {
    let panicked = outcome.is_err();
    (outcome, panicked)
}

consumer!(impl Map<'env, R> of R);
