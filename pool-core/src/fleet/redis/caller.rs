//! [`Caller`]: the calls that this process has handed to a server.
//!
//! Each call waits on a thread of the fleet's pool, as a call in another process does. What it has to say goes to the
//! **writer**, which sends all that has piled up at once. The **reader** takes the results off and wakes the calls.

use super::link::{Failed, Link};
use super::table::{Open, Order, Shared};
use super::{GROUP, calls_of, dead_of, milliseconds, unique};
use crate::api::pool::Pool;
use crate::fleet::error::FleetError;
use crate::fleet::frame::Answer;
use crate::fleet::process::is_wanted;
use crate::fleet::stats::Stats;
use crate::{deadline, is_cancelled};
use redis::Client;
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// How many calls of one caller are with the server at once.
const WINDOW: usize = 64;

/// How long a call waits for its answer before it looks whether it is cancelled. A worker hears of that with its next
/// heartbeat only.
const LOOK: Duration = Duration::from_millis(200);

/// How many bytes the inputs of a call may have.
const LIMIT: usize = 1 << 20;

/// What the server tells of a worker.
type Consumer = HashMap<String, redis::Value>;

pub(crate) struct Caller {
    pub(crate) pool: Pool,
    pub(crate) client: Client,
    pub(crate) lease: Duration,
    shared: Mutex<Option<Arc<Shared>>>,
}

impl Caller {
    pub(crate) fn new(client: Client, lease: Duration) -> Self {
        let pool = Pool::builder().max_workers(WINDOW).name("fleet").build();
        Self { pool, client, lease, shared: Mutex::new(None) }
    }

    /// Runs one call at some worker.
    pub(crate) fn call(
        &self,
        function: &'static str,
        inputs: Vec<u8>,
    ) -> Result<Answer, FleetError> {
        if inputs.len() > LIMIT {
            return Err(FleetError::Encoding("it takes more than 1 MiB".into()));
        }
        let shared = self.shared();
        let limit = deadline().map(|at| at.saturating_duration_since(Instant::now()));
        let index = {
            let mut table = shared.table();
            table.last += 1;
            let index = table.last;
            let open = Open {
                function,
                inputs: inputs.into(),
                limit,
                entry: None,
                cancelled: false,
                answer: table.refused.clone().map(Err),
                waits: thread::current(),
            };
            table.functions.insert(function);
            table.open.insert(index, open);
            table.outbox.push(Order::Add(index));
            index
        };
        shared.waiting.notify_one();
        loop {
            let mut table = shared.table();
            let open = table.open.get_mut(&index).expect("this call");
            if let Some(answer) = open.answer.take() {
                table.open.remove(&index);
                return match answer {
                    // It was taken back, for one of two reasons.
                    Err(FleetError::Cancelled) => {
                        Err(is_wanted().err().unwrap_or(FleetError::Cancelled))
                    }
                    answer => answer,
                };
            }
            if !open.cancelled && is_cancelled() {
                open.cancelled = true;
                table.outbox.push(Order::TakeBack(index));
                shared.waiting.notify_one();
            }
            drop(table);
            thread::park_timeout(LOOK);
        }
    }

    /// What the server knows of the functions that this caller has called.
    pub(crate) fn stats(&self) -> Stats {
        let none = Stats { queued: 0, running: 0, workers: 0, dead: 0 };
        let shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(shared) = shared else { return none };
        let functions = shared.table().functions.clone();
        let lease = milliseconds(self.lease);
        let mut link = Link::new(self.client.clone());
        let stats = link.run(
            || false,
            |connection| {
                let (mut stats, mut workers) = (none, BTreeSet::new());
                for function in &functions {
                    let calls = calls_of(function);
                    stats.queued += redis::cmd("XLEN").arg(&calls).query::<usize>(connection)?;
                    stats.dead +=
                        redis::cmd("XLEN").arg(dead_of(function)).query::<usize>(connection)?;
                    let mut consumers = redis::cmd("XINFO");
                    consumers.arg("CONSUMERS").arg(&calls).arg(GROUP);
                    // There is no group before there was a worker.
                    let consumers: Vec<Consumer> = consumers.query(connection).unwrap_or_default();
                    for consumer in consumers {
                        let number = |field| {
                            let value =
                                consumer.get(field).cloned().map(redis::from_redis_value::<u64>);
                            value.and_then(Result::ok).unwrap_or_default()
                        };
                        stats.running += number("pending") as usize;
                        // A worker asks for calls all the time. One that does not is gone.
                        if number("idle") < lease {
                            workers.extend(
                                consumer
                                    .get("name")
                                    .cloned()
                                    .map(redis::from_redis_value::<String>)
                                    .and_then(Result::ok),
                            );
                        }
                    }
                }
                stats.queued = stats.queued.saturating_sub(stats.running);
                stats.workers = workers.len();
                Ok(stats)
            },
        );
        stats.unwrap_or(none)
    }

    /// What the threads know, which are started with the first call.
    fn shared(&self) -> Arc<Shared> {
        let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        let here = |shared: &Arc<Shared>| shared.process == std::process::id();
        *shared = shared.take().filter(here);
        Arc::clone(shared.get_or_insert_with(|| {
            let shared = Arc::new(Shared {
                process: std::process::id(),
                results: format!("{{pool}}:r:{}", unique()),
                life: self.lease * 2,
                table: Mutex::default(),
                waiting: Condvar::new(),
            });
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
