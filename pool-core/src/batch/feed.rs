//! [`Feed`]: inputs that are pushed while their batch runs.
//!
//! # The end
//!
//! A feed that is dry is no end: calls that run, or the consumer, may push more. It ends when nobody can any more:
//!
//! - The consumer asks for a result, so it has dealt with all that it got.
//! - No result is there, no call runs, and no thread is inside [`next`](crate::batch::inputs::Inputs::next).
//! - The queue is empty.
//!
//! The consumer finds all three in one section of the batch, which ends the inputs. A push is a section, too.
//!
//! - Either the push comes first: then the queue is not empty, and the feed goes on.
//! - Or it comes after: then it gives its input back.
//!
//! # No input is left
//!
//! A thread that pushes to a batch that has started enters a section of it. If the batch takes no further input, it
//! gets its own back. If not, it puts the input into the queue, and the section ends as any that makes `can` true. No
//! thread waits inside the inputs, so a dry feed holds no permit.

use crate::base::sync::{Mutex, seeded};
use crate::base::unwind::Panics;
use crate::batch::inputs::{self, Listener};
use std::collections::VecDeque;
use std::fmt;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::Arc;

/// Inputs that come while their batch runs: the results of a crawl or of a walk feed it with what they have found.
///
/// Its [`inputs`](Self::inputs) go to one batch, `as_completed`. The batch ends by itself when the queue is empty, no
/// call runs, and the consumer asks for the next completion. Until then inputs can be pushed from the consumer's loop,
/// from calls and from other threads. The queue has no bound: it holds what was pushed and not yet taken.
///
/// A clone feeds the same batch. A feed can be dropped at any time.
///
/// # Examples
///
/// ```
/// use pool_core::{Feed, Pool};
///
/// // Walks a tree in which the children of n are 2n and 2n + 1.
/// let feed = Feed::from([1]);
/// let mut seen = Vec::new();
/// Pool::new(4).as_completed(feed.inputs(), |n: &u32| Ok::<_, ()>([2 * n, 2 * n + 1])).for_each(|done| {
///     seen.push(done.input);
///     for child in done.into_result().unwrap() {
///         if child < 100 {
///             feed.push(child).unwrap();
///         }
///     }
/// });
/// seen.sort();
/// assert_eq!(seen, Vec::from_iter(1..100));
/// ```
///
/// A batch in the order of the inputs takes no feed: `map` does not compile with one.
///
/// ```compile_fail,E0277
/// let feed = pool_core::Feed::from([1]);
/// let _ = pool_core::Pool::new(1).map(feed.inputs(), |n| n);
/// ```
pub struct Feed<I>(Arc<Mutex<Queue<I>>>);

struct Queue<I> {
    inputs: VecDeque<I>,
    /// The batch, once it has started.
    batch: Option<Listener>,
    handed_out: bool,
    closed: bool,
}

impl<I> Queue<I> {
    /// Takes the input in, unless the queue is closed.
    fn put(&mut self, input: &mut Option<I>) {
        if !self.closed {
            self.inputs.extend(input.take());
        }
    }
}

impl<I> Feed<I> {
    /// Makes a feed without inputs.
    ///
    /// # Examples
    ///
    /// ```
    /// let feed = pool_core::Feed::new();
    /// feed.push("https://example.org").unwrap();
    /// ```
    pub fn new() -> Self {
        Self::from_iter([])
    }

    /// Hands out the inputs, for one batch: `fetch::as_completed(feed.inputs())`.
    ///
    /// # Panics
    ///
    /// Panics the second time.
    ///
    /// # Examples
    ///
    /// ```
    /// let feed = pool_core::Feed::from(["a", "b"]);
    /// let batch = pool_core::Pool::new(2).as_completed(feed.inputs(), |name| Ok::<_, ()>(name.len()));
    /// assert_eq!(batch.count(), 2);
    /// ```
    #[track_caller]
    pub fn inputs(&self) -> Inputs<I> {
        let again = std::mem::replace(&mut self.0.lock().handed_out, true);
        assert!(
            !again,
            "the inputs of a feed go to one batch, and were handed out before; make another `Feed`"
        );
        Inputs(Arc::clone(&self.0))
    }

