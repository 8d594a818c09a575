//! The heart of a worker, which gives signs of life, renews leases, and hears which calls are no longer wanted.

use super::checks;
use super::desk::Desk;
use super::link::{Failed, Link};
use super::{Entry, GROUP, mark_of, scripts, text};
use redis::{Connection, RedisResult, Script};
use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

impl Desk {
    /// Beats until the process ends and nothing is taken any more.
    pub(super) fn beat(&self) -> Result<(), Failed> {
        let mut link = Link::new(self.client.clone());
        let renew = Script::new(scripts::RENEW);
        let mut beat = None::<Instant>;
        let is_over = || self.is_ending() && self.taken().is_empty();
        while !self.over.load(Ordering::Relaxed) && !is_over() {
            thread::sleep(Duration::from_millis(50).min(self.lease / 10));
            if beat.is_some_and(|beat| beat.elapsed() < self.lease / 3) {
                continue;
            }
            beat = Some(Instant::now());
            match link.run(|| !self.is_ending(), |connection| self.give_a_sign(connection)) {
                Ok(()) | Err(Failed::GivenUp) => {}
                refused => return refused,
            }
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

    /// Says that this worker lives. It asks for what it has behind the last possible entry. That is nothing, but the
    /// server notes who asked: some versions note that neither for a read that waits in vain nor for a renewal.
    fn give_a_sign(&self, connection: &mut Connection) -> RedisResult<()> {
        for calls in &self.served {
            let mut sign = redis::pipe();
            sign.cmd("XGROUP").arg("CREATECONSUMER").arg(calls).arg(GROUP).arg(&self.name).ignore();
            sign.cmd("XREADGROUP").arg("GROUP").arg(GROUP).arg(&self.name).arg("COUNT").arg(1);
            sign.arg("STREAMS").arg(calls).arg(LAST).ignore();
            match sign.query(connection) {
                // The taker makes the group.
                Err(error) if checks::code(&error).as_deref() == Some("NOGROUP") => {}
                noted => noted?,
            }
        }
        Ok(())
    }
}

/// No entry comes after it. The last number of all stands for entries that no worker has.
const LAST: &str = "18446744073709551615-18446744073709551614";
