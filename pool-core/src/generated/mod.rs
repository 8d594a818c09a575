//! The functions that generated code calls. No other code may use them: all of this may change in any release.

#[cfg(all(feature = "fleet", unix))]
pub mod fleet;
mod run;
mod send;
mod signature;
mod state;

pub use self::send::{Failed, Input, Returned};
pub use self::signature::{Anything, Fallible, HandedBack, Inputs, Named, Ordered, Sent, Shared};
pub use self::state::{
    Init, InitOnce, State, as_completed_init, map_init, map_lent_init, with_state,
};
pub use crate::__in_an_impl_write_concurrent_associated as in_an_impl_write_concurrent_associated;
pub use crate::__with_the_feature_fleet as with_the_feature_fleet;
pub use crate::api::as_completed::AsCompleted;
pub use crate::api::inputs::IntoInputs;
pub use crate::api::lend::Lend;
pub use crate::api::map::Map;
pub use crate::api::pool::Pool;
pub use crate::api::pool_builder::PoolBuilder;
pub use crate::api::task::Task;
pub use ::{core, std};

use crate::base::config;
use std::time::Duration;

use self::run::{AsTheyFinish, InBackground, InOrder, Lent, Run};
use self::send::Outcome;

/// The type beside a free function.
///
/// The macro exists for its name alone. If an annotated function stands in an `impl`, the compiler reports that an enum
/// is not supported there, and that the error originates in this macro. So the name says what to write.
#[doc(hidden)]
#[macro_export]
macro_rules! __in_an_impl_write_concurrent_associated {
    ($(#[$($attribute:tt)*])* $visibility:vis enum $name:ident {} $($rest:tt)*) => {
        $(#[$($attribute)*])* $visibility enum $name {} $($rest)*
    };
}

/// What `#[concurrent(fleet)]` adds, where the feature `fleet` is enabled on a system that has fleets. Elsewhere the
/// compiler reports the option.
#[cfg(all(feature = "fleet", unix))]
#[doc(hidden)]
#[macro_export]
macro_rules! __with_the_feature_fleet {
    ($($generated:tt)*) => { $($generated)* };
}

#[cfg(all(not(feature = "fleet"), unix))]
#[doc(hidden)]
#[macro_export]
macro_rules! __with_the_feature_fleet {
    ($($generated:tt)*) => {
        ::core::compile_error!("`fleet` needs the feature `fleet` of `pool-core`");
    };
}

#[cfg(not(unix))]
#[doc(hidden)]
#[macro_export]
macro_rules! __with_the_feature_fleet {
    ($($generated:tt)*) => {
        ::core::compile_error!(
            "`fleet` needs a Unix system; where the program is for others too, write \
             `#[cfg_attr(unix, concurrent(fleet))]` and `#[cfg_attr(not(unix), concurrent)]`"
        );
    };
}

/// Makes the batch of a function that owns an input.
#[inline]
pub fn map<'env, T, E, R, In, F>(pool: &Pool, inputs: In, call: F) -> Map<'env, R>
where
    T: Returned,
    E: Failed,
    R: Outcome<T, E> + 'env,
    In: IntoInputs<Inputs: Ordered + 'env>,
    F: Fn(In::Item) -> R + Send + Sync + 'env,
{
    <()>::with_input::<T, E, R, _>(Run::<InOrder, In, F>::of(pool, inputs, call))
}

/// Makes the batch of a function whose inputs are all lent.
#[inline]
pub fn map_lent<'env, T, E, R, In, F>(pool: &Pool, inputs: In, call: F) -> Map<'env, R>
where
    T: Returned,
    E: Failed,
    R: Outcome<T, E> + 'env,
    In: IntoInputs<Inputs: Ordered + 'env>,
    F: Fn(&In::Item) -> R + Send + Sync + 'env,
{
    <()>::with_input::<T, E, R, _>(Run::<Lent, In, F>::of(pool, inputs, call))
}

/// Makes the batch that hands outcomes over as they finish.
#[inline]
pub fn as_completed<'env, T, E, R, In, F>(
    pool: &Pool,
    inputs: In,
    call: F,
) -> AsCompleted<'env, In::Item, T, E>
where
    T: Returned + 'env,
    E: Failed + 'env,
    R: Outcome<T, E>,
    In: IntoInputs<Item: Input + 'env, Inputs: 'env>,
    F: Fn(&In::Item) -> R + Send + Sync + 'env,
{
    In::Item::with_input::<T, E, R, _>(Run::<AsTheyFinish, In, F>::of(pool, inputs, call))
}

/// Submits one call in the background.
#[inline]
pub fn submit<T, E, R, F>(pool: &Pool, call: F) -> Task<R>
where
    T: Returned,
    E: Failed,
    R: Outcome<T, E> + 'static,
    F: FnOnce() -> R + Send + 'static,
{
    <()>::with_input::<T, E, R, _>(Run::<InBackground, _, F>::of(pool, None, call))
}

/// Submits one call in the background that has a time limit.
#[inline]
pub fn submit_within<T, E, R, F>(pool: &Pool, limit: Duration, call: F) -> Task<R>
where
    T: Returned,
    E: Failed,
    R: Outcome<T, E> + 'static,
    F: FnOnce() -> R + Send + 'static,
{
    <()>::with_input::<T, E, R, _>(Run::<InBackground, _, F>::of(pool, Some(limit), call))
}

/// The value of option `timeout`, checked while compiling.
#[track_caller]
pub const fn time_limit(limit: Duration) -> Duration {
    config::above_zero("timeout", limit)
}
