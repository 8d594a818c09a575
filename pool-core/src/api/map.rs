//! `Map`, the batch whose results come in the order of the inputs.

use crate::api::attempt::Attempt;
use crate::api::error::Timeout;
use crate::api::methods::consumer;
use crate::api::pool::Pool;
use crate::api::results::Results;
use crate::api::states::{Stateful, States};
use crate::api::stop_handle::StopHandle;
use crate::api::watch::{Watch, Watched};
use crate::base::config::{self, Settings};
use crate::base::observer::{Ended, Observer};
use crate::base::span::{At, Site};
use crate::base::sync;
use crate::base::unwind;
use crate::batch::{Handle, Inputs, Late, Outcome, Start};
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
/// Inputs and function may borrow, for `'env`. Consume such a batch with `collect`, `for_each` or `scope`. They return
/// when no call of it runs any more. Only a batch that borrows nothing is an [`Iterator`] that can be kept and sent
/// about. The message "does not live long enough ... `'static`" at a `for` loop says that this one borrows: use one of
/// the three.
///
/// A batch that is dropped stops without waiting: inputs that were not started are dropped, the calls that run finish
/// in the background, and their results are dropped.
///
/// Every way to consume it blocks the current thread, except `into_stream` (feature `stream`). The [front
/// page](crate#where-a-wait-blocks) says what that means in async code and inside another call.
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

    /// Runs `call` over the inputs, each time with a **state** that it has to itself: a connection, a client, a buffer.
    ///
    /// `init` makes a state on the worker that needs one. The states belong to this batch: a call takes a free one or
    /// makes one, and puts it back. So there are never more of them than calls of the batch run at once, and no more
    /// than were needed. A state may borrow, for `'env`. It need not be `Sync`.
    ///
    /// All states are dropped before `collect`, `for_each` and `scope` return. A worker that finds no further input
    /// drops one, so that slow closings overlap. A worker that left earlier has dropped none: the end of the batch
    /// drops these states one by one. This happens with a [`Feed`](crate::Feed), or if the consumer is slower than the
    /// calls.
    ///
    /// A `thread_local!` in `call` would be wrong here: threads outlive a batch, so that the next one would find the
    /// states of this one.
    ///
    /// # Panics
    ///
    /// A panic of `init` is that of the call which needed the state. The next call tries again. A call that panics
    /// drops its state. Both go on at the consumer, as [`map`](Self::map) has it.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::atomic::{AtomicUsize, Ordering};
    ///
    /// let (pool, made) = (pool_core::Pool::new(4), AtomicUsize::new(0));
    /// let init = || {
    ///     made.fetch_add(1, Ordering::Relaxed);
    ///     String::new() // a buffer for each worker
    /// };
    /// let lengths: Vec<usize> = pool
    ///     .map_init(1..=100, init, |line, n| {
    ///         line.clear();
    ///         line.push_str(&n.to_string());
    ///         line.len()
    ///     })
    ///     .collect();
    /// assert_eq!(lengths.iter().sum::<usize>(), 192);
    /// assert!(made.into_inner() <= 4);
    /// ```
    pub fn map_init<'env, In, S, R, Init, F>(&self, inputs: In, init: Init, call: F) -> Map<'env, R>
    where
        In: IntoIterator,
        In::IntoIter: Send + 'env,
        S: Send + 'env,
        R: Send + 'env,
        Init: Fn() -> S + Send + Sync + 'env,
        F: Fn(&mut S, In::Item) -> R + Send + Sync + 'env,
    {
        Map::with_states(self.crew(), inputs.into_iter(), move || Ok(init()), call)
    }
}

