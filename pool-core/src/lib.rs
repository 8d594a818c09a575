//! Runs blocking calls concurrently: results in order or as they finish, under a hard cap.
//!
//! Put [`#[concurrent]`][`concurrent`] on a function that waits for something: a server, a disk, a database, another
//! program. It stays the function that it was. Beside it come `map`, `as_completed` and `submit`, which run it over
//! many inputs on threads of its own. A [`Pool`] has the same three for any closure.
//!
//! ```
//! # #[cfg(feature = "macros")] {
//! use pool_core::concurrent;
//! use std::{fs, io};
//!
//! /// Counts the lines of a file. `lines("Cargo.toml")` still runs it here and now.
//! #[concurrent(max_workers = 8)]
//! fn lines(path: &str) -> io::Result<usize> {
//!     Ok(fs::read_to_string(path)?.lines().count())
//! }
//!
//! let files = vec![String::from("Cargo.toml"), String::from("src/lib.rs")];
//!
//! // In the order of the inputs, until the first error; `collect::<Vec<_>>()` would keep them all.
//! let counts = lines::map(&files).try_collect::<Vec<_>>()?;
//! assert_eq!(counts.len(), 2);
//!
//! // As they finish: one outcome for each input, and an error ends nothing.
//! let mut missing = Vec::new();
//! lines::as_completed(["Cargo.toml", "no such file"]).for_each(|done| {
//!     if done.result.is_err() {
//!         missing.push(done.input);
//!     }
//! });
//! assert_eq!(missing, ["no such file"]);
//! # }
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! # Which of the three
//!
//! | | gives | for |
//! | --- | --- | --- |
//! | `map` | [`Map`]: the results, in the order of the inputs | all or nothing; where the order matters |
//! | `as_completed` | [`AsCompleted`]: a [`Completion`] for each input, as they finish | progress, inputs that may fail alone |
//! | `submit` | [`Task`]: one call in the background | something to join later |
//!
//! The first two are **batches**. They are lazy: a batch starts when its first result is asked for, on entry to
//! `collect`, `for_each` and `scope`, or at [`start`](Map::start). The inputs are any iterator, also one that is
//! endless or blocks. They are taken one at a time, when a worker is free.
//!
//! A batch can have settings of its own. [`max_workers`](Map::max_workers) lowers the cap for one batch. It never
//! raises it: [`on`](Map::on) another pool or [`Pool::set_max_workers`] does. [`buffer`](Map::buffer) bounds the
//! inputs that run, or have finished and were not taken yet; by default they are 16 for each worker. A
//! [`PoolBuilder`] sets up a pool, and [`Stats`] tell what it does.
//!
//! Calls that need a connection or a buffer to themselves take a `#[worker]` parameter, or the state of
//! [`Pool::map_init`]. Where results bring further inputs, as in a crawl, a [`Feed`] takes them.
//!
//! # Borrowing
//!
//! Inputs, shared parameters, closures and results may borrow from the caller. A function that takes a `&str` takes
//! as inputs all that can [`Lend`] one. `collect`, `for_each` and `scope` return only when no call of the batch runs
//! any more, so they work on borrowed data. `scope` lends the [`Results`] to a closure, for any loop or adaptor. A
//! `for` loop owns its batch, and a batch can be kept or leaked while its calls run. So only one that borrows nothing
//! is an iterator. At any other the compiler says "does not live long enough" and "`'static`":
//!
//! ```compile_fail,E0597
//! let pool = pool_core::Pool::new(4);
//! let words = vec![String::from("to"), String::from("wait")];
//! for length in pool.map(&words, |word| word.len()) {} // `words` does not live long enough
//! ```
//!
//! Write `pool.map(&words, …).for_each(|length| …)`, or give the batch what it needs: `pool.map(words, …)`.
//!
//! # Where a wait blocks
//!
//! `collect`, `for_each`, `scope`, `next`, `next_timeout` and [`Task::join`] block the current thread.
//!
//! - **In async code** that thread is the executor's. It runs no other task meanwhile. Calls that need a timer or a
//!   task of the same thread never end, for example on tokio's `current_thread` runtime. Use `into_stream()`,
//!   `.await` a `Task` (both with feature `stream`), or move the batch into `spawn_blocking`.
//! - **Inside a call** that waits for a batch on its own pool, the waiting thread runs inputs of that batch itself.
//!   Calls then stand on top of each other on one thread and share its `thread_local!`s: a `RefCell` there that is
//!   borrowed while the call waits is borrowed again by the inner call, and panics. End the borrow before the wait.
//! - **Inside a call**, each wait above zero makes way for other calls when there is nothing to run. A loop over
//!   [`next_timeout(Duration::ZERO)`](Map::next_timeout) keeps its permit: it makes way for none.
//! - **With a lock held** a call may wait for a batch on its own pool. Over a batch of another pool, or one with
//!   [`abandon_after`](AsCompleted::abandon_after), it may deadlock, if calls of its own pool block on that lock: see
//!   [`Pool`](Pool#deadlocks). In [`back_off`] it may deadlock, too.
//!
//! # Promises
//!
//! - **The cap is hard.** At most `max_workers` calls run at any instant through one pool, over all batches, threads
//!   and functions that share it.
//! - **Nesting never deadlocks.** A call may run batches and join tasks on its own pool, with a cap of 1 too, as long
//!   as it waits through this library.
//! - **Fair.** Batches that share a pool share its workers, whatever their lengths: they take turns call by call. A
//!   young batch is spared: it first begins two calls for each worker. A call with a long batch of its own counts
//!   against the cap meanwhile, as any long call does.
//! - **Nothing is lost.** Each input that was taken is yielded once as an outcome, or dropped once with its batch.
//! - **A result is seen when it is there.** [`Map::next_timeout`] bounds the wait for it; [`Timeout`] loses nothing.
//! - **No thread, still a result.** If no thread can be started, the thread that waits for the batch or joins the
//!   task runs the calls. In async code no thread waits: a stream panics, and an awaited task gives an error.
//! - **Idle costs nothing.** No polling: a thread that has run calls of less than a microsecond looks around for more
//!   of them for some microseconds, then it sleeps. Threads start when there is work and end after `keep_alive`
//!   without.
//!
//! # Errors and panics
//!
//! `map` yields what the function returns. [`try_collect`](Map::try_collect) ends at the first error, and
//! `collect::<Vec<_>>()` keeps all results. `as_completed` tells each failure with its input, as a [`CallError`]: the
//! error that was returned, or the [`Panic`]. With types such as `anyhow::Error`, write `done.into_result()?`: a plain
//! `?` on a [`CallError`] loses the error's chain.
//!
//! A panic takes no thread and no other call down. `map` goes on with it where the result would have been, and ends.
//! [`Task::join`] returns it as a `Panic`.
//!
//! # Stopping
//!
//! Dropping a batch stops it, without waiting. A [`StopHandle`] stops it from anywhere, a Ctrl-C handler for example:
//! no further input is taken, and the calls that run are still yielded. No thread is killed; the function chooses
//! what a stop means to calls that run:
//!
//! - **To finish what has begun**, it does not ask. It waits with [`std::thread::sleep`].
//! - **To give up**, it asks [`is_cancelled`] now and then, and waits with [`sleep`], which returns false at once
//!   when the batch is stopped.
//!
//! # When the other side pushes back or hangs
//!
//! - [`retry`] calls again after a failure, with delays from any iterator. Meanwhile the call rests, as in
//!   [`back_off`]: another call has its place. [`pause`] and [`Pool::pause_for`] hold back every call of a pool.
//! - [`timeout`](Map::timeout) gives each call a [`deadline`], after which it sees that it is cancelled.
//!   [`abandon_after`](AsCompleted::abandon_after) goes on without a call that does not end.
//! - [`watch`](Map::watch) tells what runs now, for how long, and on which thread.
//!
//! # When not to use it
//!
//! Feature `measure` tells: [`Measure`] runs a function with more and more workers, and says how many to take, or that
//! this is the wrong tool.
//!
//! For work that keeps the CPU busy, take rayon. For many thousands of calls at once, with libraries that are async,
//! take async. For calls that may crash or hang, take processes: a [`Fleet`] (feature `fleet`) has some.
//!
//! # Features
//!
//! - `macros` (default): [`concurrent`].
//! - `stream`: [`ResultStream`] from `into_stream()` of both batches, and [`Task`] as a `Future`, for any executor.
//! - `fleet`: a [`Fleet`] runs the calls of a function in other processes (on Unix; elsewhere there is none).
//! - `redis`: workers of a [`Fleet`] on other machines, over Redis Streams.
//! - `measure`: [`Measure`] finds how many workers a function should have.
//! - `tracing`: each call runs in a span `call` of target `pool_core`, a child of the span in which its batch was
//!   built. In a worker of a [`Fleet`] its `index` is 0: only the caller knows the place of the input.
#![cfg_attr(not(all(feature = "fleet", unix)), doc = "", doc = "[`Fleet`]: #features")]
#![cfg_attr(not(feature = "macros"), doc = "", doc = "[`concurrent`]: #features")]
#![cfg_attr(not(feature = "measure"), doc = "", doc = "[`Measure`]: #features")]
#![cfg_attr(not(feature = "stream"), doc = "", doc = "[`ResultStream`]: #features")]
#![deny(unsafe_code)]

