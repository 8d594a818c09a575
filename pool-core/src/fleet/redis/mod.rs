//! Fleets over Redis Streams: workers on many machines, and a server that remembers what was handed out.
//!
//! Delivery, ownership and the count of deliveries are those of Redis' consumer groups. What is ours is a loop at each
//! end and a few scripts.
//!
//! # The keys
//!
//! All begin with `{pool}`, so that a cluster keeps them together:
//!
//! | key | what it is |
//! | --- | --- |
//! | `{pool}:<function>` | a stream of calls, with the consumer group `w` |
//! | `{pool}:<function>:dead` | calls that were given up, about 10,000 of them |
//! | `{pool}:r:<caller>` | a stream of results, which is also the caller's sign of life: it expires |
//! | `{pool}:r:<caller>:x:<index>` | says that this call is cancelled; it expires |
//!
//! # The way of one call
//!
//! 1. A worker of the fleet's own pool takes the input, encodes it and sends the call, for which no thread waits
//!    ([`sent`](crate::api::sent)). The caller's **writer** adds an entry to the function's stream: the key of its
//!    results, a number, the inputs. It adds all calls at once that are there.
//! 2. A worker with a free place takes it (`XREADGROUP`), and owns it for a **lease**. While the call runs, the worker
//!    renews the lease three times in its length, and hears whether the call is still wanted.
//! 3. [`COMPLETE`] removes the entry and adds the result in one step, if the worker still owns the entry. So a call has
//!    one result for each entry, however many workers have run it.
//! 4. The caller's **reader** reads its results from the first on, finishes the call of each, and deletes them. What
//!    the user's function returned is read there, too.
//!
//! # When something ends
//!
//! - **A worker**: its leases run out. Another worker takes the entry (`XCLAIM`). From the third time on the call is a
//!   **suspect**: it may be what kills its workers. So it runs in a copy of the worker's program, as one of a fleet of
//!   processes does, and nothing else ends with it. After five times in all it is a dead letter, and
//!   [`FleetError::Dead`](crate::FleetError::Dead). Where no copy can be started, a suspect runs in the worker itself,
//!   alone.
//! - **A worker for good**: the name of one that has nothing and was not heard of for ten leases is taken out of the
//!   group by the others.
//! - **The caller**: its results expire, its calls see that they are cancelled, and their results go nowhere.
//! - **A connection, or the server**: both sides connect again and repeat what they did. An entry that is added twice
//!   is a second execution at worst, since the caller takes the first result of an index and drops others. A worker
//!   looks for entries that were handed to it and did not arrive.
//! - **The server's memory**: the caller **audits** now and then whether the entries of its open calls exist. If one
//!   does not, and no result has come either, it adds the call again. That is right since [`COMPLETE`] is one step.

pub(super) mod caller;
pub(super) mod carrier;
mod checks;
pub(super) mod dead_letter;
mod desk;
mod heart;
mod link;
mod reader;
mod reporter;
mod scripts;
mod table;
mod taker;
pub(super) mod worker;
mod writer;

use redis::{Connection, RedisResult, Script};
use std::time::Duration;

#[cfg(doc)]
use self::scripts::COMPLETE;

/// The consumer group of all workers.
const GROUP: &str = "w";

/// The key for results that no caller waits for. No such key exists at the server, so the results are dropped.
const NOBODY: &str = "{pool}:r:nobody";

/// How often a call is handed out before it is given up.
const MAX_DELIVERIES: usize = 5;

/// From which delivery on a call is suspected to end its worker.
const SUSPECT: usize = 3;

/// For how many leases a worker that has nothing may be silent before it is forgotten.
const SILENT: u32 = 10;

/// How long a read waits at the server.
const BLOCK: Duration = Duration::from_millis(500);

/// An entry of a stream: its id and its fields. Any program may have written it, so the names need not be text either.
type Entry = (String, Vec<(Vec<u8>, Vec<u8>)>);

/// What reading streams gives.
type Read = Option<Vec<(String, Vec<Entry>)>>;

fn calls_of(function: &str) -> String {
    format!("{{pool}}:{function}")
}

fn dead_of(function: &str) -> String {
    format!("{{pool}}:{function}:dead")
}

fn mark_of(results: &str, index: &str) -> String {
    format!("{results}:x:{index}")
}

/// Takes the name of a worker out of the group, unless it has calls.
fn forget(connection: &mut Connection, calls: &str, worker: &str) -> RedisResult<()> {
    Script::new(scripts::FORGET).key(calls).arg(GROUP).arg(worker).invoke(connection)
}

/// A name that no other process has.
fn unique() -> String {
    use std::hash::{BuildHasher as _, RandomState};
    format!(
        "{}-{:016x}",
        std::process::id(),
        RandomState::new().hash_one(std::time::SystemTime::now())
    )
}

/// A field as text.
fn text(entry: &Entry, field: &str) -> String {
    String::from_utf8_lossy(bytes(entry, field)).into_owned()
}

fn bytes<'a>(entry: &'a Entry, field: &str) -> &'a [u8] {
    let found = entry.1.iter().find(|(name, _)| name == field.as_bytes());
    found.map_or(&[], |(_, value)| value)
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
