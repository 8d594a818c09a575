//! The reporter of a worker, which sends what became of its calls.

use super::desk::{Desk, Done};
use super::link::{Failed, Link};
use super::{GROUP, calls_of, dead_of, scripts, text};
use crate::fleet::frame::{Answer, Report};
use redis::Script;
use std::collections::HashMap;
use std::sync::mpsc::Receiver;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How many answers are reported at once, at most.
const REPORTS: usize = 16;

impl Desk {
    /// Reports what became of calls, until all takers have ended and all is reported.
    pub(super) fn report(&self, ended: &Receiver<Done>) -> Result<(), Failed> {
        let mut link = Link::new(self.client.clone());
        let complete = Script::new(scripts::COMPLETE);
        while let Ok(first) = ended.recv() {
            let mut batch = vec![first];
            while batch.len() < REPORTS {
                let Ok(next) = ended.try_recv() else { break };
                batch.push(next);
            }
            let mut functions: HashMap<&str, Vec<&Done>> = HashMap::new();
            batch
                .iter()
                .for_each(|done| functions.entry(done.function.name()).or_default().push(done));
            for (function, batch) in functions {
                let calls = calls_of(function);
                // A server that does not come back keeps a worker that is ending for so long.
                let given_up = Mutex::new(None::<Instant>);
                let goes_on = || {
                    let mut since = given_up.lock().unwrap_or_else(PoisonError::into_inner);
                    !self.is_ending()
                        || since.get_or_insert_with(Instant::now).elapsed() < Duration::from_secs(5)
                };
                link.run(goes_on, |connection| {
                    let mut call = complete.key(&calls);
                    call.key(dead_of(function)).arg(GROUP);
                    for Done { entry, report, elapsed, .. } in &batch {
                        let dead = if *report == Report::Done(Answer::Dead) { "1" } else { "" };
                        let report = &report.to_bytes()[4..];
                        call.key(text(entry, "c"))
                            .arg(&entry.0)
                            .arg(text(entry, "i"))
                            .arg(report)
                            .arg(u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX))
                            .arg(dead);
                    }
                    call.invoke::<()>(connection)
                })?;
                let mut taken = self.taken();
                batch
                    .iter()
                    .for_each(|done| drop(taken.remove(&(calls.clone(), done.entry.0.clone()))));
            }
        }
        Ok(())
    }
}
