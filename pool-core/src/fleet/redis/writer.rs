//! The writer of a caller, which sends all that has piled up at once.

use super::link::{Failed, Link};
use super::table::{Order, Shared};
use super::{GROUP, calls_of, mark_of, milliseconds, scripts};
use crate::fleet::error::FleetError;
use redis::Script;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

impl Shared {
    /// Sends what has piled up, and renews the sign of life.
    pub(super) fn write(&self, mut link: Link) -> Result<(), Failed> {
        let take_back = Script::new(scripts::TAKE_BACK);
        let (mut renewed, mut connections) = (None::<Instant>, 0);
        loop {
            let beat = self.life / 5;
            let due = |renewed: Option<Instant>| renewed.is_none_or(|at| at.elapsed() >= beat);
            let orders = {
                let mut table = self.table();
                while table.outbox.is_empty() && !table.ended && !due(renewed) {
                    let wait =
                        renewed.map_or(Duration::ZERO, |at| beat.saturating_sub(at.elapsed()));
                    (table, _) = self
                        .waiting
                        .wait_timeout(table, wait)
                        .unwrap_or_else(PoisonError::into_inner);
                }
                if table.ended {
                    break;
                }
                std::mem::take(&mut table.outbox)
            };
            if due(renewed) || connections != link.connections {
                self.live(&mut link)?;
                (renewed, connections) = (Some(Instant::now()), link.connections);
            }
            self.add(&mut link, &orders)?;
            for order in orders {
                let Order::TakeBack(index) = order else { continue };
                let Some((calls, entry)) = self.entry_of(index) else { continue };
                let mark = mark_of(&self.results, &index.to_string());
                let back: u64 = link.run(
                    || self.goes_on(),
                    |connection| {
                        take_back
                            .key(&calls)
                            .key(&mark)
                            .arg(GROUP)
                            .arg(milliseconds(self.life))
                            .arg(&entry)
                            .invoke(connection)
                    },
                )?;
                if back == 1 {
                    self.answer(index, Err(FleetError::Cancelled));
                }
            }
        }
        // Calls that are still open are those of a batch, which keeps the fleet. So there are none.
        link.run(
            || false,
            |connection| redis::cmd("DEL").arg(&self.results).query::<()>(connection),
        )
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

    /// Adds the calls, all at once.
    fn add(&self, link: &mut Link, orders: &[Order]) -> Result<(), Failed> {
        let mut pipe = redis::pipe();
        let mut added = Vec::new();
        {
            let table = self.table();
            for order in orders {
                let Order::Add(index) = order else { continue };
                let Some(open) = table.open.get(index).filter(|open| open.answer.is_none()) else {
                    continue;
                };
                let limit = open.limit.map_or(0, |limit| milliseconds(limit).max(1));
                pipe.cmd("XADD").arg(calls_of(open.function)).arg("*");
                pipe.arg("c")
                    .arg(&self.results)
                    .arg("i")
                    .arg(index)
                    .arg("t")
                    .arg(limit)
                    .arg("p")
                    .arg(&*open.inputs);
                added.push(*index);
            }
        }
        if added.is_empty() {
            return Ok(());
        }
        let entries: Vec<String> =
            link.run(|| self.goes_on(), |connection| pipe.query(connection))?;
        let mut table = self.table();
        for (index, entry) in added.into_iter().zip(entries) {
            if let Some(open) = table.open.get_mut(&index) {
                open.entry = Some(entry);
            }
        }
        Ok(())
    }

    fn entry_of(&self, index: u64) -> Option<(String, String)> {
        let table = self.table();
        let open = table.open.get(&index)?;
        Some((calls_of(open.function), open.entry.clone()?))
    }
}
