//! The errors: `CallError` of a call, `Panic`, and `Timeout` of a wait.

use crate::base::unwind::Payload;
use std::error::Error;
use std::fmt;
use std::sync::Mutex;

/// Why a call of [`AsCompleted`](crate::AsCompleted) has no value.
///
/// **`?` on a `CallError` loses the chain of the error inside**: its causes, its context, its backtrace. A
/// `CallError<E>` is an [`Error`] for every `E` that can be shown, `String` and `anyhow::Error` included, so it has
/// no `source`. There is no `From` into `E`: in a function that returns the call's own error, `?` does not compile. Take
/// that error out before the `?`. Both ways go on with a panic of the call:
///
/// - `done.into_result()?`, with [`Completion::into_result`](crate::Completion::into_result);
/// - `done.result.map_err(CallError::into_error)?` where `done.input` is still needed, with
///   [`into_error`](Self::into_error).
///
/// Its `Display` is that of what is inside, flags included. Nothing is put before the message of the error.
///
/// # Examples
///
/// ```
/// use pool_core::{CallError, Pool};
///
/// let pool = Pool::new(2);
/// let mut numbers = pool.as_completed(["7", "seven"], |text| text.parse::<u8>()).collect::<Vec<_>>();
/// numbers.sort_by_key(|done| done.index);
///
/// let error: CallError<std::num::ParseIntError> = numbers.remove(1).result.unwrap_err();
/// assert_eq!(error.to_string(), "invalid digit found in string");
/// assert!(error.failed().is_some());
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum CallError<E> {
    /// The call returned this error.
    Failed(E),
    /// The call panicked.
    Panicked(Panic),
    /// The call took too long, and the batch [goes on without it](crate::AsCompleted::abandon_after).
    TimedOut,
}

impl<E> CallError<E> {
    /// Returns the error that the call returned, unless it panicked or timed out.
    ///
    /// # Examples
    ///
    /// ```
    /// let pool = pool_core::Pool::new(1);
    /// let done = pool.as_completed(["x"], |text| text.parse::<u8>()).next().unwrap();
    /// let error = done.result.unwrap_err();
    /// assert_eq!(error.failed(), "x".parse::<u8>().as_ref().err());
    /// ```
    pub fn failed(&self) -> Option<&E> {
        match self {
            Self::Failed(error) => Some(error),
            Self::Panicked(_) | Self::TimedOut => None,
        }
    }

    /// Returns the error that the call returned.
    ///
    /// # Errors
    ///
    /// Returns the [`Panic`] if it panicked. If it timed out, returns one that says so, since there is no error of the
    /// call either.
    ///
    /// # Examples
    ///
    /// ```
    /// let pool = pool_core::Pool::new(1);
    /// let mut done = pool.as_completed([1, 0], |n| if *n > 0 { Err("odd") } else { panic!("zero") });
    /// let mut next = || -> Result<(), _> { done.next().unwrap().result };
    /// assert_eq!(next().unwrap_err().into_failed().unwrap(), "odd");
    /// assert_eq!(next().unwrap_err().into_failed().unwrap_err().message(), "zero");
    /// ```
    pub fn into_failed(self) -> Result<E, Panic> {
        match self {
            Self::Failed(error) => Ok(error),
            Self::Panicked(panic) => Err(panic),
            Self::TimedOut => Err(Panic::new(Box::new(TIMED_OUT))),
        }
    }

    /// Returns the error that the call returned, or goes on with its panic.
    ///
    /// This keeps the error's own chain where `?` on a `CallError` would lose it, and leaves the other fields of the
    /// [`Completion`](crate::Completion) in place. [`Completion::into_result`](crate::Completion::into_result) is
    /// shorter where they are not needed.
    ///
    /// # Panics
    ///
    /// Panics with the call's own payload if the call panicked. The panic hook is not called again. Panics, too, if the
    /// call [timed out](Self::TimedOut): then there is no error of its own.
    ///
    /// # Examples
    ///
    /// ```
    /// use pool_core::{CallError, Pool};
    /// use std::num::ParseIntError;
    ///
    /// fn parse(texts: &[&'static str]) -> Result<Vec<(&'static str, u8)>, ParseIntError> {
    ///     let mut numbers = Vec::new();
    ///     for done in Pool::new(2).as_completed(texts.to_vec(), |text| text.parse()) {
    ///         let number = done.result.map_err(CallError::into_error)?;
    ///         numbers.push((done.input, number));
    ///     }
    ///     Ok(numbers)
    /// }
    /// assert_eq!(parse(&["7"]), Ok(vec![("7", 7)]));
    /// assert!(parse(&["7", "seven"]).is_err());
    /// ```
    pub fn into_error(self) -> E {
        match self {
            Self::Failed(error) => error,
            Self::Panicked(panic) => panic.resume(),
            Self::TimedOut => panic!("{TIMED_OUT}"),
        }
    }
}

