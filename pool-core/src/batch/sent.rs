//! Calls that run elsewhere: in another process, on another machine. No thread waits for one.
//!
//! A worker takes an input as ever, and **sends** the call instead of running it. Whoever learns what became of it
//! **finishes** it with [`Job::finish`](crate::threads::crew::Job::finish). That thread has no permit. It makes the
//! outcome, with code of the user such as that which reads the result, and files it.
//!
//! # Sent, then finished
//!
//! A worker notes the call in a section, and counts it as inside like a thread. After that the call departs. It is
//! finished in a section that finds the note and takes it away. Only one section does, so a call has one outcome,
//! however often it is finished. What the outcome needs of the input is with the batch's [`Call`], which is dropped
//! when nothing is inside any more.
//!
//! - Either the batch is closed before: then closing has taken all notes away, and counts these calls as inside no
//!   more. Who finishes one finds nothing.
//! - Or it is closed after: then the thread that finishes the call is inside in its place, and the consumer waits for
//!   it as for any other.
//!
//! What departs holds a hint and an index. So it borrows nothing, and may outlive what the input borrows.
//!
//! # Hints
//!
//! A call that was sent counts as active, since its place in the batch is taken. But no worker is about to look for the
//! next input when it is over. So a hint is owed unless a *thread* is inside, and a thread that leaves settles once it
//! is no longer counted. One hint is enough, since one worker sends as many calls as there are places. It is owed when
//! a quarter of the places is free: to wake a worker costs more than to send a call.
//!
//! # Nesting
//!
//! The thread that finishes a call has no permit to hand over. So a call that waits for such a batch on its own pool
//! runs no input of it. It gives its permit up, as it does for a batch of another pool, and returns by the line.

use crate::base::observer::Ended;
use crate::base::span::At;
use crate::base::sync::{MutexGuard, seeded};
use crate::batch::Batch;
use crate::batch::account::Phase;
use crate::batch::call::{Call, Depart, Stand};
use crate::batch::inputs::Inputs;
use crate::batch::run::Stay;
use crate::batch::source::Outcome;
use crate::batch::state::State;
use crate::nesting::{self, Inside};

impl<It, C, T> Batch<It, C, T>
where
    It: Inputs,
    C: Call<It::Item, T>,
    T: Send,
{
    /// Sends the call for an input, and takes the right to another, if there is one and this thread goes on.
    pub(super) fn send(
        &self,
        inside: &Inside,
        stay: &mut Stay,
        call: &C,
        at: At,
        input: It::Item,
    ) -> Option<Box<It>> {
        if let Some(observer) = self.home().observer.as_deref() {
            observer.begin(at.index);
        }
        let abandon = self.lock().overdue.as_ref().map(|overdue| overdue.abandon());
        let departs = inside.send(|| {
            let begun = match abandon {
                Some(abandon) => call.stand_in(at, input, abandon),
                None => Stand::Nothing(input),
            };
            let input = match begun {
                Stand::Nothing(input) => input,
                Stand::In(stand_in, input) => {
                    self.begin_timed(at.index, stand_in);
                    input
                }
                Stand::Outcome(done) => return Err(done),
            };
            call.send(at, input).ok_or_else(|| call.receive(at))
        });
        nesting::limit_call(None);
        match departs {
            Ok(depart) => self.part(at.index, depart, stay),
            Err(done) => self.file_sent(done, at, stay),
        }
    }

    /// Notes a call, which departs then.
    fn part(&self, index: usize, depart: Depart, stay: &Stay) -> Option<Box<It>> {
        let mut state = self.lock();
        if state.account.phase() == Phase::Closed {
            state.account.present.ended();
            self.forget_overdue(&mut state, index);
            return None;
        }
        seeded!("departed-before-the-note" => {
            drop(state);
            depart(self.hint());
            return self.note(self.lock(), index, stay);
        });
        let next = self.note(state, index, stay);
        depart(self.hint());
        next
    }

    fn note<'a>(
        &'a self,
        mut state: MutexGuard<'a, State<It, C, T>>,
        index: usize,
        stay: &Stay,
    ) -> Option<Box<It>> {
        state.sent.insert(index);
        state.account.present.send();
        let goes_on = stay.goes_on() && !self.pressed(&state);
        if goes_on { state.account.begin(self.limits()) } else { None }
    }

    /// Takes in what became of a call that was sent. The calling thread is in no call.
    #[cfg(any(feature = "redis", pool_loom))]
    pub(super) fn finish(&self, index: usize) {
        let mut state = self.lock();
        if !state.sent.remove(&index) {
            return;
        }
        let call = state.call.clone().expect("the call is there until the last thread has left");
        drop(state);
        let escape = crate::base::unwind::Escape::armed();
        let mut stay = Stay::of_sent();
        let at = At { pool: self.crew().name(), index };
        self.file_sent(call.receive(at), at, &mut stay);
        drop(call);
        self.leave(stay);
        escape.disarm();
    }

    fn file_sent(
        &self,
        (outcome, ended): (Outcome<T>, Ended),
        at: At,
        stay: &mut Stay,
    ) -> Option<Box<It>> {
        if let Some(observer) = self.home().observer.as_deref() {
            observer.end(at.index, ended);
        }
        self.crew().counters().count_sent(ended == Ended::Panicked);
        let outcome = self.end_timed(at.index, outcome, stay);
        self.file(at.index, outcome, stay)
    }

    /// Takes away the notes of all calls that were sent, for a batch that is being closed: it waits for none of them.
    pub(super) fn forget_sent(&self, state: &mut State<It, C, T>) {
        seeded!("closed-batch-waits-for-sent-calls" => return);
        for index in std::mem::take(&mut state.sent) {
            state.account.present.ended();
            state.account.present.returned();
            self.forget_overdue(state, index);
        }
    }
}
