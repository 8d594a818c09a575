//! `AsCompleted`, the batch whose results come as they finish, and `Completion`, its item.

use crate::api::error::{CallError, Panic, Timeout};
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
use crate::batch::Start;
use crate::threads::crew::Crew;
use std::fmt;
use std::iter::FusedIterator;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// One [`Completion`] for each input, as the calls finish: nothing is lost, and one failed call spoils nothing.
///
/// Made by [`Pool::as_completed`] and by `#[concurrent]`'s `as_completed`. It starts, borrows, waits and is consumed
/// and dropped like [`Map`](crate::Map). A call that panics is a [`CallError::Panicked`] of its own input. A panic of
/// the input iterator is raised after the results of the inputs before it.
///
/// It takes inputs ahead of its consumer: up to 16 for each worker run, or have finished and wait to be read. Bound
/// them with [`buffer`](Self::buffer).
///
/// # Examples
///
/// ```
/// use pool_core::Pool;
///
/// let (mut numbers, mut errors) = (Vec::new(), Vec::new());
/// Pool::new(4).as_completed(["1", "x", "3"], |text| text.parse::<u8>()).for_each(|done| match done.result {
///     Ok(number) => numbers.push(number),
///     Err(error) => errors.push((done.input, error.to_string())),
/// });
/// numbers.sort();
/// assert_eq!(numbers, [1, 3]);
/// assert_eq!(errors, [("x", "invalid digit found in string".to_string())]);
/// ```
#[must_use = "a batch is lazy: nothing runs before it is started or consumed"]
pub struct AsCompleted<'env, I, T, E>(pub(crate) Handle<'env, Completion<I, T, E>>);

/// What became of one input.
///
/// # Examples
///
/// ```
/// let done = pool_core::Pool::new(1).as_completed(["7"], |text| text.parse::<u8>()).next().unwrap();
/// assert_eq!((done.index, done.input), (0, "7"));
/// assert_eq!(done.result.unwrap(), 7);
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct Completion<I, T, E> {
    /// The position of the input, from 0.
    pub index: usize,
    /// The input, handed back whatever happened. An annotated function that takes its input by value is given a clone.
    pub input: I,
    /// How long the call ran, without the wait for its input, for a worker, or for the consumer.
    pub elapsed: Duration,
    /// What the call returned, or how it failed.
    pub result: Result<T, CallError<E>>,
}

impl<I, T, E> Completion<I, T, E> {
    /// Returns what the call returned, or goes on with its panic, as [`Map`](crate::Map) does.
    ///
    /// `?` on it keeps the error's own chain, unlike `?` on a [`CallError`]. Where the input is still needed, write
    /// `done.result.map_err(CallError::into_error)?`.
    ///
    /// # Panics
    ///
    /// Panics with the call's own payload if the call panicked. The panic hook is not called again.
    ///
    /// # Errors
    ///
    /// Returns the error that the call returned.
    ///
    /// # Examples
    ///
    /// ```
    /// use pool_core::Pool;
    ///
    /// fn sum(texts: &[&str]) -> Result<u32, std::num::ParseIntError> {
    ///     Pool::new(2).as_completed(texts, |text| text.parse::<u32>()).scope(|results| {
    ///         results.map(|done| done.into_result()).sum()
    ///     })
    /// }
    /// assert_eq!(sum(&["1", "2"]), Ok(3));
    /// assert_eq!(sum(&["1", "x"]), Err("x".parse::<u32>().unwrap_err()));
    /// ```
    pub fn into_result(self) -> Result<T, E> {
        self.result.map_err(CallError::into_error)
    }
}

impl Pool {
    /// Runs `call` over the inputs. Each gives one [`Completion`](crate::Completion) as it finishes, which hands the
    /// input back.
    ///
    /// Nothing runs before the batch [starts](AsCompleted). Inputs, call and results may borrow, for `'env`.
    ///
    /// # Examples
    ///
    /// ```
    /// let pool = pool_core::Pool::new(4);
    /// let failed: Vec<&str> = pool
    ///     .as_completed(["1", "x"], |text| text.parse::<u8>())
    ///     .scope(|done| done.filter(|done| done.result.is_err()).map(|done| done.input).collect());
    /// assert_eq!(failed, ["x"]);
    /// ```
    pub fn as_completed<'env, In, T, E, F>(
        &self,
        inputs: In,
        call: F,
    ) -> AsCompleted<'env, In::Item, T, E>
    where
        In: IntoIterator,
        In::IntoIter: Send + 'env,
        In::Item: Send + 'env,
        T: Send + 'env,
        E: Send + 'env,
        F: Fn(&In::Item) -> Result<T, E> + Send + Sync + 'env,
    {
        AsCompleted::new(self.crew(), inputs.into_iter(), call)
    }
}

impl<'env, I, T, E> AsCompleted<'env, I, T, E>
where
    I: Send + 'env,
    T: Send + 'env,
    E: Send + 'env,
{
    pub(crate) fn new<It, F>(crew: Arc<Crew>, inputs: It, call: F) -> Self
    where
        It: Iterator<Item = I> + Send + 'env,
        F: Fn(&I) -> Result<T, E> + Send + Sync + 'env,
    {
        let site = Site::here();
        let call = move |at: At, input: I| {
            let timed = || {
                let begun = Instant::now();
                let outcome = unwind::catch(|| call(&input));
                (outcome, begun.elapsed())
            };
            let (outcome, elapsed) =
                site.run(at, timed).unwrap_or_else(|payload| (Err(payload), Duration::ZERO));
            let panicked = outcome.is_err();
            let result = match outcome {
                Ok(result) => result.map_err(CallError::Failed),
                Err(payload) => Err(CallError::Panicked(Panic::new(payload))),
            };
            (Ok(Completion { index: at.index, input, elapsed, result }), panicked)
        };
        Self(Handle::new(crew, inputs, call, Order::Completion))
    }
}

consumer!(impl AsCompleted<'env, I, T, E> of Completion<I, T, E>);
