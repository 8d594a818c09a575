//! Decides whether a batch may take another input, and how many hints are to say so. Plain accounting under the batch's lock.
//!
//! # Hints, not rights
//!
//! A **hint** in a queue says that a batch may have something to run. Finding one gives no right to work; the right is taken here, by
//! [`Account::begin`], when
//!
//! ```text
//! can = open and the inputs are here and active < max and in flight < buffer
//! ```
//!
//! The lock is never held while code of the user runs: who takes an input takes the iterator itself out of the account, so that
//! nobody else can be inside it, and brings it back. Every section that could make `can` true, or that uses up a hint, ends with
//! [`Account::settle`]:
//!
//! | section | may make `can` true | uses up a hint |
//! | --- | --- | --- |
//! | started | yes | |
//! | iterator brought back | yes | |
//! | call ended | yes | |
//! | result taken, buffer lifted | yes | |
//! | hint found | | yes |
//!
//! # No hint is lost
//!
//! While `can` holds, a hint waits in a queue; or a worker is between two inputs and about to look, or stands by and looks in a moment; or
//! somebody is between a section above and the push that it ends with.
//!
//! - Either `can` became true in a section that ended with `settle`: then there was a hint already, or one is pushed.
//! - Or a hint was used up while `can` held: then that section took an input, which made `can` false, or ended with `settle`.
//!
//! A hint too many costs one look under the lock. There is one more than the pool's cap has use for, if the batch is longer: it waits
//! in the queue for a place that becomes free because a call waits, or because the cap is raised.

use crate::config::Settings;
use std::num::NonZeroUsize;

/// How far a batch is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Debug)]
pub(crate) enum Phase {
    /// Being set up; nothing runs.
    New,
    /// Inputs are taken.
    Open,
    /// No further input is taken: there is none, the iterator panicked, or the batch was stopped. Results may be left.
    Over,
    /// Nobody wants the results any more. Nobody enters.
    Closed,
}

/// The iterator, or where it is.
enum Inputs<It> {
    Here(Box<It>),
    /// A thread is inside `next`.
    Out,
    Gone,
}

pub(crate) struct Account<It> {
    phase: Phase,
    inputs: Inputs<It>,
    /// The most calls of this batch at once; the pool's cap is the pool's own business.
    max: usize,
    /// `None` stands for 16 for each worker.
    buffer: Option<usize>,
    /// Inputs taken so far, which is the index of the next one.
    taken: usize,
    /// Threads that run a call or are inside the iterator.
    active: usize,
    /// Those of them that have filed their result and not yet said whether they go on.
    between: usize,
    /// Inputs that are being taken, running, or finished and not yet with the consumer.
    in_flight: usize,
    /// Hints in the pool's queue.
    hints: usize,
    /// A worker stands by, in the place of all hints: it looks again in a moment.
    standby: bool,
    /// There is one input, and no need to ask for a second.
    single: bool,
    /// The inputs' own hint, from before the first one was taken. Believed for politeness only.
    size_hint: (usize, Option<usize>),
}

impl<It: Iterator> Account<It> {
    pub(crate) fn new(inputs: It) -> Self {
        Self {
            phase: Phase::New,
            size_hint: inputs.size_hint(),
            inputs: Inputs::Here(Box::new(inputs)),
            max: usize::MAX,
            buffer: None,
            taken: 0,
            active: 0,
            between: 0,
            in_flight: 0,
            hints: 0,
            single: false,
            standby: false,
        }
    }

    /// The account of a task: one input, which is known to be the only one.
    pub(crate) fn single(inputs: It) -> Self {
        Self { single: true, ..Self::new(inputs) }
    }

    pub(crate) fn is_single(&self) -> bool {
        self.single
    }

    pub(crate) fn phase(&self) -> Phase {
        self.phase
    }

    pub(crate) fn open(&mut self, settings: Settings) {
        if self.phase == Phase::New {
            self.phase = Phase::Open;
        }
        self.max = settings.max_workers.map_or(usize::MAX, NonZeroUsize::get);
        self.buffer = settings.buffer.map(NonZeroUsize::get);
    }

    pub(crate) fn can(&self, cap: usize) -> bool {
        self.phase == Phase::Open
            && matches!(self.inputs, Inputs::Here(_))
            && self.active < self.max
            && self.in_flight < self.buffer(cap).saturating_add(usize::from(self.seems_over()))
    }

    /// Whether all inputs have been taken that there are said to be: then asking for one more finds the end, and needs no room.
    fn seems_over(&self) -> bool {
        self.size_hint.1.is_some_and(|total| self.taken >= total)
    }

    /// Whether there is something to run and nobody runs.
    pub(crate) fn lacks_a_worker(&self, cap: usize) -> bool {
        !self.busy() && self.can(cap)
    }

    /// How many inputs may be in flight.
    pub(crate) fn buffer(&self, cap: usize) -> usize {
        self.buffer.unwrap_or_else(|| self.max.min(cap).saturating_mul(16))
    }

    /// Whether nothing more will be filed until results are taken.
    pub(crate) fn stalled(&self, cap: usize) -> bool {
        !self.busy() || self.in_flight >= self.buffer(cap)
    }

    /// Whether one more hint is to be pushed, with which it is counted.
    pub(crate) fn settle(&mut self, cap: usize) -> bool {
        let useful = (self.max - self.active).min(cap.saturating_sub(self.active).max(1));
        let more = !self.standby
            && self.can(cap)
            && self.hints < useful.min(self.expected(self.size_hint.1.unwrap_or(usize::MAX)));
        self.hints += usize::from(more);
        more
    }

