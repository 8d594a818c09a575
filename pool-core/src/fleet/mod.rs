//! Fleets: the calls of a function in other processes.
//!
//! A thread cannot be killed, and what kills a process kills all of its threads. So calls that may crash, leak, or
//! never come back run in processes of their own. [`Fleet::processes`] starts copies of this program as **workers**.
//! With feature `redis`, workers are on other machines, and `Fleet::redis` finds them by a server.
//! Batches over a fleet are the same [`Map`](crate::Map) and [`AsCompleted`](crate::AsCompleted) as over a pool.
//!
//! # Promises
//!
//! - **Each input has one outcome**: what the function returned, its panic, or an error of the fleet that says why
//!   there is none. Whatever ends meanwhile: a worker, a connection, the server.
//! - **In processes a call runs at most once.** If its process ends, that is its outcome, as [`FleetError::Crashed`].
//!   The caller decides whether to try again.
//! - **At a server a call runs at least once.** It is handed out again if its worker ends, or gives no sign of life for
//!   the **lease**, and if the server has lost it. Only the first result counts. So a function must do no harm when it
//!   runs twice: write a file of a given name, and do not append to one; set a row, and do not add to one; give a
//!   service a key by which it knows the request again.
//! - **A call that ends its workers is given up.** From its third time on it runs in a copy of the worker's program, so
//!   that nothing else ends with it. After five times it is `FleetError::Dead`, and a dead letter at the server.
//! - **A stop keeps what runs.** Calls that no worker has are taken back as [`FleetError::Cancelled`]. Those that run
//!   see [`is_cancelled`](crate::is_cancelled), and their outcomes come.
//!
//! A fleet is no store of work. If the *caller* ends, its batch ends with it. Calls that it has at the server may still
//! run, and their results are dropped.
//!
//! # Operating a fleet over Redis
//!
//! **The server** is Redis 7.0 or newer. It is best one of its own:
//!
//! ```text
//! # It remembers its calls after a restart.
//! appendonly yes
//! # Where it is full, it refuses new calls. Other policies delete some that it has.
//! maxmemory 1gb
//! maxmemory-policy noeviction
//! ```
//!
//! - Without its log, callers that live add lost calls again: that costs time. Dead letters are lost.
//! - A batch has up to 256 calls with the server, or as many as its [`buffer`](crate::Map::buffer) says. So memory is
//!   bounded by batches × 256 × the size of an input and a result, and by the dead letters, which are about 10,000 of
//!   each function. While the server is full, calls wait, and what runs is reported all the same.
//! - All keys begin with `{pool}`. Programs that have nothing in common use databases of their own:
//!   `redis://10.0.0.5/3`.
//!
//! **Workers** are started by what starts services. They may come and go at any time:
//!
//! ```text
//! [Service]
//! ExecStart=/usr/local/bin/thumbnails --worker
//! Restart=always
//! KillSignal=SIGTERM
//! TimeoutStopSec=300
//! ```
//!
//! - SIGTERM lets a worker take no more calls, finish those that it has, report them, and end with success. The time
//!   to stop is longer than the longest call. A second SIGTERM ends it at once, and so do SIGINT and SIGKILL: its calls
//!   are handed out again after the lease.
//! - A worker's `main` serves on its first lines, since a copy for a call that may crash runs it, too.
//! - A worker runs at most `max_workers` calls of a function at once, and fetches a call only when it can start.
//! - A function that takes or returns another type is another function: give it a new name (`fleet = "resize-2"`),
//!   start workers that serve both, and then the new callers. Callers of a function that no worker serves wait.
//!
//! **What is going on** says [`Fleet::stats`], for the functions that this caller has called. At the server:
//!
//! ```text
//! XLEN {pool}:<function>                calls that wait or run
//! XINFO CONSUMERS {pool}:<function> w   workers: how many calls run, milliseconds since the last sign of life
//! XLEN {pool}:<function>:dead           dead letters
//! ```
//!
//! **What to do when**
//!
//! | what is seen | what it is |
//! | --- | --- |
//! | calls wait, `stats().workers` is 0 | no worker serves the function by this name, at this server and database |
//! | calls wait, and `stats()` is all 0 | the server cannot be reached. Both sides try until it can. [`abandon_after`](crate::AsCompleted::abandon_after) goes on without the calls |
//! | calls wait behind `rediss://` | the same is seen where a certificate is not trusted: look at the server's log |
//! | `FleetError::Server` with `NOAUTH`, `WRONGPASS`, `NOPERM` | the URL names no user, a wrong password, or one without the rights |
//! | [`FleetError::Decoding`] | caller and worker were built with other types of the same name |
//! | `FleetError::Dead` | look at the input, mend the function, and send the dead letter again (`DeadLetter::send_again`), or delete it: `XDEL`, or `DEL` for all |
//! | calls run twice | pauses are longer than the lease, which is 30 s: a machine that sleeps, a full processor, a network that is cut. Set a longer one with `Fleet::lease`, at callers and workers |
//! | a call never ends | a worker cannot end it, since it is a thread there. Give it limits of its own, or run it [in a process](Fleet::processes) |
//! | calls go on after a stop | a worker hears of it within a third of the lease, and only a call that looks at [`is_cancelled`](crate::is_cancelled) ends |
//!
//! # Security
//!
//! A server is for programs that trust each other. A program that may add to a function's stream may call it, with any
//! input. One that may read the streams knows the inputs and the results, which are not encrypted. Unknown functions
//! are never run, and an input that is not of the function's type is refused before the function sees it. A function
//! that takes a path or a command from its input gives both to all callers.
//!
//! So the server listens to the machines of the fleet alone, and has users with passwords. What callers and workers
//! have to be allowed stands at `Fleet::redis`.
//!
//! **TLS** is that of the crate `redis`, where the manifest of the program turns it on. The URL begins with
//! `rediss://`. The server's certificate must be one that the system trusts, or that the file in `SSL_CERT_FILE` does:
//!
//! ```toml
//! redis = { version = "1.2", default-features = false, features = ["tls-rustls"] }
//! rustls = { version = "0.23", default-features = false, features = ["ring"] }
//! ```
//!
//! With two cryptographic providers in the program, it says which one:
//! `rustls::crypto::ring::default_provider().install_default()`.
//!
//! A process of [`Fleet::processes`] has the rights of its caller. It protects from crashes, not from malice.
//!
//! # Limits
//!
//! - An input takes up to 1 MiB on its way to a server: send a path or a URL of what is larger. To a process it may
//!   take almost 4 GiB.
//! - 256 calls of a batch are with a server at once, unless its [`buffer`](crate::Map::buffer) is another one.
//! - A time limit ends a process. At a server it asks, as in a pool.
//! - The time between the end of a call and its outcome at the caller is a fraction of a millisecond, so calls of less
//!   are better sent many at a time, as one input.
//!
//! # Systems
//!
//! Fleets are for Unix. On other systems this module does not exist, and the compiler reports the option `fleet` of
//! `#[concurrent]`. A line there would be another kind of file, and the end of a caller another way to end its workers.
//! A program for both writes `#[cfg_attr(unix, concurrent(fleet))]` and `#[cfg_attr(not(unix), concurrent)]`.
//!
//! On Linux a worker runs the program that runs, also when its file was replaced or deleted meanwhile. On other systems
//! it runs the file that is there now.
//!
//! # How it works
//!
//! What follows is about processes. How calls go by a server stands in the room `redis`.
//!
//! ## The way of one input
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
//! ## When something ends
//!
//! - **A worker**: the caller's read finds the end of the line. The call is [`FleetError::Crashed`], and its place is
//!   empty: the next call starts another process. Where a fork of the worker keeps the line open, the caller finds out
//!   when it looks, every 20 ms. A process that ended between two calls costs none: an order that was not read is known
//!   not to have begun, and goes to a new process.
//! - **The caller**: the worker's read finds the end of the line, whatever ended the caller, since the system closes
//!   the files of a process that ends. The worker ends too, in the middle of its call. A fork of the caller that runs
//!   on without another program has the line, too: there the workers end with the last of these.
//! - **The batch**: while the call waits for its answer, it looks every 20 ms whether it is cancelled. Then it tells
//!   the worker, where `is_cancelled` becomes true. The call is waited for as any running call is. One that waits for a
//!   worker is [`FleetError::Cancelled`].
//! - **The time of a call**: the worker knows how much there is, so that `deadline`, `is_cancelled` and `sleep` heed it
//!   there. A call that still runs 50 ms later is [`FleetError::TimedOut`]: the caller kills the process.
//!
//! ## The line
//!
//! It is a pair of connected sockets. One end is the worker's standard input when it starts. On the first line of its
//! `main`, [`Fleet::from_env`] moves it to a descriptor that no other program inherits, and puts the null device in its
//! place. So `println!` in a worker is no part of the protocol: it goes where the caller's goes. And code that reads
//! from the standard input reads nothing. An environment variable, the mark, names the line's file. A program that a
//! worker's call starts has the variable, too. Its input is another file, so it does not take that for the line.
//!
//! Workers are in process groups of their own, with what they start. A worker that is ended is ended as a group. And
//! Ctrl-C in a terminal reaches the caller alone, which ends its workers by ending, or stops its batches and waits for
//! what runs.

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
