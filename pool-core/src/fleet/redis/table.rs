//! [`Shared`]: what a caller and the two threads that speak to its server know together.

use crate::fleet::error::FleetError;
use crate::fleet::frame::Answer;
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::Thread;
use std::time::Duration;

pub(super) struct Shared {
    /// The process whose threads these are. A fork of it has none of them.
    pub(super) process: u32,
    /// The key of the results.
    pub(super) results: String,
    /// How long the results stay when the caller is gone.
    pub(super) life: Duration,
    pub(super) table: Mutex<Table>,
    /// There is something to write.
    pub(super) waiting: Condvar,
}

#[derive(Default)]
pub(super) struct Table {
    pub(super) last: u64,
    pub(super) open: HashMap<u64, Open>,
    pub(super) outbox: Vec<Order>,
    pub(super) functions: BTreeSet<&'static str>,
    /// The fleet is gone.
    pub(super) ended: bool,
    /// The server refuses this caller.
    pub(super) refused: Option<FleetError>,
}

/// A call that waits for its answer.
pub(super) struct Open {
    pub(super) function: &'static str,
    pub(super) inputs: Arc<[u8]>,
    pub(super) limit: Option<Duration>,
    /// The entry at the server, once the writer knows it.
    pub(super) entry: Option<String>,
    pub(super) cancelled: bool,
    pub(super) answer: Option<Result<Answer, FleetError>>,
    pub(super) waits: Thread,
}

pub(super) enum Order {
    Add(u64),
    TakeBack(u64),
}

impl Shared {
    pub(super) fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn goes_on(&self) -> bool {
        !self.table().ended
    }

    pub(super) fn refuse(&self, error: &FleetError) {
        let mut table = self.table();
        table.refused = Some(error.clone());
        for open in table.open.values_mut().filter(|open| open.answer.is_none()) {
            open.answer = Some(Err(error.clone()));
            open.waits.unpark();
        }
    }

    pub(super) fn answer(&self, index: u64, answer: Result<Answer, FleetError>) {
        // The first one counts.
        if let Some(open) = self.table().open.get_mut(&index).filter(|open| open.answer.is_none()) {
            open.answer = Some(answer);
            open.waits.unpark();
        }
    }
}
