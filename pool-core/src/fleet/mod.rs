//! Fleets: the calls of a function in other processes.
//!
//! A thread cannot be killed, and what kills a process kills all of its threads. So calls that may crash, leak, or
//! never come back run in processes of their own. [`Fleet::processes`] starts copies of this program as **workers**.
//! Batches over a fleet are the same [`Map`](crate::Map) and [`AsCompleted`](crate::AsCompleted) as over a pool.
//!
//! # The way of one input
//!
//! 1. `download::on(&fleet)` gives an [`On`], and its `map` or `as_completed` a plain batch on the fleet's own pool,
//!    which has a thread for each worker. Order, laziness, `buffer`, fairness, stopping and borrowing are those of any
//!    batch.
//! 2. The call of that batch writes the input in MessagePack, one value for each parameter, and takes a **place**. The
//!    fleet has as many places as workers. A place holds a process, or the call starts one.
//! 3. The call sends a **frame** with the function's name and the input, and waits for the frame with the answer. A
//!    process runs one call at a time, so no frame needs a number.
//! 4. In the worker, [`Worker::run`] looks the name up among the [`Service`]s. The service reads the parameters, takes
//!    its state or makes one, and runs the function. What that returns, or the message of its panic, is the answer.
//! 5. The call of the batch puts the place back, reads the answer, and returns what the function returned, or panics
//!    with the message.
//!
//! # When something ends
//!
//! - **A worker**: the caller's read finds the end of the line. The call is [`FleetError::Crashed`], and its place is
//!   empty: the next call starts another process. A process that ended between two calls costs none: an order that was
//!   not read is known not to have begun, and goes to another process.
//! - **The caller**: the worker's read finds the end of the line, whatever ended the caller, since the system closes
//!   the files of a process that ends. The worker ends too, in the middle of its call.
//! - **The batch**: while the call waits for its answer, it looks every 50 ms whether it is cancelled. Then it tells
//!   the worker, where `is_cancelled` becomes true. The call is waited for as any running call is. One that had not
//!   begun in the worker is [`FleetError::Cancelled`].
//! - **The time of a call**: the worker knows how much there is, so that `deadline`, `is_cancelled` and `sleep` heed it
//!   there. A call that still runs 50 ms later is [`FleetError::TimedOut`]: the caller kills the process.
//!
//! # The line
//!
//! It is a pair of connected sockets. One end is the worker's standard input when it starts. On the first line of its
//! `main`, [`Fleet::from_env`] moves it to a descriptor that no other program inherits, and puts the null device in its
//! place. So `println!` in a worker is no part of the protocol: it goes where the caller's goes. And code that reads
//! from the standard input reads nothing. An environment variable names the line's file, so that a program which a
//! worker's call starts, and which has the variable too, does not take its own input for the line.
//!
//! Workers are in process groups of their own, with what they start. A worker that is ended is ended as a group. And
//! Ctrl-C in a terminal reaches the caller alone, which ends its workers by ending, or stops its batches and waits for
//! what runs.

mod codec;
mod error;
mod frame;
pub(crate) mod function;
pub(crate) mod inputs;
mod on;
mod process;
mod processes;
mod service;
mod system;
mod travels;
mod worker;

pub use self::error::{FleetError, RemoteError};
pub use self::on::On;
pub use self::service::Service;
pub use self::travels::Travels;
pub use self::worker::Worker;

use self::processes::Processes;
use std::ffi::OsString;
use std::fmt;
use std::sync::Arc;

/// Workers in other processes.
///
/// Functions with `#[concurrent(fleet)]` run on it: `download::on(&fleet).map(inputs)`. Dropping it does not block.
/// What its batches have begun goes on, and its workers end when nothing needs them any more.
///
/// # Examples
///
/// ```
/// # #[cfg(feature = "macros")] {
/// use pool_core::{Fleet, FleetError, concurrent};
///
/// #[concurrent(fleet)]
/// fn process(_: u32) -> u32 { std::process::id() }
///
/// fn main() -> Result<(), FleetError> {
///     Fleet::from_env()?.serve([process::service()]).run()?;
///
///     let fleet = Fleet::processes(1)?;
///     let processes = process::on(&fleet).map([1, 2]).try_collect::<Vec<_>>().unwrap();
///     assert_ne!(processes[0], std::process::id());
///     assert_eq!(processes[0], processes[1]); // A worker is used again.
///     Ok(())
/// }
/// # main().unwrap();
/// # }
/// ```
pub struct Fleet(Arc<Processes>);

