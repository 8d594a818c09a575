//! Decides what a batch does for its consumer: hands out results, lets it wait, and ends.
//!
//! # Waiting for a result
//!
//! The consumer registers its waker in the section in which it finds nothing; whoever files a result, ends the batch, leaves it last or
//! cannot start a thread takes the waker out in his section and wakes it after. Either the filing comes first, then the consumer sees
//! the result; or the registration does, then the one who files sees the waker. A section that closes the lane files for its owner and
//! wakes nobody: a lane is opened only while nobody is registered but a patient one, and whoever registers has closed it.
//!
//! A consumer that is **patient** looks again in a moment by itself, since calls are fast: it is woken only when workers are held back for
//! it, or nothing is left to wait for. A call is never patient: it is to be called back before its worker takes a new input (`nesting.rs`).

use crate::account::{Phase, Post};
use crate::batch::Batch;
use crate::nesting::Away;
use crate::source::{Ask, Lot, Outcome, Polled, Source};
use crate::state::State;
use crate::sync::{self, MutexGuard};
use crate::unwind::{self, Panics, Payload};
use crate::waiter::{Register, Waiter};
use crate::worker::Hint;

impl<It, C, T> Batch<It, C, T>
where
    It: Iterator + Send,
    C: Fn(usize, It::Item) -> (Outcome<T>, bool) + Send + Sync,
    T: Send,
{
    /// Ends the section of a consumer that does not look again in a moment, and has found whether room was wanted.
    fn end_watch(&self, mut state: MutexGuard<'_, State<It, C, T>>, wanted: bool) {
        let stands_by = sync::seeded("consumer-stands-by-for-ever") && state.account.is_watched();
        let watched = !stands_by && state.account.stand_down(Post::Consumer);
        // One input in all that time says otherwise.
        let fast = state.fast && state.account.taken() > 1;
        if wanted {
            self.room.unwant();
        }
        if (wanted || watched) && !sync::seeded("no-settle-after-result") {
            self.settle(state);
        } else {
            drop(state);
        }
        if watched && !fast {
            self.ramp();
        }
    }

    /// Whether nothing is on its way that the consumer could wait for, but there is something to run. One that is not `eager` is not to be
    /// inside the iterator when a result comes.
    fn wants_help(&self, state: &State<It, C, T>, eager: bool) -> bool {
        !state.results.ready()
            && state.account.can(self.limits())
            && (eager || !state.account.busy())
    }

    /// Step 4 of the essay.
    fn wait_until_left(&self) -> Option<Payload> {
        let crew = self.crew();
        let mut away: Option<Away> = None;
        loop {
            let mut state = self.lock();
            // In a child after `fork` the threads that were inside do not exist.
            if state.inside == 0 || !crew.is_here() || sync::seeded("close-without-waiting") {
                return state.dropped.take();
            }
            state.waiter = Some(away.as_ref().map_or_else(Waiter::current, Away::waiter));
            drop(state);
            match &away {
                None => {
                    away = Away::begin();
                    if away.is_some() {
                        continue;
                    }
                }
                Some(away) => away.give_up(),
            }
            sync::park(None);
        }
    }
}

impl<It, C, T> Source<T> for Batch<It, C, T>
where
    It: Iterator + Send,
    C: Fn(usize, It::Item) -> (Outcome<T>, bool) + Send + Sync,
    T: Send,
{
    fn poll(&self, ask: Ask, lot: &mut Lot<T>, register: &mut Register<'_>) -> Polled {
        let mut state = self.lock();
        let limits = self.limits();
        // Who stands by and only gathers results is not to leave for the first ones.
        let stays = ask.patient && ask.eager && state.account.is_watched();
        if state.results.ready() && (!stays || state.account.over()) {
            let buffer = state.account.buffer(limits.cap);
            let taken = lot.refill(buffer, |lot| state.results.take_into(lot));
            let wanted = taken > 0 && self.room.release(taken);
            self.end_watch(state, wanted);
            return Polled::Fetched;
        }
        if state.account.phase() == Phase::Closed {
            return Polled::Ended(None);
        }
        if state.account.over() {
            return Polled::Ended(state.last.take().or_else(|| state.dropped.take()));
        }
        if self.wants_help(&state, ask.eager) {
            if ask.may_help {
                return Polled::Help;
            }
            if std::mem::take(&mut state.unserved) {
                return Polled::Unserved;
            }
        }
        if sync::seeded("register-in-a-later-section") {
            drop(state);
            state = self.lock();
        }
        state.patient = ask.patient;
        let before = register(&mut state.waiter);
        let fast = state.fast;
        self.rouse(&mut state);
        if ask.patient {
            self.settle(state);
        } else {
            self.end_watch(state, false);
        }
        drop(before);
        Polled::Pending { fast }
    }

    fn yielded(&self) {
        if self.room.release(1) {
            self.end_watch(self.lock(), true);
        }
    }

    fn help(&self, eager: bool) {
        let state = self.lock();
        // Since it was asked a worker may have run what there was, and the next input may be the consumer's own to make.
        if sync::seeded("help-without-a-look") || self.wants_help(&state, eager) {
            self.run(state, true);
        }
    }

    fn unbound(&self) {
        self.lock().account.unbound();
        for _ in 0..self.crew().cap() {
            let owed = self.lock().account.settle(self.limits());
            if !owed {
                break;
            }
            self.push();
        }
    }

    fn close(&self, wait: bool) -> Option<Payload> {
        let mut state = self.lock();
        let cut = state.account.unfinished();
        state.relieve();
        state.awaited |= wait;
        let call = if state.inside == 0 { state.call.take() } else { None };
        let (inputs, results) = (state.account.close(), state.results.clear());
        let (last, dropped) = (state.last.take(), state.dropped.take());
        let waiter = state.waiter.take();
        self.end_if_done(state);
        if cut && !sync::seeded("early-end-cancels-nobody") {
            self.token.cancel();
        }
        let mut panics = Panics::default();
        if let Some(payload) = dropped {
            panics.keep(payload);
        }
        panics.drop(waiter);
        panics.drop(inputs);
        results.into_iter().for_each(|result| panics.drop(result));
        panics.drop(last);
        panics.drop(call);
        if wait {
            if let Some(payload) = self.wait_until_left() {
                panics.keep(payload);
            }
        }
        self.sweep();
        panics.first()
    }

    fn detach(&self) {
        let mut state = self.lock();
        state.detached = true;
        let waiter = state.waiter.take();
        if state.account.over() && state.inside == 0 {
            drop(state);
            unwind::discard(self.close(false));
        } else {
            drop(state);
        }
        unwind::discard(waiter);
    }

    fn cancel_untouched(&self) -> bool {
        let mut state = self.lock();
        let untouched = state.account.untouched();
        if untouched {
            state.account.end();
        }
        untouched
    }

    fn size_hint(&self, told: usize) -> (usize, Option<usize>) {
        self.lock().account.size_hint(told, &self.room)
    }

    fn is_ready(&self) -> bool {
        let state = self.lock();
        state.results.ready() || state.account.over()
    }

    fn stopper(&self) -> Hint {
        self.hint()
    }
}
