//! [`Overdue`]: the calls of a batch that abandons those which run for too long.
//!
//! No thread can be killed. What can be done is to go on without it: the batch files a **stand-in** in the place of the
//! outcome, which holds a copy of the input, and drops the late result. The call that is **abandoned** keeps its thread
//! and its permit until it returns. Nothing waits for it any more: not the end of the batch, not the consumer.
//!
//! # Either the result or the stand-in
//!
//! A call **begins** in a section that notes the time and the stand-in. It **ends** in a section that forgets both,
//! before the one that files its result. A call is abandoned in a section in between.
//!
//! - Either the call ends first, in time: then its result is filed, and the stand-in is dropped. If its time was over,
//!   the stand-in is filed all the same, so that it does not matter when the consumer looked.
//! - Or it is abandoned first: then the stand-in has been filed, and the result is dropped.
//!
//! # Who reads the clock
//!
//! The consumer that waits does, when it asks, and it waits at most until the next call is overdue. A call that begins
//! wakes a consumer which knew of no call, since that consumer waits without a time. An async consumer cannot wait:
//! for it a thread sleeps until then, the clock.
//!
//! # The end of the inputs
//!
//! Only `next` reports the end of the inputs. The worker that would ask may be the one whose call never ends, and such
//! calls may hold all permits. So the consumer asks, without a permit of the batch's pool, once nothing else runs and
//! as many inputs have been taken as their size hint promised. A call first takes its own permit back: the inputs are
//! code of the user. They are in no call of the batch then, and see no cancelling. If the hint was wrong, the input
//! that comes has no place to run, and is timed out.
//!
//! # Nesting
//!
//! A consumer cannot abandon a call that it runs itself. So a call that waits for such a batch on its own pool runs no
//! input of it. It gives its permit up, as it does for a batch of another pool, and returns by the line.

use crate::base::span::At;
use crate::base::sync::seeded;
use crate::base::unwind::{self, Panics};
use crate::batch::Batch;
use crate::batch::account::Phase;
use crate::batch::call::{Abandon, Call, Stand};
#[cfg(feature = "stream")]
use crate::batch::clock::Clock;
use crate::batch::inputs::Inputs;
use crate::batch::run::Stay;
use crate::batch::source::Outcome;
use crate::batch::state::State;
use crate::nesting::Inside;
use std::collections::HashMap;
use std::time::{Duration, Instant};

pub(super) struct Overdue<T> {
    abandon: Abandon<T>,
    /// By index, the calls that have begun and not ended.
    calls: HashMap<usize, Begun<T>>,
    /// The consumer that waits knows when to ask again.
    timed: bool,
    /// The clock, while there is one.
    #[cfg(feature = "stream")]
    pub(super) clock: Clock,
}

struct Begun<T> {
    since: Instant,
    /// `None` where nobody wants an outcome any more.
    stand_in: Option<T>,
    abandoned: bool,
}

impl<T> Begun<T> {
    /// When the call is overdue, if the clock reaches so far.
    fn due(&self, after: Duration) -> Option<Instant> {
        self.since.checked_add(after)
    }
}

impl<T> Overdue<T> {
    pub(super) fn new(abandon: Abandon<T>) -> Self {
        Self {
            abandon,
            calls: HashMap::new(),
            timed: false,
            #[cfg(feature = "stream")]
            clock: Clock::default(),
        }
    }

    /// When the next call is overdue.
    pub(super) fn due(&self) -> Option<Instant> {
        let waited_for = self.calls.values().filter(|call| !call.abandoned);
        waited_for.filter_map(|call| call.due(self.abandon.after)).min()
    }

    /// When a consumer that waits has to ask again.
    pub(super) fn next_look(&mut self) -> Option<Instant> {
        let due = self.due();
        self.timed = due.is_some();
        due
    }

    pub(super) fn abandon(&self) -> Abandon<T> {
        self.abandon
    }

    /// Takes out all stand-ins, so that they can be dropped: nobody wants an outcome any more. The clock ends.
    pub(super) fn clear(&mut self) -> Vec<T> {
        #[cfg(feature = "stream")]
        self.clock.wake();
        self.calls.values_mut().filter_map(|call| call.stand_in.take()).collect()
    }
}

