//! `ResultStream` and the `Future` of `Task`: batches and tasks for async code, which can neither block nor run calls
//! itself.
//!
//! # No result is missed
//!
//! 1. A consumer that **polls** and finds nothing registers a waker in the critical section in which it found nothing.
//! 2. If a waker has to be cloned for that, the consumer clones it outside the lock, since `clone` is code of the
//!    executor. Then it asks the batch again.
//! 3. A thread that **files** a result takes the waker out in its own critical section, and wakes it after.
//!
//! Either the filing comes before the section that registers: then that section finds the result and registers nothing.
//! Or it comes after: then it finds the waker. A registered waker that would wake the same task stays. Any other is
//! replaced.

use crate::api::as_completed::{AsCompleted, Completion};
use crate::api::error::Panic;
use crate::api::map::Map;
use crate::api::task::{TAKEN, Task, TaskGuard};
use crate::batch::Handle;
use crate::batch::{Ask, Outcome, Polled, Start};
use crate::nesting::waiter::Waiter;
use futures_core::{FusedFuture, FusedStream, Stream};
use std::fmt;
use std::future::Future;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// The results of a batch as an async stream, for any executor.
///
/// Made by [`Map::into_stream`] and [`AsCompleted::into_stream`]; `T` is what the batch's iterator would yield. The
/// calls run on the threads of the pool, never in the executor. The first poll starts the batch. A poll takes a lock
/// for a moment and does not block. Its task is woken when the next result is there, and not before. For a task that
/// takes results slowly the batch holds as many as its `buffer` allows.
///
/// Dropping it stops the batch, as dropping the batch does: when an async task is dropped, or a client goes away, no
/// further call is started. The calls that run finish in the background and can ask
/// [`is_cancelled`](crate::is_cancelled).
///
/// # Panics
///
/// Polling goes on with a panic of the input iterator and, from [`Map`], with that of a call. It panics, too, if no
/// thread is left in the pool and none can be started. A blocking consumer would run the calls itself then, but an
/// executor's thread must not block, and neither kind of item has room for an error that belongs to no input. No
/// input that was taken is lost by that. After a panic the stream has ended.
///
/// # Deadlocks
///
/// A call that blocks on a stream of its own pool (`block_on`) still counts against the cap, unlike a call that waits
/// for the batch itself.
///
/// # Examples
///
/// ```
/// use futures_lite::{StreamExt, future::block_on};
/// use pool_core::{Pool, ResultStream};
///
/// let pool = Pool::new(4);
/// let mut squares: ResultStream<u32> = pool.map(1..=3, |n| n * n).into_stream();
/// block_on(async {
///     assert_eq!(squares.next().await, Some(1));
///     assert_eq!(squares.collect::<Vec<_>>().await, [4, 9]);
/// });
/// ```
#[must_use = "a batch is lazy: nothing runs before the stream is polled"]
pub struct ResultStream<T>(
    /// `None` once the stream has ended.
    Option<Handle<'static, T>>,
);

impl<R> Map<'static, R> {
    /// Makes an async stream of the batch, with the results in the order of the inputs.
    ///
    /// # Examples
    ///
    /// ```
    /// use futures_lite::{StreamExt, future::block_on};
    ///
    /// let lengths = pool_core::Pool::new(4).map(["a", "bb"], str::len).into_stream();
    /// assert_eq!(block_on(lengths.collect::<Vec<_>>()), [1, 2]);
    /// ```
    pub fn into_stream(self) -> ResultStream<R> {
        ResultStream(Some(self.0))
    }
}

impl<I, T, E> AsCompleted<'static, I, T, E> {
    /// Makes an async stream of the batch, with one [`Completion`] for each input, as they finish.
    ///
    /// # Examples
    ///
    /// ```
    /// use futures_lite::{StreamExt, future::block_on};
    ///
    /// let mut numbers = pool_core::Pool::new(4).as_completed(["1", "x"], |text| text.parse::<u8>()).into_stream();
    /// block_on(async {
    ///     while let Some(done) = numbers.next().await {
    ///         assert_eq!(done.result.is_ok(), done.input == "1");
    ///     }
    /// });
    /// ```
    pub fn into_stream(self) -> ResultStream<Completion<I, T, E>> {
        ResultStream(Some(self.0))
    }
}

impl<T> Stream for ResultStream<T> {
    type Item = T;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        let Some(handle) = &mut self.0 else { return Poll::Ready(None) };
        let found = ready!(poll(handle, cx));
        if let Found::Outcome(Ok(result)) = found {
            return Poll::Ready(Some(result));
        }
        // Nothing is left of the batch when the stream yields the end.
        self.0 = None;
        match found {
            Found::Outcome(Err(payload)) => std::panic::resume_unwind(payload),
            Found::NoThread(pool) => panic!("{}", no_thread(pool)),
            Found::Outcome(Ok(_)) | Found::End => Poll::Ready(None),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.as_ref().map_or((0, Some(0)), Handle::size_hint)
    }
}

