//! [`Shared`]: what a caller and the two threads that speak to its server know together.

use crate::api::sent::{Hint, Listening};
use crate::fleet::error::FleetError;
use crate::fleet::frame::Answer;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

pub(super) struct Shared {
    /// The process whose threads these are. A fork of it has none of them.
    pub(super) process: u32,
    /// The key of the results.
    pub(super) results: String,
    /// How long the results stay when the caller is gone.
    pub(super) life: Duration,
    table: Mutex<Table>,
    /// There is something to write.
    pub(super) waiting: Condvar,
}

#[derive(Default)]
pub(super) struct Table {
    last: u64,
    /// The calls that have no answer yet, by number.
    pub(super) open: HashMap<u64, Open>,
    /// The calls to add, by number.
    pub(super) outbox: Vec<u64>,
    /// The times at which calls without an answer are taken back.
    pub(super) deadlines: BTreeSet<(Instant, u64)>,
    /// A batch was cancelled.
    pub(super) cancelled: bool,
    pub(super) functions: BTreeSet<&'static str>,
    /// The fleet is gone.
    pub(super) ended: bool,
    /// The server refuses this caller.
    refused: Option<FleetError>,
}

/// A call that was sent and has no answer yet.
pub(super) struct Open {
    pub(super) function: &'static str,
    pub(super) inputs: Vec<u8>,
    pub(super) deadline: Option<Instant>,
    /// Knows whether the batch is cancelled.
    pub(super) batch: Arc<Listening>,
    /// The entry at the server, once the writer knows it.
    pub(super) entry: Option<String>,
    /// It is not wanted any more.
    pub(super) cancelled: bool,
    /// Where the answer goes.
    pub(super) back: Back,
}

/// The way back to the batch of a call.
pub(super) struct Back {
    pub(super) batch: Hint,
    pub(super) index: usize,
    pub(super) answers: Arc<Answers>,
}

/// What became of a call, and how long it ran, or why it did not.
pub(super) type Answered = Result<(Answer, Duration), FleetError>;

/// The answers to calls of one batch, by index, until they are received.
#[derive(Default)]
pub(super) struct Answers(Mutex<BTreeMap<usize, Answered>>);

impl Answers {
    pub(super) fn put(&self, index: usize, answer: Answered) {
        self.lock().insert(index, answer);
    }

    pub(super) fn take(&self, index: usize) -> Answered {
        self.lock().remove(&index).expect("a call is received when its answer is there")
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<usize, Answered>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Open {
    fn answer(self, answer: Answered) {
        let late = self.deadline.is_some_and(|deadline| deadline <= Instant::now());
        // It was not run, for one of two reasons.
        let answer = match answer {
            Ok((Answer::Cancelled, _)) | Err(FleetError::Cancelled) if late => {
                Err(FleetError::TimedOut)
            }
            answer => answer,
        };
        let Back { batch, index, answers } = self.back;
        answers.put(index, answer);
        batch.finish(index);
    }
}

impl Shared {
    pub(super) fn new(life: Duration) -> Self {
        Self {
            process: std::process::id(),
            results: format!("{{pool}}:r:{}", super::unique()),
            life,
            table: Mutex::default(),
            waiting: Condvar::new(),
        }
    }

    pub(super) fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn goes_on(&self) -> bool {
        !self.table().ended
    }

    /// Hands a call to the writer.
    pub(super) fn send(&self, open: Open) {
        let mut table = self.table();
        if let Some(error) = table.refused.clone() {
            drop(table);
            return open.answer(Err(error));
        }
        table.last += 1;
        let number = table.last;
        table.functions.insert(open.function);
        table.deadlines.extend(open.deadline.map(|deadline| (deadline, number)));
        table.open.insert(number, open);
        table.outbox.push(number);
        drop(table);
        self.waiting.notify_one();
    }

    /// Says that a batch was cancelled, so that its calls are taken back.
    pub(super) fn ring(&self) {
        self.table().cancelled = true;
        self.waiting.notify_one();
    }

    /// Answers these calls. The first answer to a call counts.
    pub(super) fn answer(&self, answers: Vec<(u64, Answered)>) {
        let mut table = self.table();
        let answered = answers.into_iter().filter_map(|(number, answer)| {
            let open = table.open.remove(&number)?;
            if let Some(deadline) = open.deadline {
                table.deadlines.remove(&(deadline, number));
            }
            Some((open, answer))
        });
        let answered: Vec<_> = answered.collect();
        drop(table);
        answered.into_iter().for_each(|(open, answer)| open.answer(answer));
    }

    /// Answers every call with this error, now and later.
    pub(super) fn refuse(&self, error: &FleetError) {
        let numbers = {
            let mut table = self.table();
            table.refused = Some(error.clone());
            table.open.keys().map(|number| (*number, Err(error.clone()))).collect()
        };
        self.answer(numbers);
    }
}