#[doc(hidden)]
#[path = "generated/mod.rs"]
pub mod __private;
mod api;
mod base;
#[expect(unsafe_code, reason = "hints outlive what their batch borrows")]
mod batch;
#[cfg(all(feature = "fleet", unix))]
pub mod fleet;
#[cfg(feature = "measure")]
pub mod measure;
#[cfg(all(test, any(pool_loom, pool_shuttle)))]
mod model;
mod nesting;
mod threads;

pub use api::as_completed::{AsCompleted, Completion};
pub use api::attempt::Attempt;
pub use api::error::{CallError, Panic, Timeout};
pub use api::inputs::IntoInputs;
pub use api::inside::{back_off, deadline, is_cancelled, pause, retry, sleep};
pub use api::lend::Lend;
pub use api::map::Map;
pub use api::pool::Pool;
pub use api::pool_builder::PoolBuilder;
pub use api::results::Results;
pub use api::stop_handle::StopHandle;
#[cfg(feature = "stream")]
pub use api::stream::ResultStream;
pub use api::task::{Task, TaskGuard};
pub use api::watch::{Running, Watch};
pub use batch::feed::Feed;
#[cfg(all(feature = "fleet", unix))]
pub use fleet::{Fleet, FleetError, RemoteError, Service};
#[cfg(feature = "measure")]
pub use measure::Measure;
#[cfg(feature = "macros")]
pub use pool_macros::concurrent;
pub use threads::counters::Stats;

/// What [`Feed::inputs`] returns.
pub mod feed {
    pub use crate::batch::feed::Inputs;
}

/// Compiles and runs the README's programs, with the features that they need.
#[cfg(all(
    doctest,
    unix,
    feature = "fleet",
    feature = "macros",
    feature = "measure",
    feature = "redis",
    feature = "stream"
))]
#[doc = include_str!("../../README.md")]
struct Readme;