impl<It, C, T> Batch<It, C, T>
where
    It: Inputs,
    C: Call<It::Item, T>,
    T: Send,
{
    /// Runs a call that is abandoned if it takes too long.
    #[cold]
    #[inline(never)]
    pub(super) fn run_timed(
        &self,
        inside: &Inside,
        stay: &mut Stay,
        call: &C,
        at: At,
        input: It::Item,
    ) -> Outcome<T> {
        let abandon = self.lock().overdue.as_ref().map(|overdue| overdue.abandon);
        let run = || match abandon.map(|abandon| call.stand_in(at, input, abandon)) {
            Some(Stand::In(stand_in, input)) => {
                self.begin_timed(at.index, stand_in);
                call.run(at, input)
            }
            Some(Stand::Outcome(done)) => done,
            Some(Stand::Nothing(_)) | None => {
                unreachable!("a batch that abandons calls has stand-ins")
            }
        };
        let observer = || Some((self.home().observer.as_deref()?, at.index));
        let outcome = inside.call(|| stay.calls.run(observer, run));
        self.end_timed(at.index, outcome, stay)
    }

    pub(super) fn begin_timed(&self, index: usize, stand_in: T) {
        let mut state = self.lock();
        let wanted = state.account.phase() != Phase::Closed;
        let Some(overdue) = &mut state.overdue else { return };
        let (stand_in, surplus) =
            if wanted { (Some(stand_in), None) } else { (None, Some(stand_in)) };
        overdue.calls.insert(index, Begun { since: Instant::now(), stand_in, abandoned: false });
        let untimed = !std::mem::replace(&mut overdue.timed, true);
        let waiter = if untimed { state.waiter.take() } else { None };
        drop(state);
        seeded!("call-begins-untold" => return);
        if let Some(waiter) = waiter {
            waiter.nudge();
        }
        unwind::discard(surplus);
    }

    /// Notes the end of a call, and gives what is filed for it: if its time is over, the stand-in. From now on the call
    /// is not abandoned any more. If it has been, its result comes too late.
    pub(super) fn end_timed(
        &self,
        index: usize,
        outcome: Outcome<T>,
        stay: &mut Stay,
    ) -> Outcome<T> {
        let mut state = self.lock();
        let begun = state.overdue.as_mut().and_then(|overdue| overdue.calls.remove(&index));
        let Some(begun) = begun else { return outcome };
        stay.late = begun.abandoned;
        if begun.abandoned {
            state.account.present.overdue_ended();
            drop(state);
            self.crew().counters().count_abandoned(-1);
            seeded!("late-result-filed-twice" => stay.late = false);
            return outcome;
        }
        let after = state.overdue.as_ref().map(|overdue| overdue.abandon.after);
        drop(state);
        let late = after.is_some_and(|after| begun.since.elapsed() > after);
        let (filed, surplus) = match begun.stand_in {
            Some(stand_in) if late => (Ok(stand_in), Some(outcome)),
            stand_in => (outcome, stand_in.map(Ok)),
        };
        let mut panics = Panics::default();
        panics.drop(surplus);
        self.keep(panics);
        filed
    }

    /// Forgets a call that nobody waits for, since its batch is closed. The stand-in has been taken out.
    pub(super) fn forget_overdue(&self, state: &mut State<It, C, T>, index: usize) {
        let begun = state.overdue.as_mut().and_then(|overdue| overdue.calls.remove(&index));
        if begun.is_some_and(|begun| begun.abandoned) {
            state.account.present.overdue_ended();
            self.crew().counters().count_abandoned(-1);
        }
    }

    /// Asks the inputs for their end, if only overdue calls run that would do so. The thread is in no call, or in one
    /// that has its permit: the inputs are code of the user.
    pub(super) fn find_end(&self) {
        let mut state = self.lock();
        let Some(mut inputs) = state.account.begin_end(self.limits()) else { return };
        state.account.present.enter();
        let (call, abandon) = (state.call.clone(), state.overdue.as_ref().map(|it| it.abandon));
        drop(state);
        let escape = unwind::Escape::armed();
        match (unwind::catch(|| inputs.next()), call, abandon) {
            (Ok(Some(input)), Some(call), Some(abandon)) => {
                self.time_out(&*call, abandon, input, inputs);
            }
            (Err(payload), ..) => drop(self.run_out(Some(payload), inputs)),
            _ => drop(self.run_out(None, inputs)),
        }
        self.leave(Stay::of(false));
        escape.disarm();
    }

    /// Files what stands in for the outcome of an input that has no place to run.
    fn time_out(&self, call: &C, abandon: Abandon<T>, input: It::Item, inputs: Box<It>) {
        let mut panics = Panics::default();
        let mut state = self.lock();
        match state.account.took(inputs) {
            Ok(index) => {
                self.settle(state);
                let at = At { pool: self.crew().name(), index };
                let outcome = match call.stand_in(at, input, abandon) {
                    Stand::In(stand_in, input) => {
                        panics.drop(input);
                        Ok(stand_in)
                    }
                    Stand::Outcome((outcome, _)) => outcome,
                    Stand::Nothing(_) => unreachable!("a batch that abandons calls has stand-ins"),
                };
                let mut state = self.lock();
                state.account.present.ended();
                let unwanted = match state.account.phase() {
                    Phase::Closed => Some(outcome),
                    _ => {
                        state.results.put(index, outcome);
                        None
                    }
                };
                self.settle(state);
                panics.drop(unwanted);
            }
            Err(inputs) => {
                drop(state);
                panics.drop(input);
                panics.drop(inputs);
            }
        }
        self.keep(panics);
    }

    /// Abandons the calls that are overdue, and files what stands in for their outcomes.
    pub(super) fn abandon_overdue(&self, state: &mut State<It, C, T>) {
        let Some(overdue) = &mut state.overdue else { return };
        let now = Instant::now();
        for (&index, call) in &mut overdue.calls {
            let due = call.due(overdue.abandon.after).is_some_and(|due| due <= now);
            if !due || std::mem::replace(&mut call.abandoned, true) {
                continue;
            }
            state.account.present.abandon_one();
            self.crew().counters().count_abandoned(1);
            if let Some(stand_in) = call.stand_in.take() {
                state.results.put(index, Ok(stand_in));
            }
        }
    }
}