impl Fleet {
    /// Makes a fleet of at most `workers` copies of this program, each of which runs one call at a time.
    ///
    /// They are started when calls need them, as this program with the same arguments. Its `main` has to begin with
    /// `Fleet::from_env()?.serve([…]).run()?`, with the services of all functions that run on the fleet. A copy serves
    /// there, and any other process goes on. A worker is kept for further calls and batches while the fleet is.
    ///
    /// A crash costs the call that ran, as [`FleetError::Crashed`], and the worker is replaced. So does a call that goes
    /// on after its time limit, as [`FleetError::TimedOut`]: give one with [`timeout`](crate::Map::timeout) or the
    /// option of that name. How many calls the function's own pool allows means nothing here.
    ///
    /// What a call has started ends with its worker, unless it is in a process group of its own.
    ///
    /// # Panics
    ///
    /// Panics if `workers` is 0.
    ///
    /// # Errors
    ///
    /// Returns [`FleetError::NotServing`] in a copy whose `main` does not serve.
    ///
    /// # Examples
    ///
    /// As for [`Fleet`].
    #[track_caller]
    pub fn processes(workers: usize) -> Result<Self, FleetError> {
        assert!(workers > 0, "a fleet of 0 processes; at least one worker is needed to run a call");
        worker::may_call()?;
        Ok(Self(Arc::new(Processes::new(workers))))
    }

    /// Sets the arguments with which workers are started. By default they are those of this process.
    ///
    /// In a test they name a test that serves, since the program is then the test harness.
    ///
    /// # Panics
    ///
    /// Panics once a function is on the fleet.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # #[cfg(feature = "macros")] {
    /// use pool_core::{Fleet, concurrent};
    ///
    /// #[concurrent(fleet)]
    /// fn square(n: u64) -> u64 { n * n }
    ///
    /// /// In a run of all tests it does nothing.
    /// #[test]
    /// fn worker() {
    ///     Fleet::from_env().unwrap().serve([square::service()]).run().unwrap();
    /// }
    ///
    /// #[test]
    /// fn squares() {
    ///     let fleet = Fleet::processes(2).unwrap().args(["worker", "--exact", "--nocapture"]);
    ///     let squares = square::on(&fleet).map([1, 2]).try_collect::<Vec<_>>();
    ///     assert_eq!(squares, Ok(vec![1, 4]));
    /// }
    /// # }
    /// ```
    #[track_caller]
    pub fn args(mut self, arguments: impl IntoIterator<Item = impl Into<OsString>>) -> Self {
        let processes = Arc::get_mut(&mut self.0);
        let processes =
            processes.expect("`args` comes too late; set them before a function is on the fleet");
        processes.arguments = arguments.into_iter().map(Into::into).collect();
        self
    }

    /// Finds out whether this process is a worker, for the first line of `main`.
    ///
    /// # Errors
    ///
    /// Returns [`FleetError::NotStarted`] if this is a worker and its line to the caller cannot be used.
    ///
    /// # Examples
    ///
    /// As for [`Worker`].
    pub fn from_env() -> Result<Worker, FleetError> {
        Worker::of_this_process().map_err(|error| FleetError::NotStarted(error.to_string()))
    }

    /// Tells what the fleet does at this moment.
    ///
    /// # Examples
    ///
    /// ```
    /// let fleet = pool_core::Fleet::processes(4)?;
    /// assert_eq!(fleet.stats().workers, 0); // None before there is a call.
    /// # Ok::<(), pool_core::FleetError>(())
    /// ```
    pub fn stats(&self) -> Stats {
        self.0.stats()
    }
}

impl fmt::Debug for Fleet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fleet").field("stats", &self.stats()).finish_non_exhaustive()
    }
}

/// What a fleet does, made by [`Fleet::stats`].
///
/// # Examples
///
/// ```
/// let fleet = pool_core::Fleet::processes(1)?;
/// let pool_core::fleet::Stats { queued, running, dead, .. } = fleet.stats();
/// assert_eq!((queued, running, dead), (0, 0, 0));
/// # Ok::<(), pool_core::FleetError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// The calls that wait for a worker. Inputs that no call has taken are in no batch's hands, and not counted.
    pub queued: usize,
    /// The calls that run.
    pub running: usize,
    /// The workers that run a call or wait for one.
    pub workers: usize,
    /// The calls that were lost with their worker.
    pub dead: usize,
}
