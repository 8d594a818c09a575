//! The heart of a worker, which renews its leases and hears which calls are no longer wanted.

use super::desk::Desk;
use super::link::{Failed, Link};
use super::{Entry, GROUP, mark_of, scripts, text};
use redis::Script;
use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

impl Desk {
    /// Renews leases until the process ends and nothing is taken any more.
    pub(super) fn beat(&self) -> Result<(), Failed> {
        let mut link = Link::new(self.client.clone());
        let renew = Script::new(scripts::RENEW);
        let mut beat = Instant::now();
        let is_over = || self.is_ending() && self.taken().is_empty();
        while !self.over.load(Ordering::Relaxed) && !is_over() {
            thread::sleep(Duration::from_millis(50).min(self.lease / 10));
            if beat.elapsed() < self.lease / 3 {
                continue;
            }
            beat = Instant::now();
            let mut functions: HashMap<String, Vec<Entry>> = HashMap::new();
            for ((calls, _), taken) in self.taken().iter() {
                functions.entry(calls.clone()).or_default().push(taken.entry.clone());
            }
            for (calls, entries) in functions {
                let gone: Vec<String> = match link.run(
                    || !self.is_ending(),
                    |connection| {
                        let mut call = renew.key(&calls);
                        call.arg(GROUP).arg(&self.name);
                        for entry in &entries {
                            let results = text(entry, "c");
                            call.key(&results)
                                .key(mark_of(&results, &text(entry, "i")))
                                .arg(&entry.0);
                        }
                        call.invoke(connection)
                    },
                ) {
                    Ok(gone) => gone,
                    Err(Failed::GivenUp) => break,
                    Err(refused) => return Err(refused),
                };
                let taken = self.taken();
                for entry in gone {
                    let call =
                        taken.get(&(calls.clone(), entry)).and_then(|taken| taken.call.as_ref());
                    // One that waits for the pool must be run all the same, or nothing would be reported.
                    if let Some(call) = call.filter(|call| call.has_started()) {
                        call.stop_handle().stop();
                    }
                }
            }
        }
        Ok(())
    }
}
