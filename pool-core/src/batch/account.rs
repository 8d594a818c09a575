//! The account of a batch: whether it may take another input, and how many hints say so.
//!
//! # Hints, not rights
//!
//! A **hint** in a queue says that a batch may have something to run. A thread that finds one has no right to work yet.
//! [`Account::begin`] grants that right when
//!
//! ```text
//! can = open and the inputs are here and not dry and active < max and
//!       in flight < buffer, or <= where as many inputs were taken as their size hint promised
//! ```
//!
//! A **section** is the time in which a thread holds the batch's lock. No code of the user runs in one. A thread that
//! takes an input takes the iterator itself out of the account, so that no other thread can be inside it, and brings it
//! back in a later section. Every section that could make `can` true, or that uses up a hint, ends with
//! [`Account::settle`]:
//!
//! | section | may make `can` true | uses up a hint |
//! | --- | --- | --- |
//! | started | yes | |
//! | iterator brought back | yes | |
//! | call ended | yes | |
//! | input pushed to a [`Feed`](crate::Feed) | yes | |
//! | result taken while room was wanted ([`Room`]), buffer lifted | yes | |
//! | hint found | | yes |
//!
//! A cap that is raised widens the default buffer outside of every section. So a batch whose buffer was full goes on at
//! the next of these sections: a call ends, or the consumer takes a result.

mod hints;
mod present;

use crate::base::config::Settings;
use crate::base::sync::seeded;
use crate::batch::account::present::Present;
use crate::batch::credits::{Released, Room};
use crate::batch::inputs::{Inputs, Listener};
use crate::batch::posts::{Post, Posts};
use std::cell::Cell;
use std::num::NonZeroUsize;

/// How far a batch is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Debug)]
pub(super) enum Phase {
    /// Being set up; nothing runs.
    New,
    /// Inputs are taken.
    Open,
    /// No further input is taken: there is none, the iterator panicked, or the batch was stopped. Results may be left.
    Over,
    /// The consumer wants no more results. No thread enters.
    Closed,
}

/// What bounds a batch from outside.
#[derive(Clone, Copy)]
pub(super) struct Limits<'a> {
    /// The most calls of the pool at once.
    pub(super) cap: usize,
    pub(super) room: &'a Room,
}

/// The inputs, or where they are.
enum Place<It> {
    Here(Box<It>),
    /// A thread is inside `next`.
    Out,
    Gone,
}

pub(super) struct Account<It> {
    phase: Phase,
    inputs: Place<It>,
    /// The most calls of this batch at once; the pool's cap is the pool's own business.
    max: usize,
    /// `None` stands for 16 for each worker.
    buffer: Option<usize>,
    /// Inputs taken so far, which is the index of the next one.
    taken: usize,
    pub(super) present: Present,
    /// Inputs taken, with the one that is being taken. An input is in flight until the consumer takes its result.
    begun: usize,
    /// `released` as of the last read: it saves an atomic load while there is room.
    released: Cell<Released>,
    /// Hints in the pool's queue.
    hints: usize,
    /// The queue knows that those hints lead to nothing any more.
    abandoned: bool,
    /// The threads that stand by, in the place of all hints.
    pub(super) posts: Posts,
    /// The starter is pushing the first hints.
    ramping: bool,
    /// A section was due to push a hint while the starter was pushing.
    owed: bool,
    /// There is one input, and no need to ask for a second.
    single: bool,
    /// The calls run elsewhere.
    sends: bool,
    /// The inputs' own hint, from before the first one was taken. Believed for politeness only.
    size_hint: (usize, Option<usize>),
}

impl<It: Inputs> Account<It> {
    pub(super) fn new(inputs: It) -> Self {
        Self {
            phase: Phase::New,
            size_hint: inputs.size_hint(),
            inputs: Place::Here(Box::new(inputs)),
            max: usize::MAX,
            buffer: None,
            taken: 0,
            present: Present::default(),
            begun: 0,
            released: Cell::default(),
            hints: 0,
            abandoned: false,
            ramping: false,
            owed: false,
            single: false,
            sends: false,
            posts: Posts::default(),
        }
    }

    /// The account of a task: one input, which is known to be the only one.
    pub(super) fn single(inputs: It) -> Self {
        Self { single: true, ..Self::new(inputs) }
    }

    pub(super) fn is_single(&self) -> bool {
        self.single
    }

    pub(super) fn phase(&self) -> Phase {
        self.phase
    }

