//! One batch while it runs: what its inputs, calls and consumer share.

use crate::call::Actor;
use crate::feed::Feeder;
use crate::ledger::{Book, Fate, Kind};
use crate::limit::Limit;
use crate::plan::{self, Batch, Hint, Mood};
use crate::token::Token;
use crate::values::{Input, Origin, raise};
use crate::venue::Venue;
use crate::world::World;
use pool_core::{StopHandle, Watch};
use std::ops::Deref;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread;

pub(crate) struct Run {
    pub(crate) world: Arc<World>,
    pub(crate) plan: Arc<Batch>,
    pub(crate) venue: Arc<Venue>,
    pub(crate) book: Arc<Book>,
    pub(crate) calm: bool,
    /// A subscriber that panics listens.
    pub(crate) noisy: bool,
    stop: Mutex<Option<StopHandle>>,
    /// Results that the consumer has taken.
    pub(crate) seen: AtomicUsize,
    /// The consumer has left before the end.
    pub(crate) left: AtomicBool,
    pub(crate) feeder: Option<Arc<Feeder>>,
    pub(crate) limit: Limit,
    pub(crate) watch: OnceLock<Watch>,
    /// Calls that have failed, as the batch sees it.
    pub(crate) failed: AtomicUsize,
    /// Results that the consumer has taken of calls that the batch has gone on without.
    pub(crate) timed_out: AtomicUsize,
}

/// More inputs than any consumer of an endless batch waits for.
const ENDLESS: usize = 4_096;

impl Run {
    pub(crate) fn new(actor: &Actor<'_>, plan: &Arc<Batch>, venue: Arc<Venue>) -> Self {
        let place = &plan.place;
        let noisy = actor.noisy || plan.noisy && actor.world.noise.is_some();
        let book = actor
            .world
            .ledger
            .open(format!("batch on {place:?}"), plan.inputs.total().unwrap_or(ENDLESS));
        Self {
            feeder: Feeder::of(plan, &book),
            world: Arc::clone(actor.world),
            plan: Arc::clone(plan),
            venue,
            book,
            calm: actor.calm && plan.is_calm() && !noisy,
            noisy,
            stop: Mutex::new(None),
            seen: AtomicUsize::new(0),
            left: AtomicBool::new(false),
            limit: Limit::here(plan.timeout.into_iter().chain(plan.abandon_after).min()),
            watch: OnceLock::new(),
            failed: AtomicUsize::new(0),
            timed_out: AtomicUsize::new(0),
        }
    }

    pub(crate) fn keep(&self, stop: Option<StopHandle>) {
        let before = std::mem::replace(&mut *self.handle(), stop);
        drop(before);
    }

    /// Whether calls may not come to themselves: a subscriber panics first, their state cannot be made, or they come
    /// too late.
    pub(crate) fn is_cut_short(&self) -> bool {
        self.noisy
            || self.timed_out.load(SeqCst) > 0
            || self.plan.states.is_some_and(|states| states.faults.is_some())
    }

    pub(crate) fn stop(&self) {
        let stop = self.handle().clone();
        if let Some(stop) = stop {
            stop.stop();
        }
    }

    fn handle(&self) -> std::sync::MutexGuard<'_, Option<StopHandle>> {
        self.stop.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl crate::plan::Inputs {
    /// How many inputs there are in all; `None` as endless.
    pub(crate) fn total(&self) -> Option<usize> {
        fn family(weight: u32) -> usize {
            1 + weight as usize * weight.checked_sub(1).map_or(0, family)
        }
        match self.mood {
            Mood::Crawl(weight) => Some(family(weight)),
            Mood::Feed { weight, beside, .. } => {
                Some(family(weight) + beside.map_or(0, |(number, _)| number))
            }
            _ => self.count,
        }
    }
}

/// The input iterator.
pub(crate) struct Source<R> {
    run: R,
    next: usize,
    channel: Option<Receiver<u32>>,
    ended: bool,
    _token: Token,
}

/// The inputs of a batch, and the channel that feeds them, if one does.
pub(crate) fn source<R: Deref<Target = Run>>(run: R) -> (Source<R>, Option<Sender<u32>>) {
    let (sender, receiver) = match run.plan.inputs.mood {
        Mood::Crawl(weight) => {
            let (sender, receiver) = channel();
            sender.send(weight).expect("the receiver is there");
            (Some(sender), Some(receiver))
        }
        _ => (None, None),
    };
    let token = Token::new(&run.book, Kind::Iterator);
    (Source { run, next: 0, channel: receiver, ended: false, _token: token }, sender)
}

impl<R: Deref<Target = Run>> Iterator for Source<R> {
    type Item = Input;

    fn next(&mut self) -> Option<Input> {
        let (run, index) = (&*self.run, self.next);
        run.book.check(!self.ended, || "the inputs are asked again after their end".into());
        self.ended = true;
        let mut weight = 0;
        match &run.plan.inputs.mood {
            Mood::Plain => {}
            Mood::Slow(every, time) if index % every == 0 => thread::sleep(*time),
            Mood::PanicsAt(at) if *at == index => raise(&run.book, Origin::Next),
            Mood::Nested(every, batch) if index % every == 0 => {
                crate::batch::run(&Actor::iterator(run), batch)
            }
            Mood::Crawl(_) => {
                weight = self.channel.as_ref().and_then(|channel| channel.recv().ok())?
            }
            _ => {}
        }
        if index >= run.plan.inputs.total().unwrap_or(ENDLESS) {
            return None;
        }
        let input = Input { index, weight, token: Token::new(&run.book, Kind::Input) };
        run.book.note(index, Fate::Taken);
        if let (Some(buffer), false) = (run.plan.buffer, run.plan.consume.gathers()) {
            // The consumer may have got one that it has not written down yet, and room for one more is there to find
            // the end.
            let held = (index + 1).saturating_sub(run.seen.load(SeqCst));
            let most = buffer + 1 + usize::from(run.plan.inputs.hint.lies());
            run.book.check(held <= most, || {
                format!("{held} inputs in flight with a buffer of {buffer}")
            });
        }
        self.next += 1;
        self.ended = false;
        Some(input)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.run.plan.inputs.total().unwrap_or(ENDLESS).saturating_sub(self.next);
        match self.run.plan.inputs.hint {
            hint if hint.lies() && !plan::LIARS.load(SeqCst) => (left, Some(left)),
            Hint::Exact if self.channel.is_none() => (left, Some(left)),
            Hint::Exact | Hint::Unknown => (0, None),
            Hint::Zero => (0, Some(0)),
            Hint::Low => (0, Some(left / 2)),
            Hint::High => (left + 3, Some(left * 2 + 10)),
            Hint::Huge => (usize::MAX, Some(usize::MAX)),
        }
    }
}
