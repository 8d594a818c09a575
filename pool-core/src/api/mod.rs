//! What a user holds.

pub(crate) mod as_completed;
pub(crate) mod attempt;
pub(crate) mod error;
pub(crate) mod inputs;
pub(crate) mod inside;
pub(crate) mod lend;
pub(crate) mod map;
mod methods;
pub(crate) mod pool;
pub(crate) mod pool_builder;
pub(crate) mod results;
#[cfg(any(feature = "redis", pool_loom))]
pub(crate) mod sent;
#[cfg(all(feature = "fleet", unix))]
pub(crate) mod served;
mod states;
pub(crate) mod stop_handle;
#[cfg(feature = "stream")]
pub(crate) mod stream;
pub(crate) mod task;
pub(crate) mod watch;