    pub(super) fn open(&mut self, settings: &Settings, sends: bool) {
        self.sends = sends;
        if self.phase == Phase::New {
            self.phase = Phase::Open;
        }
        self.max = settings.max_workers.map_or(usize::MAX, NonZeroUsize::get);
        self.buffer = settings.buffer.map(NonZeroUsize::get);
    }

    pub(super) fn can(&self, limits: Limits<'_>) -> bool {
        self.is_ready() && self.has_room(limits)
    }

    /// Whether an input can be taken if there is room for it.
    fn is_ready(&self) -> bool {
        self.has_inputs() && self.present.active() < self.max
    }

    /// Whether there may be an input, and no thread is inside the iterator.
    fn has_inputs(&self) -> bool {
        self.phase == Phase::Open
            && matches!(self.inputs, Place::Here(_))
            && !(It::GROW && self.is_dry())
    }

    fn is_dry(&self) -> bool {
        matches!(&self.inputs, Place::Here(inputs) if inputs.is_dry())
    }

    /// Whether one input more may be in flight.
    pub(super) fn has_room(&self, limits: Limits<'_>) -> bool {
        self.fits(limits, self.released.get()) || self.fits(limits, limits.room.released())
    }

    fn fits(&self, limits: Limits<'_>, released: Released) -> bool {
        self.released.set(released);
        self.in_flight() < self.buffer(limits.cap).saturating_add(usize::from(self.seems_over()))
    }

    /// Inputs that are being taken, running, or finished and not yet with the consumer: at most so many.
    fn in_flight(&self) -> usize {
        self.released.get().left_of(self.begun)
    }

    /// Whether as many inputs have been taken as the hint promised. The next `next()` then finds the end, and needs no
    /// room.
    fn seems_over(&self) -> bool {
        self.size_hint.1.is_some_and(|total| self.taken == total)
    }

    /// Whether there is something to run and no thread runs it.
    fn lacks_a_worker(&self, limits: Limits<'_>) -> bool {
        !self.present.is_busy() && self.can(limits)
    }

    /// The post whose worker has something to run. If the buffer was full a moment ago, that is the worker that filled
    /// it.
    pub(super) fn called_for(&self, limits: Limits<'_>) -> Option<Post> {
        let post = if self.posts.held(Post::Stalled) { Post::Stalled } else { Post::Crowded };
        self.lacks_a_worker(limits).then_some(post)
    }

    /// How many inputs may be in flight.
    pub(super) fn buffer(&self, cap: usize) -> usize {
        self.buffer.unwrap_or_else(|| self.max.min(cap).saturating_mul(16))
    }

    /// Tells the inputs which batch has started.
    pub(super) fn connect(&self, batch: impl FnOnce() -> Listener) {
        if let Place::Here(inputs) = &self.inputs {
            inputs.connect(batch);
        }
    }

    /// Ends the inputs if they are dry and no call runs that may add to them. The consumer has dealt with all that it
    /// got, and no result is there.
    pub(super) fn end_if_dry(&mut self) {
        seeded!("feed-ended-beside-a-call" => if self.is_dry() { self.end() });
        if self.is_dry_for_good() {
            self.end();
            self.posts.relieve();
        }
    }

    /// Whether the inputs are dry and no call that may add to them runs. This is news to the consumer: a late result
    /// does not wake it.
    pub(super) fn is_dry_for_good(&self) -> bool {
        It::GROW && self.phase == Phase::Open && !self.present.is_busy() && self.is_dry()
    }

    /// Whether the inputs claim that there are none.
    pub(super) fn claims_to_be_empty(&self) -> bool {
        self.size_hint == (0, Some(0))
    }

    /// No longer holds workers back for results that the consumer cannot take yet.
    pub(super) fn unbound(&mut self) {
        self.buffer = Some(usize::MAX);
    }

    /// Whether the batch has begun so lately that it need not take turns with others. So a short batch is over before
    /// the next calls of a long one, and a long batch is young only once.
    pub(super) fn is_young(&self, cap: usize) -> bool {
        self.taken < self.max.min(cap).saturating_mul(2)
    }

    pub(super) fn taken(&self) -> usize {
        self.taken
    }

    /// Whether a thread is inside the iterator, so that `can` may hold again in a moment.
    pub(super) fn pulling(&self) -> bool {
        self.phase == Phase::Open && matches!(self.inputs, Place::Out)
    }

    /// Takes the right to one input, and the iterator to take it from.
    #[inline]
    pub(super) fn begin(&mut self, limits: Limits<'_>) -> Option<Box<It>> {
        if self.can(limits) { self.take_out() } else { None }
    }

