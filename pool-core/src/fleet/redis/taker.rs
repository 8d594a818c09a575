//! The taker of a function: it asks for as many calls as have a place, and begins them.

use super::desk::{AllTaken, Desk, Done, Taken};
use super::link::{Failed, Link};
use super::{
    BLOCK, Entry, GROUP, MAX_DELIVERIES, Read, SILENT, SUSPECT, bytes, calls_of, forget,
    milliseconds, text,
};
use crate::api::task::Task;
use crate::fleet::error::FleetError;
use crate::fleet::frame::{Answer, Report};
use crate::fleet::process::Process;
use crate::fleet::service::Service;
use redis::RedisResult;
use redis::streams::StreamInfoConsumersReply;
use std::sync::atomic::Ordering;
use std::sync::mpsc::Sender;
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

impl Desk {
    /// Takes calls of one function while there are places for them.
    pub(super) fn take(
        self: &Arc<Self>,
        service: Arc<Service>,
        done: Sender<Done>,
    ) -> Result<(), Failed> {
        let calls = calls_of(service.name());
        let mut link = Link::greeting(self.client.clone(), {
            let calls = calls.clone();
            move |connection| group(connection, &calls)
        });
        // None was made yet.
        let (mut scanned, mut connections) = (Instant::now(), u64::MAX);
        while !self.is_ending() {
            let free = {
                let mut taken = self.taken();
                while places(&taken, &service, &calls) == 0 && !self.is_ending() {
                    taken = self.wait_for_a_place(taken);
                }
                places(&taken, &service, &calls)
            };
            // The worker ends. For the server, a count of none is as many as there are.
            if free == 0 {
                break;
            }
            let entries = if connections == link.connections {
                let asked = self.ask(&mut link, &calls, free);
                asked.map(|entries| entries.into_iter().map(|entry| (entry, 1)).collect())
            } else {
                let mine = self.find(&mut link, &calls);
                connections = link.connections;
                mine
            };
            match entries {
                Ok(entries) => {
                    let entries: Vec<(Entry, usize)> = entries;
                    for (entry, deliveries) in entries {
                        self.begin(&service, &calls, entry, &done, deliveries);
                    }
                }
                Err(Failed::GivenUp) => break,
                Err(refused) => return Err(refused),
            }
            if scanned.elapsed() >= self.lease / 3 {
                scanned = Instant::now();
                self.scan(&mut link, &service, &calls, &done)?;
                self.forget_the_silent(&mut link, &calls)?;
            }
        }
        // What has begun is waited for: a call that is dropped would not be reported.
        let mut taken = self.taken();
        while running(&taken, &calls) > 0 {
            taken = self.wait_for_a_place(taken);
        }
        Ok(())
    }

