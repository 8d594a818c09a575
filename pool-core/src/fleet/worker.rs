//! [`Worker`]: this process as a worker of a fleet, and the loop that it serves in.

use crate::fleet::copy;
use crate::fleet::error::FleetError;
use crate::fleet::mark::{Mark, VARIABLE};
use crate::fleet::service::Service;
use crate::fleet::system;
use std::collections::BTreeMap;
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};
#[cfg(feature = "redis")]
use std::time::Duration;
use std::{env, io};

/// What this process is to a fleet: a worker of it, or none.
///
/// Made by [`Fleet::from_env`](crate::Fleet::from_env), on the first line of `main`.
///
/// # Examples
///
/// ```
/// # #[cfg(feature = "macros")] {
/// use pool_core::{Fleet, FleetError, concurrent};
///
/// #[concurrent(fleet)]
/// fn square(n: u64) -> u64 { n * n }
///
/// fn main() -> Result<(), FleetError> {
///     Fleet::from_env()?.serve([square::service()]).run()?;
///     // A worker does not come here.
///     let squares = square::on(&Fleet::processes(2)?).map([1, 2, 3]).try_collect::<Vec<_>>();
///     assert_eq!(squares, Ok(vec![1, 4, 9]));
///     Ok(())
/// }
/// # main().unwrap();
/// # }
/// ```
#[must_use = "a worker serves when `run` is called"]
#[derive(Debug)]
pub struct Worker {
    place: Place,
    services: Vec<Service>,
}

#[derive(Debug)]
enum Place {
    /// This process is no worker.
    Nowhere,
    /// The line to its caller.
    Line(UnixStream),
    /// A server, and how long it lets a worker go without a sign of life.
    #[cfg(feature = "redis")]
    Server(Box<redis::Client>, Duration, After),
}

/// What a worker at a server does when it has served.
#[cfg(feature = "redis")]
#[derive(Debug)]
enum After {
    /// What follows `run`, since this process was made a worker by its own code.
    GoOn,
    /// It ends, since it was made one from outside. What follows `run` is for callers.
    End,
}

/// Whether this process has begun to serve its caller.
static SERVES: AtomicBool = AtomicBool::new(false);

/// How deep fleets may be within calls of fleets: so a mistake has an end before the system has.
const DEPTH: u32 = 4;

/// How long a worker owns a call without a sign of life, unless a program says otherwise.
#[cfg(feature = "redis")]
pub(super) const LEASE: Duration = Duration::from_secs(30);

impl Worker {
    /// Finds out what this process is. A worker's standard input is the line to its caller. It gets the null device in
    /// its place, so that no code of the user, and no process that it starts, reads from the line.
    pub(super) fn of_this_process() -> io::Result<Self> {
        let place = match line()? {
            Some(line) => Place::Line(line),
            None => Self::by_url()?,
        };
        Ok(Self { place, services: Vec::new() })
    }

    /// Where a worker that was started by hand belongs to.
    fn by_url() -> io::Result<Place> {
        // What is no URL names the line of a worker that has started this program.
        match env::var(VARIABLE).ok().filter(|place| place.contains("://")) {
            #[cfg(feature = "redis")]
            Some(url) => {
                let client = redis::Client::open(url).map_err(io::Error::other)?;
                Ok(Place::Server(Box::new(client), LEASE, After::End))
            }
            #[cfg(not(feature = "redis"))]
            Some(url) => {
                Err(io::Error::other(format!("`{url}` needs the feature `redis` of pool-core")))
            }
            None => Ok(Place::Nowhere),
        }
    }

    /// A worker at a server, or a copy of one that runs a call which may end its process.
    #[cfg(feature = "redis")]
    pub(super) fn at(client: redis::Client, lease: Duration) -> Self {
        let server = Place::Server(Box::new(client), lease, After::GoOn);
        let place = line().ok().flatten().map_or(server, Place::Line);
        Self { place, services: Vec::new() }
    }

