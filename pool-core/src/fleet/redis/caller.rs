//! [`Caller`]: the calls that this process has handed to a server.
//!
//! The fleet's pool takes the inputs and encodes them. Calls that are ready go to the **writer**, which sends all that
//! has piled up at once. The **reader** takes the results off and finishes the calls. No thread waits for one call.

use super::checks;
use super::link::{Failed, Link};
use super::table::Shared;
use super::{GROUP, calls_of, dead_of};
use crate::api::pool::Pool;
use crate::fleet::error::FleetError;
use crate::fleet::stats::Stats;
use redis::Client;
use redis::streams::StreamInfoConsumersReply;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// How many calls of a batch are with the server at once, with those whose results the consumer has not taken.
pub(crate) const WINDOW: usize = 256;

/// How many batches can take an input at once. A thread is there only for one that does.
const MAX_WORKERS: usize = 64;

pub(crate) struct Caller {
    pub(crate) pool: Pool,
    pub(crate) client: Client,
    pub(crate) lease: Duration,
    shared: Mutex<Option<Arc<Shared>>>,
}

impl Caller {
    pub(crate) fn new(client: Client, lease: Duration) -> Self {
        let pool = Pool::builder().max_workers(MAX_WORKERS).name("fleet").build();
        Self { pool, client, lease, shared: Mutex::new(None) }
    }

    /// What may cost calls at the server, in words.
    pub(crate) fn check(&self) -> Result<Vec<String>, FleetError> {
        Link::new(self.client.clone()).run_once(checks::warnings).map_err(FleetError::Server)
    }

    /// What the server knows of the functions that this caller has called.
    pub(crate) fn stats(&self) -> Stats {
        let none = Stats { queued: 0, running: 0, workers: 0, dead: 0 };
        let shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(shared) = shared else { return none };
        let functions = shared.table().functions.clone();
        let lease = self.lease.as_millis();
        let stats = Link::new(self.client.clone()).run_once(|connection| {
            let (mut stats, mut workers) = (none, BTreeSet::new());
            for function in &functions {
                let calls = calls_of(function);
                stats.queued += redis::cmd("XLEN").arg(&calls).query::<usize>(connection)?;
                stats.dead +=
                    redis::cmd("XLEN").arg(dead_of(function)).query::<usize>(connection)?;
                let mut workers_of = redis::cmd("XINFO");
                workers_of.arg("CONSUMERS").arg(&calls).arg(GROUP);
                // There is no group before there was a worker.
                let reply = workers_of.query::<StreamInfoConsumersReply>(connection);
                for worker in reply.unwrap_or_default().consumers {
                    stats.running += worker.pending;
                    // A worker asks for calls all the time. One that does not is gone.
                    if (worker.idle as u128) < lease {
                        workers.insert(worker.name);
                    }
                }
            }
            stats.queued = stats.queued.saturating_sub(stats.running);
            stats.workers = workers.len();
            Ok(stats)
        });
        stats.unwrap_or(none)
    }

    /// What the threads know, which are started with the first call.
    pub(super) fn shared(&self) -> Arc<Shared> {
        let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        let here = |shared: &Arc<Shared>| shared.process == std::process::id();
        *shared = shared.take().filter(here);
        Arc::clone(shared.get_or_insert_with(|| {
            let shared = Arc::new(Shared::new(self.lease * 2));
            for part in [Shared::write, Shared::read] {
                let (shared, link) = (Arc::clone(&shared), Link::new(self.client.clone()));
                let started = thread::Builder::new().name("fleet".into()).spawn({
                    let shared = Arc::clone(&shared);
                    move || {
                        let end = part(&shared, link);
                        if let Err(Failed::Refused(why)) = end {
                            shared.refuse(&FleetError::Server(why));
                        }
                    }
                });
                if let Err(error) = started {
                    shared.refuse(&FleetError::Server(error.to_string()));
                }
            }
            shared
        }))
    }
}

impl Drop for Caller {
    fn drop(&mut self) {
        let shared = self.shared.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(shared) = shared {
            shared.table().ended = true;
            shared.waiting.notify_all();
        }
    }
}
