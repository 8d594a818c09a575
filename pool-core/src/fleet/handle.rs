//! [`Fleet`]: the workers in other processes, as their user holds them.

use crate::fleet::engine::Engine;
use crate::fleet::error::FleetError;
use crate::fleet::processes::Processes;
#[cfg(feature = "redis")]
use crate::fleet::redis::{caller::Caller, dead_letter};
#[cfg(feature = "redis")]
use crate::fleet::service::Service;
use crate::fleet::stats::Stats;
use crate::fleet::worker::{self, Worker};
use std::ffi::OsString;
use std::fmt;
use std::sync::Arc;
#[cfg(feature = "redis")]
use std::time::Duration;

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
pub struct Fleet(pub(super) Engine);

impl Fleet {
    /// Makes a fleet of at most `workers` copies of this program, each of which runs one call at a time.
    ///
    /// They are started when calls need them, as this program with the same arguments. Its `main` has to begin with
    /// `Fleet::from_env()?.serve([…]).run()?`, with the services of all functions that run on the fleet. A copy serves
    /// there, and any other process goes on. A worker is kept for further calls and batches while the fleet is.
    ///
    /// A crash costs the call that ran, as [`FleetError::Crashed`], and the worker is replaced. So does a call that
    /// goes on after its time limit, as [`FleetError::TimedOut`]: give one with [`timeout`](crate::Map::timeout) or the
    /// option of that name. How many calls the function's own pool allows means nothing here.
    ///
    /// Where the system has no room for another worker, the calls share those that there are, and one more is tried
    /// after a second. A call for which there is none at all is [`FleetError::NotStarted`].
    ///
    /// What a call has started ends with a worker that crashes or is ended, unless it is in a process group of its own.
    /// A worker that ends by itself, since its fleet or its caller has ended while no call ran, leaves it.
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
        Ok(Self(Engine::Processes(Arc::new(Processes::new(workers)))))
    }

    /// Sets the arguments with which workers are started. By default they are those of this process.
    ///
    /// In a test they name a test that serves, since the program is then the test harness. What the harness prints
    /// before that test, such as `running 1 test`, is among the output.
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
        match &mut self.0 {
            Engine::Processes(processes) => {
                setting("args", processes).arguments =
                    arguments.into_iter().map(Into::into).collect();
            }
            #[cfg(feature = "redis")]
            Engine::Redis(_) => panic!("`args` on a fleet whose workers other programs start"),
        }
        self
    }

    /// Makes a fleet of the workers that serve at a Redis server: any number, on any machine.
    ///
    /// Its callers and its workers are programs of yours that share the annotated functions. Calls are entries of Redis
    /// Streams. Each input has one outcome, whatever is killed: workers, connections, the server with its log on. A
    /// call may run more than once, if its worker is gone, or was without a sign of life for the
    /// [`lease`](Self::lease). One that was handed out five times in vain is [`FleetError::Dead`]. From the third time
    /// on it runs in a copy of the worker's program, with the same arguments, so that a crash ends nothing else. So
    /// [`run`](Worker::run) comes first in a worker's `main`.
    ///
    /// At most 256 calls of a batch are with the server or have results that were not taken yet. Its
    /// [`buffer`](crate::Map::buffer) sets another number, and its [`max_workers`](crate::Map::max_workers) how many
    /// are with the server. No thread waits for a call. For the whole fleet, two threads speak to the server, and one
    /// of these decodes the results. Beside them, a batch that takes an input has a thread, which encodes it. Inputs of
    /// more than 1 MiB are refused.
    ///
    /// While the server is away, calls wait, and so do those that are stopped. A time limit asks, as in a pool: it
    /// takes a call back that no worker has, and a worker's call sees [`is_cancelled`](crate::is_cancelled).
    ///
    /// A program that may write to the server can call the functions and read their results, so a server is for callers
    /// and workers that trust each other. [How to operate one](crate::fleet#operating-a-fleet-over-redis) is told in
    /// the module's documentation.
    ///
    /// # Users
    ///
    /// Workers and callers need no more than these two users of the server may, as lines of its `aclfile`:
    ///
    /// ```text
    /// user worker on ><password> ~{pool}:* -@all +info +xreadgroup +xack +xdel +xadd +xpending +xclaim +xrange +exists +evalsha +script|load +xgroup|create +xgroup|createconsumer +xgroup|delconsumer +xinfo|consumers
    /// user caller on ><password> ~{pool}:* -@all +info +xadd +xdel +xread +xrange +xlen +xpending +scan +multi +exec +set +del +pexpire +evalsha +script|load +xinfo|consumers
    /// ```
    ///
    /// Their URL is `redis://worker:<password>@10.0.0.5/`. A caller cannot take calls from others, a worker cannot read
    /// results, and neither touches keys that do not begin with `{pool}:`.
    ///
    /// # Errors
    ///
    /// Returns [`FleetError::Server`] if `url` is not that of a server. The server is asked with the first call.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # #[cfg(feature = "macros")] {
    /// use pool_core::{Fleet, FleetError, concurrent};
    ///
    /// #[concurrent(max_workers = 8, fleet)]
    /// fn length(url: &str) -> Result<usize, String> { Ok(url.len()) }
    ///
    /// // A worker, which runs at most eight calls at once.
    /// fn worker() -> Result<(), FleetError> {
    ///     Fleet::redis("redis://10.0.0.5/")?.serve([length::service()]).run()
    /// }
    ///
    /// // A caller.
    /// fn lengths(urls: &[String]) -> Result<Vec<usize>, Box<dyn std::error::Error>> {
    ///     let fleet = Fleet::redis("redis://10.0.0.5/")?;
    ///     Ok(length::on(&fleet).map(urls).try_collect()?)
    /// }
    /// # }
    /// ```
    #[cfg(feature = "redis")]
    pub fn redis(url: &str) -> Result<Self, FleetError> {
        let client =
            ::redis::Client::open(url).map_err(|error| FleetError::Server(error.to_string()))?;
        let caller = Caller::new(client, worker::LEASE);
        Ok(Self(Engine::Redis(Arc::new(caller))))
    }

    /// Sets how long a worker owns a call without a sign of life, by default 30 seconds. Callers and workers set the
    /// same.
    ///
    /// Workers give a sign three times in it, however long their calls are. After it another worker gets the call. Set
    /// it longer than any pause of a worker's process, of the network, and of the server: a worker that is paused for
    /// longer has its calls run twice. A caller that is gone for twice as long is forgotten.
    ///
    /// # Panics
    ///
    /// Panics once a function is on the fleet, and for a fleet of processes.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use pool_core::Fleet;
    /// use std::time::Duration;
    ///
    /// let fleet = Fleet::redis("redis://10.0.0.5/")?.lease(Duration::from_secs(60));
    /// # Ok::<(), pool_core::FleetError>(())
    /// ```
    #[cfg(feature = "redis")]
    #[track_caller]
    pub fn lease(mut self, lease: Duration) -> Self {
        match &mut self.0 {
            Engine::Redis(caller) => setting("lease", caller).lease = lease,
            Engine::Processes(_) => panic!("`lease` on a fleet of processes"),
        }
        self
    }

    /// Makes this process a worker of the fleet, once [`run`](Worker::run) is called.
    ///
    /// # Panics
    ///
    /// Panics for a fleet of processes, whose workers find it by [`from_env`](Self::from_env).
    ///
    /// # Examples
    ///
    /// As for [`redis`](Self::redis).
    #[cfg(feature = "redis")]
    pub fn serve(self, services: impl IntoIterator<Item = Service>) -> Worker {
        match &self.0 {
            Engine::Redis(caller) => {
                Worker::at(caller.client.clone(), caller.lease).serve(services)
            }
            Engine::Processes(_) => {
                panic!("`serve` on a fleet of processes: they serve by `from_env`")
            }
        }
    }

    /// Finds out whether this process is a worker, for the first line of `main`.
    ///
    /// It is one if [`Fleet::processes`] has started it. With feature `redis` it is one too if the variable
    /// `POOL_CORE_FLEET` is the URL of a Redis server.
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

    /// Returns the calls that were given up, oldest first for each function. A fleet of processes has none.
    ///
    /// # Errors
    ///
    /// Returns [`FleetError::Server`] if the server cannot be reached, or refuses.
    ///
    /// # Examples
    ///
    /// As for [`DeadLetter`](crate::fleet::DeadLetter).
    #[cfg(feature = "redis")]
    pub fn dead_letters(&self) -> Result<Vec<dead_letter::DeadLetter>, FleetError> {
        match &self.0 {
            Engine::Redis(caller) => dead_letter::all(&caller.client),
            Engine::Processes(_) => Ok(Vec::new()),
        }
    }

    /// Asks the server whether it would lose calls or results, and returns each reason in words: that it keeps no log,
    /// or that it deletes keys when it is full. A worker writes them to the standard error when it starts.
    ///
    /// A server whose user may not ask `INFO` says nothing, and neither does a fleet of processes. Blocks for some
    /// seconds at most.
    ///
    /// # Errors
    ///
    /// Returns [`FleetError::Server`] if the server cannot be reached, refuses, or is older than 7.0. Calls would wait
    /// for it in the first case, and end with this error in the others.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use pool_core::Fleet;
    ///
    /// for warning in Fleet::redis("redis://10.0.0.5/")?.check()? {
    ///     eprintln!("{warning}");
    /// }
    /// # Ok::<(), pool_core::FleetError>(())
    /// ```
    #[cfg(feature = "redis")]
    pub fn check(&self) -> Result<Vec<String>, FleetError> {
        match &self.0 {
            Engine::Redis(caller) => caller.check(),
            Engine::Processes(_) => Ok(Vec::new()),
        }
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

/// What a setting changes, as long as no function is on the fleet.
#[track_caller]
fn setting<'a, E>(name: &str, engine: &'a mut Arc<E>) -> &'a mut E {
    Arc::get_mut(engine).unwrap_or_else(|| {
        panic!("`{name}` comes too late; set it before a function is on the fleet")
    })
}

impl fmt::Debug for Fleet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fleet").field("stats", &self.stats()).finish_non_exhaustive()
    }
}