    /// Waits until a call has ended, or for a little.
    fn wait_for_a_place<'a>(&self, taken: MutexGuard<'a, AllTaken>) -> MutexGuard<'a, AllTaken> {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        let (taken, _) =
            self.freed.wait_timeout(taken, BLOCK).unwrap_or_else(PoisonError::into_inner);
        self.waiting.fetch_sub(1, Ordering::Relaxed);
        taken
    }

    /// Asks for calls that no worker has, and waits a little for some.
    fn ask(&self, link: &mut Link, calls: &str, free: usize) -> Result<Vec<Entry>, Failed> {
        let read = link.run(
            || !self.is_ending(),
            |connection| {
                let mut read = redis::cmd("XREADGROUP");
                read.arg("GROUP").arg(GROUP).arg(&self.name);
                read.arg("COUNT").arg(free).arg("BLOCK").arg(milliseconds(BLOCK));
                read.arg("STREAMS").arg(calls).arg(">").query::<Read>(connection)
            },
        )?;
        Ok(read.into_iter().flatten().flat_map(|(_, entries)| entries).collect())
    }

    /// Finds calls that were handed to this worker and did not arrive, after a new connection. They are looked up,
    /// since reading them would count as a delivery. Each comes with how often it was delivered.
    fn find(&self, link: &mut Link, calls: &str) -> Result<Vec<(Entry, usize)>, Failed> {
        // What is known now may be reported before the server answers, so what was known before counts.
        let known: Vec<String> = self.taken().keys().map(|(_, entry)| entry.clone()).collect();
        link.run(
            || !self.is_ending(),
            |connection| {
                let mut pending = redis::cmd("XPENDING");
                pending.arg(calls).arg(GROUP).arg("-").arg("+").arg(1000).arg(&self.name);
                let pending: Vec<(String, String, u64, usize)> = pending.query(connection)?;
                let mut found = Vec::new();
                for (id, _, _, deliveries) in pending {
                    if known.contains(&id) {
                        continue;
                    }
                    let mut range = redis::cmd("XRANGE");
                    let entries: Vec<Entry> =
                        range.arg(calls).arg(&id).arg(&id).query(connection)?;
                    found.extend(entries.into_iter().map(|entry| (entry, deliveries)));
                }
                Ok(found)
            },
        )
    }

    /// Takes over one call after another whose worker has not renewed its lease.
    fn scan(
        self: &Arc<Self>,
        link: &mut Link,
        service: &Arc<Service>,
        calls: &str,
        done: &Sender<Done>,
    ) -> Result<(), Failed> {
        let lease = milliseconds(self.lease);
        while !self.is_ending() && places(&self.taken(), service, calls) > 0 {
            let claimed = link.run(
                || !self.is_ending(),
                |connection| {
                    let pending: Vec<(String, String, u64, usize)> = redis::cmd("XPENDING")
                        .arg(calls)
                        .arg(GROUP)
                        .arg("IDLE")
                        .arg(lease)
                        .arg("-")
                        .arg("+")
                        .arg(1)
                        .query(connection)?;
                    let Some((id, _, _, deliveries)) = pending.into_iter().next() else {
                        return Ok(None);
                    };
                    // Only one worker gets it, since a claim makes it young again.
                    let claimed: Vec<Option<Entry>> = redis::cmd("XCLAIM")
                        .arg(calls)
                        .arg(GROUP)
                        .arg(&self.name)
                        .arg(lease)
                        .arg(&id)
                        .query(connection)?;
                    Ok(Some((claimed.into_iter().flatten().next(), deliveries + 1)))
                },
            );
            let (entry, deliveries) = match claimed {
                Ok(Some((Some(entry), deliveries))) => (entry, deliveries),
                Ok(Some((None, _))) => continue,
                Ok(None) | Err(Failed::GivenUp) => return Ok(()),
                Err(refused) => return Err(refused),
            };
            let key = (calls.to_owned(), entry.0.clone());
            if self.taken().contains_key(&key) {
                // It runs here: this process was stopped for longer than its lease, and has the call again.
                continue;
            }
            self.begin(service, calls, entry, done, deliveries);
        }
        Ok(())
    }

    /// Runs one call on the function's pool, unless it was delivered too often.
    fn begin(
        self: &Arc<Self>,
        service: &Arc<Service>,
        calls: &str,
        entry: Entry,
        done: &Sender<Done>,
        deliveries: usize,
    ) {
        let key = (calls.to_owned(), entry.0.clone());
        let runs = deliveries <= MAX_DELIVERIES;
        let taken = Taken { entry: entry.clone(), call: None, runs, alone: false };
        self.taken().insert(key.clone(), taken);
        if !runs {
            let report = Report::Done(Answer::Dead);
            let (function, elapsed) = (Arc::clone(service), Duration::ZERO);
            let _ = done.send(Done { function, entry, report, elapsed });
            return;
        }
        let limit =
            text(&entry, "t").parse().ok().filter(|limit| *limit > 0).map(Duration::from_millis);
        let (desk, done, of) = (Arc::clone(self), done.clone(), key.clone());
        let function = Arc::clone(service);
        let call = Task::start(service.pool().crew(), limit, move || {
            let begun = Instant::now();
            let inputs = bytes(&entry, "p");
            let answer = if deliveries < SUSPECT {
                let _beside = desk.beside.read().unwrap_or_else(PoisonError::into_inner);
                function.answer(inputs)
            } else {
                desk.answer_suspect(&function, inputs, deliveries, &of)
            };
            let elapsed = begun.elapsed();
            let (call, is_awaited) = {
                let mut all = desk.taken();
                let taken = all.get_mut(&of);
                let call = taken.and_then(|taken| {
                    (taken.runs, taken.alone) = (false, false);
                    taken.call.take()
                });
                // Takers count themselves under the same lock, so one that has seen no place is counted here.
                (call, desk.waiting.load(Ordering::Relaxed) > 0)
            };
            drop(call);
            let report = Report::Done(answer);
            let _ = done.send(Done { function, entry, report, elapsed });
            // It costs a call of the system also where no thread waits.
            if is_awaited {
                desk.freed.notify_all();
            }
        });
        if let Some(taken) = self.taken().get_mut(&key).filter(|taken| taken.runs) {
            taken.call = Some(call);
        }
    }

    /// Runs a call that may end its process in a copy of this program, in a new one after each crash. If it has had so
    /// many chances in all, it is given up.
    fn answer_suspect(
        &self,
        function: &Service,
        inputs: &[u8],
        deliveries: usize,
        key: &(String, String),
    ) -> Answer {
        for _ in deliveries..=MAX_DELIVERIES {
            match Process::run_alone(function.name(), inputs) {
                Err(FleetError::Crashed(_)) => {}
                Err(FleetError::Cancelled | FleetError::TimedOut) => return Answer::Cancelled,
                // No copy can run it, so all else in this process waits.
                Ok(Answer::NotServed) | Err(_) => {
                    if let Some(taken) = self.taken().get_mut(key) {
                        taken.alone = true;
                    }
                    let _alone = self.beside.write().unwrap_or_else(PoisonError::into_inner);
                    return function.answer(inputs);
                }
                Ok(answer) => return answer,
            }
        }
        Answer::Dead
    }

    /// Takes the names of workers out of the group that have nothing and are gone.
    fn forget_the_silent(&self, link: &mut Link, calls: &str) -> Result<(), Failed> {
        let silent = (self.lease * SILENT).as_millis();
        let forgotten = link.run(
            || !self.is_ending(),
            |connection| {
                let mut workers = redis::cmd("XINFO");
                workers.arg("CONSUMERS").arg(calls).arg(GROUP);
                let workers: StreamInfoConsumersReply = workers.query(connection)?;
                let silent = workers.consumers.iter().filter(|it| it.idle as u128 > silent);
                for worker in silent {
                    forget(connection, calls, &worker.name)?;
                }
                Ok(())
            },
        );
        match forgotten {
            Err(Failed::GivenUp) => Ok(()),
            forgotten => forgotten,
        }
    }
}

/// How many calls of a function run here.
fn running(taken: &AllTaken, calls: &str) -> usize {
    taken.iter().filter(|((of, _), taken)| of == calls && taken.runs).count()
}

/// How many calls of a function may begin. None while one waits to run alone: they would end with it.
fn places(taken: &AllTaken, service: &Service, calls: &str) -> usize {
    if taken.values().any(|taken| taken.alone) {
        return 0;
    }
    service.pool().max_workers().saturating_sub(running(taken, calls))
}

/// Makes the consumer group, unless it is there.
fn group(connection: &mut redis::Connection, calls: &str) -> RedisResult<()> {
    let made = redis::cmd("XGROUP")
        .arg("CREATE")
        .arg(calls)
        .arg(GROUP)
        .arg(0)
        .arg("MKSTREAM")
        .query::<()>(connection);
    match made {
        Err(error) if error.code() == Some("BUSYGROUP") => Ok(()),
        made => made,
    }
}