/// What is said of a call that the batch has gone on without.
const TIMED_OUT: &str = "the call took longer than `abandon_after` allows";

impl<E: fmt::Display> fmt::Display for CallError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(error) => error.fmt(f),
            Self::Panicked(panic) => panic.fmt(f),
            Self::TimedOut => f.pad(TIMED_OUT),
        }
    }
}

// There is no `source`: what is inside is shown by `Display` already, and it need not be an `Error` (a `String` is
// none).
impl<E: fmt::Debug + fmt::Display> Error for CallError<E> {}

/// A panic of a call, kept. It can be shown, looked into, and raised again.
///
/// # Examples
///
/// ```
/// let task = pool_core::Pool::new(1).submit(|| -> u8 { panic!("out of {}", "paper") });
/// assert_eq!(task.join().unwrap_err().message(), "out of paper");
/// ```
pub struct Panic {
    message: Option<String>,
    /// The lock makes a payload that is only `Send` shareable. It is never contended: nothing looks at the payload
    /// through it.
    payload: Mutex<Payload>,
}

impl Panic {
    pub(crate) fn new(payload: Payload) -> Self {
        let message = match payload.downcast_ref::<&'static str>() {
            Some(text) => Some((*text).to_owned()),
            None => payload.downcast_ref::<String>().cloned(),
        };
        Self { message, payload: Mutex::new(payload) }
    }

    /// Returns what the panic said: the text given to `panic!`, or a stand-in for a payload that is not text.
    ///
    /// # Examples
    ///
    /// ```
    /// let pool = pool_core::Pool::new(1);
    /// let panic = pool.submit(|| -> u8 { std::panic::panic_any(404) }).join().unwrap_err();
    /// assert_eq!(panic.message(), "the call panicked with a payload that is not text");
    /// ```
    pub fn message(&self) -> &str {
        self.message.as_deref().unwrap_or("the call panicked with a payload that is not text")
    }

    /// Returns what the panic was raised with, as [`std::panic::catch_unwind`] does.
    ///
    /// # Examples
    ///
    /// ```
    /// let pool = pool_core::Pool::new(1);
    /// let panic = pool.submit(|| -> u8 { std::panic::panic_any(404) }).join().unwrap_err();
    /// assert_eq!(panic.into_payload().downcast_ref(), Some(&404));
    /// ```
    pub fn into_payload(self) -> Box<dyn std::any::Any + Send + 'static> {
        self.payload.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Goes on with the panic on the current thread, without calling the panic hook again.
    ///
    /// # Panics
    ///
    /// Always.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::panic::{AssertUnwindSafe, catch_unwind};
    ///
    /// let panic = pool_core::Pool::new(1).submit(|| -> u8 { panic!("out of paper") }).join().unwrap_err();
    /// let payload = catch_unwind(AssertUnwindSafe(|| panic.resume())).unwrap_err();
    /// assert_eq!(payload.downcast_ref(), Some(&"out of paper"));
    /// ```
    pub fn resume(self) -> ! {
        std::panic::resume_unwind(self.into_payload())
    }
}

impl fmt::Debug for Panic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Panic").field(&self.message()).finish()
    }
}

impl fmt::Display for Panic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.message())
    }
}

impl Error for Panic {}

/// The next result is not there yet.
///
/// Returned by [`Map::next_timeout`](crate::Map::next_timeout) and its like on [`AsCompleted`](crate::AsCompleted) and
/// [`Results`](crate::Results). Nothing is lost: ask again.
///
/// # Examples
///
/// ```
/// use pool_core::{Pool, Timeout};
/// use std::{sync::mpsc, time::Duration};
///
/// let (open, gate) = mpsc::channel();
/// let mut batch = Pool::new(1).map([gate], |gate| gate.recv());
/// assert_eq!(batch.next_timeout(Duration::ZERO), Err(Timeout));
/// open.send(5).unwrap();
/// assert_eq!(batch.next_timeout(Duration::MAX), Ok(Some(Ok(5))));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timeout;

impl fmt::Display for Timeout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad("the next result is not there yet")
    }
}

impl Error for Timeout {}
