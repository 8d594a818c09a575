//! [`Service`]: a function as a worker serves it.

use crate::api::error::Panic;
#[cfg(feature = "redis")]
use crate::api::pool::Pool;
use crate::fleet::frame::Answer;
use crate::fleet::function::{self, Function, Returns as _};
use crate::fleet::inputs::Parameters as _;
use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, RefUnwindSafe, UnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};

/// A function that workers serve, with what makes its state.
///
/// Made by `service` beside a function with `#[concurrent(fleet)]`: `download::service()`, or
/// `download::service(|| Ok(Agent::new()))` where the function has a `#[worker]` parameter. Services of different
/// functions have one type, so that one list holds all: see [`Worker::serve`](crate::fleet::Worker::serve).
///
/// A worker makes a state when a call needs one, and keeps it for the next call. A state that cannot be made fails the
/// call, and the next call tries again. A call that panics drops its state.
///
/// # Examples
///
/// ```
/// # #[cfg(feature = "macros")] {
/// use pool_core::{Service, concurrent};
/// use std::collections::HashMap;
///
/// #[concurrent(fleet = "count")]
/// fn count(#[worker] seen: &mut HashMap<String, u32>, word: &str) -> u32 {
///     let count = seen.entry(word.to_owned()).or_default();
///     *count += 1;
///     *count
/// }
///
/// let service: Service = count::service(HashMap::new);
/// assert_eq!(service.name(), "count");
/// # }
/// ```
pub struct Service {
    name: &'static str,
    #[cfg(feature = "redis")]
    pool: fn() -> &'static Pool,
    answer: Box<Run>,
}

/// A call with the inputs as they arrive.
type Run = dyn Fn(&[u8]) -> Answer + Send + Sync;

impl Service {
    /// The service of a function whose states come from `init`.
    pub(crate) fn new<F: Function>(
        init: impl Fn() -> Result<F::State, function::Failure<F>> + Send + Sync + 'static,
    ) -> Self {
        // The states that no call uses at this moment.
        let free = Mutex::new(Vec::new());
        let answer = move |inputs: &[u8]| {
            let inputs = match caught(|| F::Parameters::decode(inputs)) {
                Ok(Ok(inputs)) => inputs,
                Ok(Err(what)) => {
                    let expected = F::Parameters::type_names();
                    return Answer::Undecodable(format!("{what}; the worker expects {expected}"));
                }
                Err(message) => return Answer::Panicked(message),
            };
            let kept = lock(&free).pop();
            let state = match kept.map_or_else(|| caught(&init), |state| Ok(Ok(state))) {
                Ok(state) => state,
                Err(message) => return Answer::Panicked(message),
            };
            let mut state = match state {
                Ok(state) => state,
                Err(error) => return answer_of::<F>(Err(error)),
            };
            match caught(|| F::call(&mut state, inputs).into_result()) {
                Ok(result) => {
                    lock(&free).push(state);
                    answer_of::<F>(result)
                }
                Err(message) => {
                    // It may be half changed. What its `Drop` panics with is told by the hook.
                    let _ = caught(|| drop(state));
                    Answer::Panicked(message)
                }
            }
        };
        Self {
            name: F::NAME,
            #[cfg(feature = "redis")]
            pool: F::pool,
            answer: Box::new(answer),
        }
    }

    /// Returns what callers call the function.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(feature = "macros")] {
    /// #[pool_core::concurrent(fleet = "square")]
    /// fn square(n: u64) -> u64 { n * n }
    ///
    /// assert_eq!(square::service().name(), "square");
    /// # }
    /// ```
    pub fn name(&self) -> &str {
        self.name
    }

    /// The pool that calls run on where a worker runs several.
    #[cfg(feature = "redis")]
    pub(super) fn pool(&self) -> &'static Pool {
        (self.pool)()
    }

    /// Runs one call.
    pub(super) fn answer(&self, inputs: &[u8]) -> Answer {
        (self.answer)(inputs)
    }
}

// A state that a call has left half changed by a panic is dropped.
impl UnwindSafe for Service {}
impl RefUnwindSafe for Service {}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Service").field("name", &self.name).finish_non_exhaustive()
    }
}

/// The answer to a call that returned. Writing it runs code of the user, too.
fn answer_of<F: Function>(result: Result<function::Value<F>, function::Failure<F>>) -> Answer {
    caught(|| function::answer::<F::Output>(result)).unwrap_or_else(Answer::Panicked)
}

/// What code of the user returned, or the message of its panic.
fn caught<R>(code: impl FnOnce() -> R) -> Result<R, String> {
    catch_unwind(AssertUnwindSafe(code)).map_err(|payload: Box<dyn Any + Send>| {
        let panic = Panic::new(payload);
        let message = panic.message().to_owned();
        // A payload may panic in its own `Drop`.
        let _ = catch_unwind(AssertUnwindSafe(|| drop(panic))).map_err(std::mem::forget);
        message
    })
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
