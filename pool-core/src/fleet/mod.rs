//! Fleets: the calls of a function in other processes.
//!
//! A thread cannot be killed, and what kills a process kills all of its threads. So calls that may crash, leak, or
//! never come back run in processes of their own. [`Fleet::processes`] starts copies of this program as **workers**.
//! With feature `redis`, workers are on other machines, and `Fleet::redis` finds them by a server.
//! Batches over a fleet are the same [`Map`](crate::Map) and [`AsCompleted`](crate::AsCompleted) as over a pool.
//!
//! What follows is about processes. How calls go by a server stands in the room `redis`.
//!
//! # The way of one input
//!
//! 1. `download::on(&fleet)` gives an [`On`], and its `map` or `as_completed` a plain batch on the fleet's own pool,
//!    which has a thread for each worker. Order, laziness, `buffer`, fairness, stopping and borrowing are those of any
//!    batch.
//! 2. The call of that batch writes the input in MessagePack, one value for each parameter, and takes a **place**. The
//!    fleet has as many places as workers. A place holds a process, or the call starts one. A call that is given up
//!    before its process serves leaves it in the place, where it goes on starting for the next call.
//! 3. The call sends a **frame** with the function's name and the input, and waits for the frame with the answer. A
//!    process runs one call at a time, so no frame needs a number.
//! 4. In the worker, [`Worker::run`] looks the name up among the [`Service`]s. The service reads the parameters, takes
//!    its state or makes one, and runs the function. What that returns, or the message of its panic, is the answer. The
//!    thread that has read the order does all of this: see `copy`.
//! 5. The call of the batch puts the place back, reads the answer, and returns what the function returned, or panics
//!    with the message.
//!
//! # When something ends
//!
//! - **A worker**: the caller's read finds the end of the line. The call is [`FleetError::Crashed`], and its place is
//!   empty: the next call starts another process. Where a fork of the worker keeps the line open, the caller finds out
//!   when it looks, every 20 ms. A process that ended between two calls costs none: an order that was not read is known
//!   not to have begun, and goes to a new process.
//! - **The caller**: the worker's read finds the end of the line, whatever ended the caller, since the system closes
//!   the files of a process that ends. The worker ends too, in the middle of its call.
//! - **The batch**: while the call waits for its answer, it looks every 20 ms whether it is cancelled. Then it tells
//!   the worker, where `is_cancelled` becomes true. The call is waited for as any running call is. One that waits for a
//!   worker is [`FleetError::Cancelled`].
//! - **The time of a call**: the worker knows how much there is, so that `deadline`, `is_cancelled` and `sleep` heed it
//!   there. A call that still runs 50 ms later is [`FleetError::TimedOut`]: the caller kills the process.
//!
//! # The line
//!
//! It is a pair of connected sockets. One end is the worker's standard input when it starts. On the first line of its
//! `main`, [`Fleet::from_env`] moves it to a descriptor that no other program inherits, and puts the null device in its
//! place. So `println!` in a worker is no part of the protocol: it goes where the caller's goes. And code that reads
//! from the standard input reads nothing. An environment variable, the mark, names the line's file, so
//! that a program which a worker's call starts, and which has the variable too, does not take its own input for the
//! line.
//!
//! Workers are in process groups of their own, with what they start. A worker that is ended is ended as a group. And
//! Ctrl-C in a terminal reaches the caller alone, which ends its workers by ending, or stops its batches and waits for
//! what runs.
//!
//! # Systems
//!
//! Fleets are for Unix. On other systems this module does not exist, and the compiler reports the option `fleet` of
//! `#[concurrent]`. A line there would be another kind of file, and the end of a caller another way to end its workers.
//! A program for both writes `#[cfg_attr(unix, concurrent(fleet))]` and `#[cfg_attr(not(unix), concurrent)]`.
//!
//! On Linux a worker runs the program that runs, also when its file was replaced or deleted meanwhile. On other systems
//! it runs the file that is there now.

mod codec;
mod copy;
mod engine;
mod error;
mod frame;
pub(crate) mod function;
mod handle;
pub(crate) mod inputs;
mod mark;
mod on;
mod process;
mod processes;
#[cfg(feature = "redis")]
mod redis;
mod service;
mod stats;
mod system;
mod travels;
mod worker;

pub use self::error::{FleetError, RemoteError};
pub use self::handle::Fleet;
pub use self::on::On;
#[cfg(feature = "redis")]
pub use self::redis::dead_letter::DeadLetter;
pub use self::service::Service;
pub use self::stats::Stats;
pub use self::travels::Travels;
pub use self::worker::Worker;
