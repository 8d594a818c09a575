//! The writer of a caller, which sends all that has piled up at once.

use super::checks;
use super::link::{Failed, Link};
use super::table::{Shared, Table};
use super::{GROUP, calls_of, mark_of, milliseconds, scripts};
use crate::fleet::error::FleetError;
use redis::Script;
use std::collections::HashMap;
use std::sync::PoisonError;
use std::time::Instant;

/// What the writer has to do.
struct Orders {
    /// The calls to add.
    add: Vec<u64>,
    /// The calls to take back.
    take_back: Vec<u64>,
    /// The fleet is gone.
    end: bool,
}

impl Shared {
    /// Sends what has piled up, and renews the sign of life.
    pub(super) fn write(&self, mut link: Link) -> Result<(), Failed> {
        let take_back = Script::new(scripts::TAKE_BACK);
        let beat = self.life / 5;
        link.run(|| self.goes_on(), checks::warnings)?;
        let (mut renewed, mut connections) = (None::<Instant>, 0);
        loop {
            let renewal = renewed.map_or_else(Instant::now, |at| at + beat);
            let orders = self.orders(renewal);
            if orders.end {
                break;
            }
            if renewal <= Instant::now() || connections != link.connections {
                self.live(&mut link)?;
                (renewed, connections) = (Some(Instant::now()), link.connections);
            }
            self.add(&mut link, &orders.add)?;
            self.take_back(&mut link, &take_back, &orders.take_back, || self.goes_on())?;
        }
        // Calls that are still open are those of batches that were dropped. Workers that have one hear of it since the
        // results are gone.
        let open: Vec<u64> = self.table().open.keys().copied().collect();
        let taken_back = self.take_back(&mut link, &take_back, &open, || false);
        taken_back.and_then(|()| {
            link.run(
                || false,
                |connection| redis::cmd("DEL").arg(&self.results).query::<()>(connection),
            )
        })
    }

    /// Waits until there is something to do, at most until then.
    fn orders(&self, until: Instant) -> Orders {
        let mut table = self.table();
        loop {
            let now = Instant::now();
            let take_back = table.unwanted(now);
            if table.ended || !table.outbox.is_empty() || !take_back.is_empty() || until <= now {
                let add = std::mem::take(&mut table.outbox);
                return Orders { add, take_back, end: table.ended };
            }
            let due = table.deadlines.first().map_or(until, |(deadline, _)| until.min(*deadline));
            (table, _) = self
                .waiting
                .wait_timeout(table, due.saturating_duration_since(now))
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Makes the stream of results if there is none, and renews its life.
    pub(super) fn live(&self, link: &mut Link) -> Result<(), Failed> {
        link.run(
            || self.goes_on(),
            |connection| {
                let there: bool = redis::cmd("PEXPIRE")
                    .arg(&self.results)
                    .arg(milliseconds(self.life))
                    .query(connection)?;
                if there {
                    return Ok(());
                }
                let mut pipe = redis::pipe();
                pipe.cmd("XADD").arg(&self.results).arg("*").arg("i").arg(0);
                pipe.cmd("PEXPIRE").arg(&self.results).arg(milliseconds(self.life)).ignore();
                let (_entry,): (String,) = pipe.query(connection)?;
                Ok(())
            },
        )
    }

    /// Adds the calls, all at once. Those that are not wanted any more are answered instead.
    fn add(&self, link: &mut Link, numbers: &[u64]) -> Result<(), Failed> {
        let mut pipe = redis::pipe();
        let (mut added, mut unwanted) = (Vec::new(), Vec::new());
        {
            let (table, now) = (self.table(), Instant::now());
            for number in numbers {
                let Some(open) = table.open.get(number) else { continue };
                if open.cancelled || open.batch.is_cancelled() {
                    unwanted.push((*number, Err(FleetError::Cancelled)));
                    continue;
                }
                let limit = open.deadline.map_or(0, |deadline| {
                    milliseconds(deadline.saturating_duration_since(now)).max(1)
                });
                pipe.cmd("XADD").arg(calls_of(open.function)).arg("*");
                pipe.arg("c").arg(&self.results).arg("i").arg(number);
                pipe.arg("t").arg(limit).arg("p").arg(&open.inputs);
                added.push(*number);
            }
        }
        self.answer(unwanted);
        if added.is_empty() {
            return Ok(());
        }
        let entries: Vec<String> =
            link.run(|| self.goes_on(), |connection| pipe.query(connection))?;
        let mut table = self.table();
        for (number, entry) in added.into_iter().zip(entries) {
            if let Some(open) = table.open.get_mut(&number) {
                open.entry = Some(entry);
            }
        }
        Ok(())
    }

    /// Takes the calls back that no worker has. The others are marked as cancelled. One that is not at the server is
    /// answered when it would be added.
    fn take_back(
        &self,
        link: &mut Link,
        script: &Script,
        numbers: &[u64],
        goes_on: impl Fn() -> bool,
    ) -> Result<(), Failed> {
        let mut functions: HashMap<&str, Vec<(u64, String)>> = HashMap::new();
        {
            let table = self.table();
            for number in numbers {
                let Some(open) = table.open.get(number) else { continue };
                let Some(entry) = open.entry.clone() else { continue };
                functions.entry(open.function).or_default().push((*number, entry));
            }
        }
        for (function, entries) in functions {
            let back: Vec<String> = link.run(&goes_on, |connection| {
                let mut call = script.key(calls_of(function));
                call.arg(GROUP).arg(milliseconds(self.life));
                for (number, entry) in &entries {
                    call.key(mark_of(&self.results, &number.to_string())).arg(entry);
                }
                call.invoke(connection)
            })?;
            let back = entries.into_iter().filter(|(_, entry)| back.contains(entry));
            self.answer(back.map(|(number, _)| (number, Err(FleetError::Cancelled))).collect());
        }
        Ok(())
    }
}

impl Table {
    /// The calls that have come to be unwanted since the last look.
    fn unwanted(&mut self, now: Instant) -> Vec<u64> {
        let mut unwanted = Vec::new();
        while let Some((_, number)) = self.deadlines.first().filter(|(due, _)| *due <= now).copied()
        {
            self.deadlines.pop_first();
            unwanted.push(number);
        }
        if std::mem::take(&mut self.cancelled) {
            let open = self.open.iter().filter(|(_, open)| open.batch.is_cancelled());
            unwanted.extend(open.map(|(number, _)| *number));
        }
        unwanted.retain(|number| {
            let open = self.open.get_mut(number);
            open.is_some_and(|open| !std::mem::replace(&mut open.cancelled, true))
        });
        unwanted
    }
}
