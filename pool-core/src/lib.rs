//! Runs blocking calls concurrently: results in order or as they finish, under a hard cap.

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
mod account;
mod as_completed;
mod batch;
mod cancel;
mod config;
mod consumer;
mod error;
mod handle;
mod lend;
mod map;
#[cfg(all(test, pool_loom))]
mod model;
mod nesting;
mod outbox;
mod pace;
mod pool;
mod queue;
mod results;
mod signature;
mod sleep;
mod source;
mod span;
mod stats;
mod stop;
#[cfg(feature = "stream")]
mod stream;
mod sync;
mod task;
mod unwind;
mod waiter;
mod worker;

pub use as_completed::{AsCompleted, Completion};
pub use error::{CallError, Panic, Timeout};
pub use lend::Lend;
pub use map::Map;
pub use nesting::{is_cancelled, sleep};
pub use pool::{Pool, PoolBuilder};
#[cfg(feature = "macros")]
pub use pool_macros::concurrent;
pub use results::Results;
pub use stats::Stats;
pub use stop::StopHandle;
#[cfg(feature = "stream")]
pub use stream::ResultStream;
pub use task::Task;

/// Compiles and runs the README's programs.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
