//! `Results`, which a closure takes from a batch that may borrow.

use crate::api::error::Timeout;
use crate::base::sync;
use crate::batch::{Consumer, Late};
use std::fmt;
use std::iter::FusedIterator;
use std::time::Duration;

/// The results of a batch that may borrow, as an iterator that cannot leave the closure it is lent to.
///
/// Made by [`Map::scope`](crate::Map::scope) and [`AsCompleted::scope`](crate::AsCompleted::scope). `next` blocks
/// until a result is there.
///
/// # Panics
///
/// `next` goes on with a panic of the input iterator and, from [`Map`](crate::Map), with that of a call.
///
/// # Examples
///
/// ```
/// use pool_core::Pool;
///
/// let words = vec![String::from("to"), String::from("wait")];
/// let longest = Pool::new(2).map(&words, |word| word.len()).scope(|results| results.max());
/// assert_eq!(longest, Some(4));
/// ```
#[must_use = "iterators are lazy"]
pub struct Results<'a, T> {
    consumer: Consumer<'a, T>,
    eager: bool,
}

impl<'a, T> Results<'a, T> {
    /// The results for a loop, in which one result may be what the input iterator waits for.
    pub(crate) fn one_by_one(consumer: Consumer<'a, T>) -> Self {
        Self { consumer, eager: false }
    }

    /// The results for a consumer that only gathers them. Waits for the first ones before any code of the user runs:
    /// [`Start::Gathers`](crate::batch::Start::Gathers) relies on it.
    pub(crate) fn all(mut consumer: Consumer<'a, T>) -> Self {
        // Without a deadline nothing is ever too late.
        let _ = consumer.fetch(true, None);
        Self { consumer, eager: true }
    }

    /// Waits at most `wait` for the next result; `Ok(None)` is the end.
    ///
    /// A wait of zero takes what is there; one of `Duration::MAX` is for ever. Inside a call of the batch's own pool
    /// the wait may take an input of the batch and run it. Then it lasts at least as long as that input and its call
    /// do.
    ///
    /// # Panics
    ///
    /// As `next` does.
    ///
    /// # Errors
    ///
    /// Returns [`Timeout`] if none is there by then. Nothing is lost: ask again.
    ///
    /// # Deadlocks
    ///
    /// As for [`Map::next_timeout`](crate::Map::next_timeout): inside a call, a loop over waits of zero makes way for
    /// no other call.
    ///
    /// # Examples
    ///
    /// ```
    /// use pool_core::Pool;
    /// use std::time::Duration;
    ///
    /// let total = Pool::new(2).map([1, 2], |n| n).scope(|results| {
    ///     let mut total = 0;
    ///     while let Some(n) = results.next_timeout(Duration::from_secs(60))? {
    ///         total += n;
    ///     }
    ///     Ok::<_, pool_core::Timeout>(total)
    /// });
    /// assert_eq!(total, Ok(3));
    /// ```
    pub fn next_timeout(&mut self, wait: Duration) -> Result<Option<T>, Timeout> {
        self.consumer.next(self.eager, sync::after(wait)).map_err(|Late| Timeout)
    }
}

impl<T> Iterator for Results<'_, T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        self.consumer.next(self.eager, None).unwrap_or(None)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let (lower, upper) = self.consumer.size_hint();
        // A collection may reserve room for as many as the inputs claim to be.
        (if self.eager { lower.min(modest::<T>()) } else { lower }, upper)
    }
}

impl<T> FusedIterator for Results<'_, T> {}

impl<T> fmt::Debug for Results<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Results").finish_non_exhaustive()
    }
}

/// How many results are worth room before they are there: 16 MiB of them.
fn modest<T>() -> usize {
    (16 << 20) / size_of::<T>().max(1)
}