impl<'env, R: Send + 'env> Map<'env, R> {
    /// A batch whose calls own their inputs.
    pub(crate) fn new<It, F>(crew: Arc<Crew>, inputs: It, call: F) -> Self
    where
        It: Inputs + 'env,
        F: Fn(It::Item) -> R + Send + Sync + 'env,
    {
        let site = Site::here();
        let call = move |at: At, input| judge(site.run(at, || call(input)));
        Self::of(Handle::new(crew, inputs, call))
    }

    /// A batch that lends the inputs to its calls.
    pub(crate) fn lent<It, F>(crew: Arc<Crew>, inputs: It, call: F) -> Self
    where
        It: Inputs + 'env,
        F: Fn(&It::Item) -> R + Send + Sync + 'env,
    {
        let site = Site::here();
        let call = move |at: At, input| {
            let outcome = site.run(at, || call(&input));
            judge(unwind::without(input, outcome))
        };
        Self::of(Handle::new(crew, inputs, call))
    }

    /// A batch whose calls own their inputs and take states. If `init` fails, the error is the result of the call.
    pub(crate) fn with_states<It, S, Init, F>(
        crew: Arc<Crew>,
        inputs: It,
        init: Init,
        call: F,
    ) -> Self
    where
        It: Inputs + 'env,
        S: Send + 'env,
        Init: Fn() -> Result<S, R> + Send + Sync + 'env,
        F: Fn(&mut S, It::Item) -> R + Send + Sync + 'env,
    {
        let site = Site::here();
        let call = move |states: &States<S, Init>, at: At, input| {
            judge(
                site.run(at, || states.call(|state| call(state, input)))
                    .and_then(|outcome| outcome),
            )
        };
        Self::of(Handle::new(crew, inputs, Stateful::new(init, call)))
    }

    /// A batch that lends the inputs to its calls, which take states.
    pub(crate) fn lent_with_states<It, S, Init, F>(
        crew: Arc<Crew>,
        inputs: It,
        init: Init,
        call: F,
    ) -> Self
    where
        It: Inputs + 'env,
        S: Send + 'env,
        Init: Fn() -> Result<S, R> + Send + Sync + 'env,
        F: Fn(&mut S, &It::Item) -> R + Send + Sync + 'env,
    {
        let site = Site::here();
        let call = move |states: &States<S, Init>, at: At, input| {
            let call = || states.call(|state| call(state, &input));
            let outcome = site.run(at, call).and_then(|outcome| outcome);
            judge(unwind::without(input, outcome))
        };
        Self::of(Handle::new(crew, inputs, Stateful::new(init, call)))
    }

    pub(super) fn of(mut handle: Handle<'env, R>) -> Self {
        handle.settings().in_order = true;
        Self(handle)
    }
}

impl<S, Init> States<S, Init> {
    /// Runs a call whose result, or whose panic, is the item of a `Map`.
    fn call<R>(&self, call: impl FnOnce(&mut S) -> R) -> Outcome<R>
    where
        Init: Fn() -> Result<S, R>,
    {
        self.lend(|state| judge(unwind::catch(|| call(state)))).unwrap_or_else(Ok)
    }
}

pub(super) fn judge<R>(outcome: Outcome<R>) -> (Outcome<R>, Ended) {
    let ended = Ended::of(&outcome);
    (outcome, ended)
}

impl<T, E> Map<'_, Result<T, E>> {
    /// Gathers the values of all calls, or ends at the first error. Blocks until no call of the batch runs any more.
    ///
    /// It gives what `collect::<Result<C, E>>()` gives, but ends sooner. `collect` sees an error only once all results
    /// before it are there, and takes inputs until then. Here the first error **in time** stops the inputs. The error
    /// that is returned is the first **in the order of the inputs** among the calls that had begun by then, for which
    /// it waits.
    ///
    /// # Errors
    ///
    /// Returns the error of a call.
    ///
    /// # Panics
    ///
    /// As [`collect`](Self::collect) does.
    ///
    /// # Deadlocks
    ///
    /// As for [`collect`](Self::collect): in async code, and inside calls that have a `RefCell` borrowed.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::{thread, time::Duration};
    ///
    /// let pool = pool_core::Pool::new(4);
    /// let parse = |text: &&str| text.parse::<u8>();
    /// assert_eq!(pool.map(&["1", "2"], parse).try_collect::<Vec<_>>(), Ok(vec![1, 2]));
    ///
    /// // The first call is slow, and the second fails at once: no other is started meanwhile.
    /// let slow_head = pool.map(0.., |n| match n {
    ///     0 => Ok(thread::sleep(Duration::from_millis(50))),
    ///     _ => Err("refused"),
    /// });
    /// assert_eq!(slow_head.try_collect::<Vec<_>>(), Err("refused"));
    /// ```
    pub fn try_collect<C: FromIterator<T>>(self) -> Result<C, E> {
        self.0.end_at(Result::is_err);
        self.collect()
    }
}

consumer!(impl Map<'env, R> of R);
