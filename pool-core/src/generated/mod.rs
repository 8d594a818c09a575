//! The functions that generated code calls. No other code may use them: all of this may change in any release.

mod signature;

pub use self::signature::{Anything, Fallible, HandedBack, Named, Returned, Shared};
pub use crate::api::as_completed::AsCompleted;
pub use crate::api::lend::Lend;
pub use crate::api::map::Map;
pub use crate::api::pool::Pool;
pub use crate::api::task::Task;
pub use ::{core, std};

use crate::base::config::Config;
use std::convert::Infallible;
use std::time::Duration;

/// The pool behind one function.
///
/// It tracks its caller, so that the compiler reports a wrong number at the place where the user wrote it.
#[track_caller]
pub const fn pool(
    name: &'static str,
    max_workers: Option<usize>,
    keep_alive: Option<Duration>,
    stack_size: Option<usize>,
) -> Pool {
    let mut config = Config::new().with_name(name);
    if let Some(max_workers) = max_workers {
        config = config.with_max_workers(max_workers);
    }
    if let Some(keep_alive) = keep_alive {
        config.keep_alive = keep_alive;
    }
    config.stack_size = stack_size;
    Pool::with(config)
}

/// Makes the batch of a function that owns an input.
pub fn map<'env, In, R, F>(pool: &Pool, inputs: In, call: F) -> Map<'env, R>
where
    In: IntoIterator,
    In::IntoIter: Send + 'env,
    R: Send + 'env,
    F: Fn(In::Item) -> R + Send + Sync + 'env,
{
    pool.map(inputs, call)
}

/// Makes the batch of a function whose inputs are all lent.
pub fn map_lent<'env, In, R, F>(pool: &Pool, inputs: In, call: F) -> Map<'env, R>
where
    In: IntoIterator,
    In::IntoIter: Send + 'env,
    R: Send + 'env,
    F: Fn(&In::Item) -> R + Send + Sync + 'env,
{
    Map::lent(pool.crew(), inputs.into_iter(), call)
}

/// Makes the batch of a function that returns a `Result`.
pub fn as_completed<'env, In, T, E, F>(
    pool: &Pool,
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
    pool.as_completed(inputs, call)
}

/// Makes the batch of a function that returns any other type.
pub fn as_completed_infallible<'env, In, T, F>(
    pool: &Pool,
    inputs: In,
    call: F,
) -> AsCompleted<'env, In::Item, T, Infallible>
where
    In: IntoIterator,
    In::IntoIter: Send + 'env,
    In::Item: Send + 'env,
    T: Send + 'env,
    F: Fn(&In::Item) -> T + Send + Sync + 'env,
{
    pool.as_completed(inputs, move |input| Ok(call(input)))
}

/// Submits one call in the background.
pub fn submit<R, F>(pool: &Pool, call: F) -> Task<R>
where
    R: Send + 'static,
    F: FnOnce() -> R + Send + 'static,
{
    pool.submit(call)
}
