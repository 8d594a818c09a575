//! Runs blocking calls concurrently: results in order or as they finish, under a hard cap.
//!
//! Put [`#[concurrent]`][`concurrent`] on a function that waits for something: a server, a disk, a database, another
//! program. It stays the function that it was. The macro adds `map`, `as_completed` and `submit`, which run it over
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
//! // In the order of the inputs. The first error ends the batch.
//! let counts: Vec<usize> = lines::map(&files).collect::<Result<_, _>>()?;
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
//! | `as_completed` | [`AsCompleted`]: a [`Completion`] per input, as they finish | progress; errors one by one |
//! | `submit` | [`Task`]: one call in the background | something to join later |
//!
//! The first two are **batches**. They are lazy: nothing runs before the caller asks for the first result. The inputs
//! are any iterator, also an endless one or one that blocks. A worker takes one input at a time, when it is free. A
//! batch can have a cap, a buffer or a pool of its own ([`Map::max_workers`], [`Map::buffer`], [`Map::on`]). A
//! [`PoolBuilder`] sets up a pool, and [`Stats`] tell what it does.
//!
//! # Borrowing
//!
//! Inputs, shared parameters, closures and results may borrow from the caller. For a function that takes a `&str`,
//! every type that can [`Lend`] one is an input. `collect`, `for_each` and `scope` return only when no call of the
//! batch runs any more, so they work on borrowed data. `scope` lends the [`Results`] to a closure, for any loop or
//! adaptor.
//!
//! A `for` loop owns its batch, and a caller can keep or leak a batch while its calls run. So only a batch that borrows
//! nothing is an iterator. For any other the compiler says "does not live long enough" and "`'static`":
//!
//! ```compile_fail,E0597
//! let pool = pool_core::Pool::new(4);
//! let words = vec![String::from("to"), String::from("wait")];
//! for length in pool.map(&words, |word| word.len()) {} // `words` does not live long enough
//! ```
//!
//! Write `pool.map(&words, …).for_each(|length| …)`, or give the batch what it needs: `pool.map(words, …)`.
//!
//! # Promises
//!
//! - **The cap is hard.** At most `max_workers` calls run at any instant through one pool, over all batches, functions
//!   and threads that share it.
//! - **Nesting never deadlocks.** A call may run batches and join tasks on its own pool, also with a cap of 1, as long
//!   as it waits through this library.
//! - **Fair.** Batches that share a pool share its workers, whatever their lengths. They take turns call by call, once
//!   each has begun two calls for each worker. A call with a long batch of its own counts
//!   as one of the `max_workers` calls meanwhile, as any long call does.
//! - **Nothing is lost.** Each input that a worker has taken yields one outcome, or is dropped once with its batch.
//! - **A result is seen as soon as it is there.** [`Map::next_timeout`] bounds the wait, and a [`Timeout`] loses
//!   nothing.
//! - **No thread, still a result.** If no thread can be started, the thread that waits for the batch or joins the task
//!   runs the calls.
//! - **Idle costs nothing.** Idle threads sleep and do not poll. Only a thread that has just run calls of less than a
//!   microsecond looks for more of them for some microseconds first. Threads start when there is work, and end after
//!   `keep_alive` without work.
//!
//! # Errors and panics
//!
//! `map` yields what the function returns. Collect it into a `Result` to end at the first error. `as_completed` reports
//! each failure with its input, as a [`CallError`]: the error that the function returned, or the [`Panic`].
//!
//! A panic ends no thread and no other call. `map` raises it again in the place of the result, and ends. [`Task::join`]
//! returns it as a `Panic`.
//!
//! # Stopping
//!
//! Dropping a batch stops it, without waiting. A [`StopHandle`] stops it from anywhere, a Ctrl-C handler for example:
//! the batch takes no further input, and still yields the results of the calls that run. No thread is killed: a long
//! call asks [`is_cancelled`] now and then, and backs off with [`sleep`].
//!
//! # When not to use it
//!
//! For work that keeps the CPU busy, take rayon. For many thousands of calls at once, with async libraries, take async.
//! For calls that another program must be able to kill, take processes.
//!
//! # Features
//!
//! - `macros` (default): [`concurrent`].
//! - `stream`: [`ResultStream`] from `into_stream()` of both batches, and [`Task`] as a `Future`, for any executor.
//! - `tracing`: each call runs in a span `call` of target `pool_core`, a child of the span in which its batch was
//!   built.
#![cfg_attr(not(feature = "macros"), doc = "", doc = "[`concurrent`]: #features")]
#![cfg_attr(not(feature = "stream"), doc = "", doc = "[`ResultStream`]: #features")]
#![deny(unsafe_code)]

#[doc(hidden)]
#[path = "generated/mod.rs"]
pub mod __private;
mod api;
mod base;
#[expect(unsafe_code, reason = "hints outlive what their batch borrows")]
mod batch;
#[cfg(all(test, any(pool_loom, pool_shuttle)))]
mod model;
mod nesting;
mod threads;

pub use api::as_completed::{AsCompleted, Completion};
pub use api::error::{CallError, Panic, Timeout};
pub use api::lend::Lend;
pub use api::map::Map;
pub use api::pool::{Pool, PoolBuilder};
pub use api::results::Results;
pub use api::stop_handle::StopHandle;
#[cfg(feature = "stream")]
pub use api::stream::ResultStream;
pub use api::task::Task;
pub use nesting::{is_cancelled, sleep};
#[cfg(feature = "macros")]
pub use pool_macros::concurrent;
pub use threads::counters::Stats;

/// Compiles and runs the README's programs.
#[cfg(all(doctest, feature = "macros"))]
#[doc = include_str!("../../README.md")]
struct Readme;