    /// Adds functions that this worker serves. A list holds services of all kinds of functions.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(feature = "macros")] {
    /// use pool_core::{Fleet, concurrent};
    ///
    /// #[concurrent(fleet)]
    /// fn square(n: u64) -> u64 { n * n }
    ///
    /// #[concurrent(fleet)]
    /// fn parse(text: &str) -> Result<i32, String> {
    ///     text.parse().map_err(|error| format!("{error}"))
    /// }
    ///
    /// Fleet::from_env()?.serve([square::service(), parse::service()]).run()?;
    /// # }
    /// # Ok::<(), pool_core::FleetError>(())
    /// ```
    pub fn serve(mut self, services: impl IntoIterator<Item = Service>) -> Self {
        self.services.extend(services);
        self
    }

    /// Serves until the caller has no more use for this worker, and ends the process. If this process is no worker, it
    /// returns at once.
    ///
    /// A copy runs one call at a time, on a thread of its own. It ends when the caller does, however that comes:
    ///
    /// - **If no call runs**, it drops the states of its services, for which it takes five seconds at most.
    /// - **If a call runs**, nothing waits for its result any more. The process ends in the middle of it, with what the
    ///   call has started.
    ///
    /// A worker at a Redis server runs as many calls at once as each function's pool allows, on that pool. It serves
    /// until SIGTERM, and then until its calls have ended and are reported. Then this returns, or ends the process if
    /// that is a worker by the variable of [`Fleet::from_env`](crate::Fleet::from_env). A second SIGTERM ends it at
    /// once.
    ///
    /// What is written to the standard output and to the standard error goes where the caller's does. The standard
    /// input is empty.
    ///
    /// # Errors
    ///
    /// Returns [`FleetError::ServedTwice`] if two services have one name, in a process that is no worker too, and
    /// `FleetError::Server` if a Redis server refuses this worker.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(feature = "macros")] {
    /// use pool_core::{Fleet, FleetError, concurrent};
    ///
    /// #[concurrent(fleet = "square")]
    /// fn square(n: u64) -> u64 { n * n }
    ///
    /// let twice = Fleet::from_env()?.serve([square::service(), square::service()]).run();
    /// assert_eq!(twice, Err(FleetError::ServedTwice("square".into())));
    /// # }
    /// # Ok::<(), pool_core::FleetError>(())
    /// ```
    pub fn run(self) -> Result<(), FleetError> {
        let mut services = BTreeMap::new();
        for service in self.services {
            let name = service.name().to_owned();
            if services.insert(name.clone(), service).is_some() {
                return Err(FleetError::ServedTwice(name));
            }
        }
        match self.place {
            Place::Line(line) => {
                SERVES.store(true, Ordering::Relaxed);
                copy::serve(line, services)
            }
            #[cfg(feature = "redis")]
            Place::Server(client, lease, after) => {
                let services = services.into_values().collect();
                crate::fleet::redis::worker::serve(*client, lease, services)?;
                match after {
                    After::GoOn => Ok(()),
                    After::End => std::process::exit(0),
                }
            }
            Place::Nowhere => Ok(()),
        }
    }
}

/// The line to the caller, if this process is a copy of it.
fn line() -> io::Result<Option<UnixStream>> {
    if !Mark::of_this_process().is_some_and(|mark| mark.has_its_line()) {
        return Ok(None);
    }
    // Closed in processes that this one starts.
    let line = io::stdin().as_fd().try_clone_to_owned()?;
    system::without_input()?;
    Ok(Some(UnixStream::from(line)))
}

/// Refuses a caller's part in a process that was started as a worker, unless it serves. Otherwise a `main` that does
/// not serve, or that has closed its line before it could, would start workers that start workers.
pub(super) fn may_call() -> Result<(), FleetError> {
    let Some(mark) = Mark::of_this_process() else { return Ok(()) };
    let serves = SERVES.load(Ordering::Relaxed);
    if !serves && (mark.has_its_line() || mark.is_of_the_caller()) {
        return Err(FleetError::NotServing);
    }
    if mark.depth() >= DEPTH {
        let why =
            format!("this process is within {DEPTH} workers, each started by the one around it");
        return Err(FleetError::NotStarted(why));
    }
    Ok(())
}