    /// Like [`begin`](Self::begin), to find the end of the inputs where only overdue calls are left. That needs no
    /// place in the batch, since they may have all of them.
    pub(super) fn begin_end(&mut self, limits: Limits<'_>) -> Option<Box<It>> {
        if self.is_left_to_overdue(limits) { self.take_out() } else { None }
    }

    #[inline]
    fn take_out(&mut self) -> Option<Box<It>> {
        match std::mem::replace(&mut self.inputs, Place::Out) {
            Place::Here(inputs) => {
                self.present.begin();
                self.begun += 1;
                Some(inputs)
            }
            other => {
                self.inputs = other;
                None
            }
        }
    }

    /// Brings the iterator back with an input taken from it, and tells the index of that input. If the batch has ended
    /// meanwhile, the caller gets the iterator back and drops it with the input.
    pub(super) fn took(&mut self, inputs: Box<It>) -> Result<usize, Box<It>> {
        if self.phase != Phase::Open {
            self.gone();
            return Err(inputs);
        }
        self.inputs = Place::Here(inputs);
        self.taken += 1;
        if self.single {
            self.end();
        }
        Ok(self.taken - 1)
    }

    /// The iterator ended or panicked; its holder drops it.
    pub(super) fn ran_out(&mut self) {
        self.gone();
        self.end();
    }

    fn gone(&mut self) {
        self.inputs = Place::Gone;
        self.present.ended();
        self.begun -= 1;
    }

    /// Whether nothing runs but overdue calls, and the inputs claim to be over. Then no worker may have a place left to
    /// find their end.
    pub(super) fn is_left_to_overdue(&self, limits: Limits<'_>) -> bool {
        seeded!("end-left-to-overdue-calls" => return false);
        let claim = self.size_hint.1.is_some_and(|total| self.taken >= total);
        self.present.has_overdue()
            && claim
            && !self.present.is_busy()
            && self.has_inputs()
            && self.has_room(limits)
    }

    /// Takes no further input. The iterator stays where it is until the last thread leaves or the batch is closed: its
    /// `Drop` may touch what it borrows.
    pub(super) fn end(&mut self) {
        if matches!(self.phase, Phase::New | Phase::Open) {
            self.phase = Phase::Over;
        }
    }

    /// Ends for good. The caller drops the iterator, if it is here.
    pub(super) fn close(&mut self) -> Option<Box<It>> {
        self.phase = Phase::Closed;
        self.take_inputs()
    }

    /// Takes the iterator out, if it is here, so that it can be dropped: no further input is taken.
    pub(super) fn take_inputs(&mut self) -> Option<Box<It>> {
        match std::mem::replace(&mut self.inputs, Place::Gone) {
            Place::Here(inputs) => Some(inputs),
            Place::Out => {
                self.inputs = Place::Out;
                None
            }
            Place::Gone => None,
        }
    }

    /// Whether no further result will come. No thread is inside any more, but for one in a `next()` that may block, of
    /// a batch that was stopped: its input comes too late.
    pub(super) fn over(&self) -> bool {
        seeded!("end-before-the-last-left" => {
            let calls = self.present.active() - usize::from(matches!(self.inputs, Place::Out));
            return self.phase >= Phase::Over && calls == 0;
        });
        // A feed is closed when the consumer sees the end.
        let pulls = !It::GROW && matches!(self.inputs, Place::Out);
        self.phase >= Phase::Over && self.present.awaited() == usize::from(pulls)
    }

    /// Whether the thread that asks is the last one inside, and no thread enters any more.
    pub(super) fn last(&self) -> bool {
        self.phase >= Phase::Over && self.present.count() == 1
    }

    /// Whether something would be cut short if the batch ended now.
    pub(super) fn unfinished(&self) -> bool {
        self.phase <= Phase::Open || self.present.active() > 0
    }

    /// Whether no input has been taken, and no thread is about to take one.
    pub(super) fn untouched(&self) -> bool {
        self.phase < Phase::Closed && self.taken == 0 && matches!(self.inputs, Place::Here(_))
    }

    /// How many results are still to come, if the consumer has `told` results that count as taken already.
    pub(super) fn size_hint(&self, told: usize, room: &Room) -> (usize, Option<usize>) {
        self.released.set(room.released());
        let begun = self.in_flight() - usize::from(matches!(self.inputs, Place::Out)) + told;
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