impl<T> FusedStream for ResultStream<T> {
    fn is_terminated(&self) -> bool {
        self.0.is_none()
    }
}

// No result is ever pinned in place.
impl<T> Unpin for ResultStream<T> {}

// As for the batch that it is made of.
impl<T> UnwindSafe for ResultStream<T> {}
impl<T> RefUnwindSafe for ResultStream<T> {}

impl<T> fmt::Debug for ResultStream<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResultStream").field("ended", &self.0.is_none()).finish_non_exhaustive()
    }
}

/// Waits for the call to end, in async code. A future that is dropped lets the call run on.
///
/// The output is that of [`join`](Task::join), and also a [`Panic`] if the call could not run because no thread could
/// be started.
///
/// # Panics
///
/// Panics if it is polled again after it was ready.
///
/// # Examples
///
/// ```
/// let task = pool_core::Pool::new(2).submit(|| 6 * 7);
/// assert_eq!(futures_lite::future::block_on(task).unwrap(), 42);
/// ```
impl<R> Future for Task<R> {
    type Output = Result<R, Panic>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let found = ready!(poll(self.0.as_mut().expect(TAKEN), cx));
        self.0 = None;
        Poll::Ready(match found {
            Found::Outcome(outcome) => outcome.and_then(|result| result).map_err(Panic::new),
            Found::NoThread(pool) => Err(Panic::new(Box::new(no_thread(pool)))),
            Found::End => unreachable!("a task has one result"),
        })
    }
}

impl<R> FusedFuture for Task<R> {
    fn is_terminated(&self) -> bool {
        self.0.is_none()
    }
}

impl<R> Unpin for Task<R> {}

/// Waits for the call to end, as the [`Task`] does. A future that is dropped before cancels the call.
///
/// # Panics
///
/// Panics if it is polled again after it was ready.
///
/// # Examples
///
/// ```
/// use futures_lite::{StreamExt, future::block_on, stream};
///
/// let pool = pool_core::Pool::new(4);
/// // The calls of a stream that is dropped are cancelled with it.
/// let calls = stream::iter(1..=3).then(|n| pool.submit(move || n * n).cancel_on_drop());
/// assert_eq!(block_on(calls.map(Result::unwrap).collect::<Vec<_>>()), [1, 4, 9]);
/// ```
impl<R> Future for TaskGuard<R> {
    type Output = Result<R, Panic>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(self.0.as_mut().expect(TAKEN)).poll(cx)
    }
}

impl<R> FusedFuture for TaskGuard<R> {
    fn is_terminated(&self) -> bool {
        self.0.as_ref().is_none_or(Task::is_terminated)
    }
}

impl<R> Unpin for TaskGuard<R> {}

/// What a poll comes back with, unless it has to come again.
enum Found<T> {
    Outcome(Outcome<T>),
    End,
    /// The pool of this name has no thread.
    NoThread(&'static str),
}

fn no_thread(pool: &str) -> String {
    format!(
        "no thread can be started for the pool `{pool}`, and async code cannot run the call itself"
    )
}

/// Asks for the next result. If there is none yet, the waker of `cx` is registered.
fn poll<T>(handle: &mut Handle<'static, T>, cx: &Context<'_>) -> Poll<Found<T>> {
    handle.start(Start::Ahead);
    let waker = cx.waker();
    let mut clone = None;
    loop {
        let mut registered = true;
        let mut register = |place: &mut Option<Waiter>| match place {
            Some(Waiter::Future(there)) if there.will_wake(waker) => None,
            _ if clone.is_some() => std::mem::replace(place, clone.take().map(Waiter::Future)),
            _ => {
                registered = false;
                None
            }
        };
        let mut consumer = handle.consumer();
        let ask = Ask { closed: false, eager: false, may_help: false, call: None, patient: false };
        match consumer.poll(&ask, &mut register) {
            Polled::Fetched => {
                consumer.lot.refused = false;
                return Poll::Ready(consumer.fetched().map_or(Found::End, Found::Outcome));
            }
            Polled::Ended(None) => return Poll::Ready(Found::End),
            Polled::Ended(Some(payload)) => return Poll::Ready(Found::Outcome(Err(payload))),
            // The refusal may be an old one. A second one is final. It may come later, from a thread that started and
            // could not run.
            Polled::Unserved if !consumer.lot.refused => {
                consumer.lot.refused = true;
                consumer.crew.summon();
            }
            Polled::Unserved if consumer.crew.threads() == 0 => {
                return Poll::Ready(Found::NoThread(consumer.crew.name()));
            }
            // A thread that lives will come to the batch: it is asked again, to register.
            Polled::Unserved => {}
            Polled::Pending { look, .. } if registered => {
                if look.is_some() && !consumer.source.start_clock() {
                    return Poll::Ready(Found::NoThread(consumer.crew.name()));
                }
                return Poll::Pending;
            }
            Polled::Pending { .. } => clone = Some(waker.clone()),
            Polled::LeftToOverdue => consumer.source.find_end(),
            Polled::Help => unreachable!("no help was offered"),
        }
    }
}