    /// Like [`settle`](Self::settle), for the start: one hint for each input that is known to be there, so that threads are
    /// started side by side and not each by the one before.
    pub(crate) fn ramp(&mut self, cap: usize) -> bool {
        self.hints < self.expected(self.size_hint.0) && self.settle(cap)
    }

    /// The inputs left if there are `total`. Only the iterator itself can say that there are none: who runs a call asks it after
    /// that, and if nobody does, somebody is to come and ask.
    fn expected(&self, total: usize) -> usize {
        total.saturating_sub(self.taken).max(usize::from(self.active == 0))
    }

    /// Whether the inputs claim that there are none.
    pub(crate) fn claims_to_be_empty(&self) -> bool {
        self.size_hint == (0, Some(0))
    }

    /// Holds no worker back any more for results that nobody can take yet.
    pub(crate) fn unbound(&mut self) {
        self.buffer = Some(usize::MAX);
    }

    /// Becomes the one worker that stands by, unless there is one.
    pub(crate) fn stand_by(&mut self) -> bool {
        !std::mem::replace(&mut self.standby, true)
    }

    /// The watch is over: hints are pushed again.
    pub(crate) fn stand_down(&mut self) {
        self.standby = false;
    }

    pub(crate) fn taken(&self) -> usize {
        self.taken
    }

    /// A hint was found in a queue, or handed back.
    pub(crate) fn found_hint(&mut self) {
        self.hints -= 1;
    }

    /// Whether a thread is inside the iterator, so that `can` may hold again in a moment.
    pub(crate) fn pulling(&self) -> bool {
        self.phase == Phase::Open && matches!(self.inputs, Inputs::Out)
    }

    pub(crate) fn hints(&self) -> usize {
        self.hints
    }

    /// Takes the right to one input, and the iterator to take it from.
    pub(crate) fn begin(&mut self, cap: usize) -> Option<Box<It>> {
        if !self.can(cap) {
            return None;
        }
        match std::mem::replace(&mut self.inputs, Inputs::Out) {
            Inputs::Here(inputs) => {
                self.active += 1;
                self.in_flight += 1;
                Some(inputs)
            }
            other => {
                self.inputs = other;
                None
            }
        }
    }

    /// Brings the iterator back with an input taken from it, and says which one that is. If the batch has ended meanwhile, the
    /// iterator comes back to the caller, to be dropped with the input.
    pub(crate) fn took(&mut self, inputs: Box<It>) -> Result<usize, Box<It>> {
        if self.phase != Phase::Open {
            self.gone();
            return Err(inputs);
        }
        self.inputs = Inputs::Here(inputs);
        self.taken += 1;
        if self.single {
            self.end();
        }
        Ok(self.taken - 1)
    }

    /// The iterator ended or panicked; its holder drops it.
    pub(crate) fn ran_out(&mut self) {
        self.gone();
        self.end();
    }

    fn gone(&mut self) {
        self.inputs = Inputs::Gone;
        self.active -= 1;
        self.in_flight -= 1;
    }

    /// A call ended, and its result is filed, which is in flight until it is taken. The worker counts as active until it has said
    /// whether it goes on, lest another one is called in its stead meanwhile.
    pub(crate) fn filed(&mut self) {
        self.between += 1;
    }

    /// A worker that has filed a result goes on or leaves: what it does next begins here.
    pub(crate) fn decides(&mut self) {
        self.between -= 1;
        self.active -= 1;
    }

    /// Whether a call runs or is about to.
    pub(crate) fn busy(&self) -> bool {
        self.active > self.between
    }

    /// The consumer has made use of so many results.
    pub(crate) fn results_taken(&mut self, results: usize) {
        self.in_flight -= results;
    }

    /// Takes no further input. The iterator stays where it is, until the batch is closed: dropping it may touch what it borrows.
    pub(crate) fn end(&mut self) {
        if matches!(self.phase, Phase::New | Phase::Open) {
            self.phase = Phase::Over;
        }
    }

    /// Ends for good. The caller drops the iterator, if it is here.
    pub(crate) fn close(&mut self) -> Option<Box<It>> {
        self.phase = Phase::Closed;
        match std::mem::replace(&mut self.inputs, Inputs::Gone) {
            Inputs::Here(inputs) => Some(inputs),
            Inputs::Out => {
                self.inputs = Inputs::Out;
                None
            }
            Inputs::Gone => None,
        }
    }

    /// The calls that run.
    pub(crate) fn running(&self) -> usize {
        self.active - self.between - usize::from(matches!(self.inputs, Inputs::Out))
    }

    /// Whether no call runs and none will: what results there are, are all.
    pub(crate) fn over(&self) -> bool {
        self.phase >= Phase::Over && self.running() == 0
    }

    /// Whether something would be cut short if the batch ended now.
    pub(crate) fn unfinished(&self) -> bool {
        self.phase <= Phase::Open || self.busy()
    }

    /// Whether no input has been taken and nobody is about to.
    pub(crate) fn untouched(&self) -> bool {
        self.phase < Phase::Closed && self.taken == 0 && matches!(self.inputs, Inputs::Here(_))
    }

    /// How many results are still to come, if the consumer has `told` results that count as taken already.
    pub(crate) fn size_hint(&self, told: usize) -> (usize, Option<usize>) {
        let begun = self.in_flight - usize::from(matches!(self.inputs, Inputs::Out)) + told;
        match self.phase {
            Phase::Closed => (0, Some(0)),
            Phase::Over => (begun, Some(begun)),
            Phase::New | Phase::Open => {
                let yielded = self.taken - begun;
                let left = |total: usize| total.saturating_sub(yielded).max(begun);
                (left(self.size_hint.0), self.size_hint.1.map(left))
            }
        }
    }
}