    /// Adds an input, after those that wait. Does not block.
    ///
    /// # Errors
    ///
    /// Gives the input back if the batch has ended: it was stopped or dropped, or all that it had taken was dealt with.
    /// Another thread must expect this. The consumer and the calls need not, unless the batch is stopped: it does not
    /// end by itself before they are done.
    ///
    /// # Examples
    ///
    /// ```
    /// let (pool, feed) = (pool_core::Pool::new(1), pool_core::Feed::from([3]));
    /// let countdown = pool.as_completed(feed.inputs(), |n: &u32| n.checked_sub(1).ok_or("lift-off"));
    /// countdown.for_each(|done| match done.result {
    ///     Ok(n) => feed.push(n).unwrap(),
    ///     Err(end) => assert_eq!(end.to_string(), "lift-off"),
    /// });
    /// assert_eq!(feed.push(7), Err(7));
    /// ```
    pub fn push(&self, input: I) -> Result<(), I> {
        let mut input = Some(input);
        let mut queue = self.0.lock();
        match queue.batch.clone() {
            Some(Listener(batch)) => {
                drop(queue);
                seeded!("push-tells-nobody" => { self.0.lock().put(&mut input); return Ok(()) });
                batch.feed(&mut || self.0.lock().put(&mut input));
            }
            None => queue.put(&mut input),
        }
        input.map_or(Ok(()), Err)
    }
}

impl<I> FromIterator<I> for Feed<I> {
    fn from_iter<It: IntoIterator<Item = I>>(inputs: It) -> Self {
        let inputs = inputs.into_iter().collect();
        Self(Arc::new(Mutex::new(Queue { inputs, batch: None, handed_out: false, closed: false })))
    }
}

impl<I, const N: usize> From<[I; N]> for Feed<I> {
    fn from(inputs: [I; N]) -> Self {
        Self::from_iter(inputs)
    }
}

impl<I> From<Vec<I>> for Feed<I> {
    fn from(inputs: Vec<I>) -> Self {
        Self::from_iter(inputs)
    }
}

impl<I> Default for Feed<I> {
    fn default() -> Self {
        Self::new()
    }
}

impl<I> Clone for Feed<I> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

// No code of the user runs under the lock.
impl<I> UnwindSafe for Feed<I> {}
impl<I> RefUnwindSafe for Feed<I> {}

impl<I> fmt::Debug for Feed<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let queue = self.0.lock();
        let (waiting, closed) = (queue.inputs.len(), queue.closed);
        drop(queue);
        f.debug_struct("Feed").field("waiting", &waiting).field("closed", &closed).finish()
    }
}

/// The inputs of a [`Feed`], for one batch. Made by [`Feed::inputs`].
///
/// Dropping them, or their batch, closes the feed.
#[must_use = "the inputs go to `as_completed`; dropping them closes the feed"]
pub struct Inputs<I>(Arc<Mutex<Queue<I>>>);

impl<I: Send> inputs::Inputs for Inputs<I> {
    type Item = I;

    const GROW: bool = true;

    fn next(&mut self) -> Option<I> {
        self.0.lock().inputs.pop_front()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.0.lock().inputs.len(), None)
    }

    fn connect(&self, batch: impl FnOnce() -> Listener) {
        self.0.lock().batch = Some(batch());
    }

    fn is_dry(&self) -> bool {
        self.0.lock().inputs.is_empty()
    }
}

impl<I> Drop for Inputs<I> {
    fn drop(&mut self) {
        let mut queue = self.0.lock();
        queue.closed = true;
        let (left, batch) = (std::mem::take(&mut queue.inputs), queue.batch.take());
        drop(queue);
        drop(batch);
        let mut panics = Panics::default();
        panics.drop_each(left);
        panics.raise();
    }
}

impl<I> UnwindSafe for Inputs<I> {}
impl<I> RefUnwindSafe for Inputs<I> {}

impl<I> fmt::Debug for Inputs<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inputs").finish_non_exhaustive()
    }
}
