//! The errors: [`RemoteError`] of a call, and [`FleetError`], which is the fleet's own.

use std::error::Error;
use std::fmt;

/// Why a call on a fleet's worker has no value.
///
/// The function's errors and the fleet's never mix. A panic of the function is neither: it is a
/// [`CallError::Panicked`](crate::CallError::Panicked) of `as_completed`, and goes on in `map`, as for any call.
///
/// Its `Display` is that of what is inside.
///
/// # Examples
///
/// ```
/// use pool_core::{FleetError, RemoteError};
///
/// fn again<E>(error: &RemoteError<E>) -> bool {
///     matches!(error, RemoteError::Lost(FleetError::Crashed(_)))
/// }
/// let crashed = RemoteError::<String>::Lost(FleetError::Crashed("signal: 11 (SIGSEGV)".into()));
/// assert!(again(&crashed));
/// assert_eq!(crashed.to_string(), "the worker ended during the call: signal: 11 (SIGSEGV)");
/// assert!(!again(&RemoteError::Failed("not found")));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RemoteError<E> {
    /// The function returned this error.
    Failed(E),
    /// The fleet could not get a result.
    Lost(FleetError),
}

impl<E: fmt::Display> fmt::Display for RemoteError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(error) => error.fmt(f),
            Self::Lost(error) => error.fmt(f),
        }
    }
}

// As for a `CallError`: what is inside is shown already, and it need not be an `Error`.
impl<E: fmt::Debug + fmt::Display> Error for RemoteError<E> {}

impl<E> From<FleetError> for RemoteError<E> {
    fn from(error: FleetError) -> Self {
        Self::Lost(error)
    }
}

/// What went wrong between a caller and a fleet's workers.
///
/// # Examples
///
/// ```
/// use pool_core::{Fleet, FleetError};
///
/// let none = Fleet::from_env()?.serve([]).run();
/// assert_eq!(none, Ok(())); // No worker: this process goes on.
/// # Ok::<(), FleetError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum FleetError {
    /// The worker's process ended during the call: it crashed, was killed, or called `exit`. The text says how.
    Crashed(String),
    /// The call took longer than its time limit. Its process was ended.
    TimedOut,
    /// The batch was stopped or dropped before the call began.
    Cancelled,
    /// The call was given up after five workers had it and did not report: it is a dead letter.
    #[cfg(feature = "redis")]
    Dead,
    /// The server refuses what the fleet asks, or cannot be reached where nothing waits for it. The text says why.
    #[cfg(feature = "redis")]
    Server(String),
    /// No worker could be started, or it ended before it served. The text says why.
    NotStarted(String),
    /// The worker serves no function of this name.
    NotServed(String),
    /// An input or a result cannot be put into the format. The text is serde's.
    Encoding(String),
    /// An input or a result cannot be read: its type is another one at the other end. The text is serde's, with the
    /// names of the types.
    Decoding(String),
    /// Two services have this name: write `fleet = "another name"` on one of the functions.
    ServedTwice(String),
    /// This process was started as a worker, and its `main` does not begin with
    /// [`Fleet::from_env`](crate::Fleet::from_env).
    NotServing,
}

impl fmt::Display for FleetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Crashed(how) => write!(f, "the worker ended during the call: {how}"),
            Self::TimedOut => {
                f.pad("the call took longer than its time limit, and its worker was ended")
            }
            Self::Cancelled => f.pad("the batch was stopped before the call began"),
            #[cfg(feature = "redis")]
            Self::Dead => f.pad("five workers had the call and did not report, so it was given up"),
            #[cfg(feature = "redis")]
            Self::Server(why) => write!(f, "the server of the fleet: {why}"),
            Self::NotStarted(why) => write!(f, "no worker can be started: {why}"),
            Self::NotServed(name) => {
                write!(f, "no worker serves `{name}`; add its service to `serve([…])`")
            }
            Self::Encoding(what) => write!(f, "the value cannot travel: {what}"),
            Self::Decoding(what) => write!(f, "what arrived is not of the expected type: {what}"),
            Self::ServedTwice(name) => {
                write!(
                    f,
                    "two services are called `{name}`; give one of them a name: `fleet = \"…\"`"
                )
            }
            Self::NotServing => f.pad(
                "this process is a worker that does not serve; begin `main` with \
                 `Fleet::from_env()?.serve([…]).run()?`",
            ),
        }
    }
}

impl Error for FleetError {}
