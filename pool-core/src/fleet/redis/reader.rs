//! The reader of a caller, which takes results off and finishes their calls.

use super::link::{Failed, Link};
use super::table::Shared;
use super::{BLOCK, Read, bytes, calls_of, milliseconds, text};
use crate::fleet::error::FleetError;
use crate::fleet::frame::Report;
use std::time::{Duration, Instant};

/// How often the caller looks for calls that the server has lost.
const AUDIT: Duration = Duration::from_secs(5);

impl Shared {
    /// Takes results off, and looks now and then for calls that the server has lost.
    pub(super) fn read(&self, mut link: Link) -> Result<(), Failed> {
        let (mut handled, mut audited, mut connections) = (Vec::new(), Instant::now(), 1);
        while self.goes_on() {
            self.take(&mut link, &mut handled, true)?;
            if connections != link.connections || audited.elapsed() >= AUDIT {
                (connections, audited) = (link.connections, Instant::now());
                self.audit(&mut link, &mut handled)?;
            }
        }
        Ok(())
    }

    /// Deletes the results that were handled, and handles those that are there. Returns how many.
    fn take(
        &self,
        link: &mut Link,
        handled: &mut Vec<String>,
        waits: bool,
    ) -> Result<usize, Failed> {
        let read: Read = link.run(
            || self.goes_on(),
            |connection| {
                if !handled.is_empty() {
                    redis::cmd("XDEL").arg(&self.results).arg(&*handled).query::<()>(connection)?;
                }
                let mut read = redis::cmd("XREAD");
                read.arg("COUNT").arg(256);
                if waits {
                    read.arg("BLOCK").arg(milliseconds(BLOCK));
                }
                // From the first one: no position that a server which has forgotten something could make wrong.
                read.arg("STREAMS").arg(&self.results).arg(0).query(connection)
            },
        )?;
        handled.clear();
        let mut answers = Vec::new();
        for result in read.into_iter().flatten().flat_map(|(_, results)| results) {
            let number = text(&result, "i").parse().unwrap_or(0);
            if let Ok(Report::Done(answer)) = Report::parse(bytes(&result, "a")) {
                let elapsed = text(&result, "e").parse().ok().map(Duration::from_micros);
                answers.push((number, Ok((answer, elapsed.unwrap_or_default()))));
            }
            handled.push(result.0);
        }
        self.answer(answers);
        Ok(handled.len())
    }

    /// Adds calls again whose entries are gone, though there is no result.
    fn audit(&self, link: &mut Link, handled: &mut Vec<String>) -> Result<(), Failed> {
        self.live(link)?;
        let entries: Vec<(u64, String, String)> = {
            let table = self.table();
            let open = table.open.iter().filter_map(|(number, open)| {
                Some((*number, calls_of(open.function), open.entry.clone()?))
            });
            open.collect()
        };
        if entries.is_empty() {
            return Ok(());
        }
        let there: Vec<Vec<redis::Value>> = link.run(
            || self.goes_on(),
            |connection| {
                let mut pipe = redis::pipe();
                for (_, calls, entry) in &entries {
                    pipe.cmd("XRANGE").arg(calls).arg(entry).arg(entry);
                }
                pipe.query(connection)
            },
        )?;
        // What was completed meanwhile has its result before its entry is gone.
        while self.take(link, handled, false)? > 0 {}
        let mut table = self.table();
        let mut unwanted = Vec::new();
        for ((number, _, entry), there) in entries.into_iter().zip(there) {
            let Some(open) = table.open.get_mut(&number) else { continue };
            if !there.is_empty() || open.entry.as_deref() != Some(&entry) {
                continue;
            }
            if open.cancelled {
                unwanted.push((number, Err(FleetError::Cancelled)));
            } else {
                open.entry = None;
                table.outbox.push(number);
            }
        }
        drop(table);
        self.answer(unwanted);
        self.waiting.notify_one();
        Ok(())
    }
}
