//! What a batch does for its consumer: it hands out results, lets the consumer wait, and ends.
//!
//! # Waiting for a result
//!
//! The consumer registers its waker in the section in which it finds nothing. A call gives its permit up in that
//! section, too. A thread that files a result, leaves last, stops the batch or cannot start a thread takes the waker
//! out in its own section and wakes it after.
//!
//! - Either the filing comes first: then the consumer sees the result.
//! - Or the registration does: then the thread that files sees the waker.
//!
//! A **patient** consumer polls again soon, since calls are fast, or since it only gathers results and they come
//! briskly. A worker wakes it early only if the buffer is full, or if nothing is left to wait for. A call is never
//! patient: it goes on before its worker takes a new input ([`Away`]).

use crate::base::config::Settings;
use crate::base::sync::{MutexGuard, seeded};
use crate::base::unwind::{self, Panics, Payload};
use crate::batch::account::Phase;
use crate::batch::call::{Abandon, Call};
use crate::batch::inputs::{Inputs, Listener};
use crate::batch::lot::Lot;
use crate::batch::overdue::Overdue;
use crate::batch::posts::Post;
use crate::batch::source::{Ask, Polled, Source, Start};
use crate::batch::state::State;
use crate::batch::{Batch, Home};
use crate::nesting::limit::Limit;
use crate::nesting::waiter::Register;
#[cfg(feature = "measure")]
use crate::nesting::waiter::wake;
use crate::nesting::{self, Away, GivenUp};
use crate::threads::crew::{Crew, Heir, Hint};
use std::sync::Arc;

impl<It, C, T> Batch<It, C, T>
where
    It: Inputs,
    C: Call<It::Item, T>,
    T: Send,
{
    /// Whether no result is on its way, but there is something that the consumer could run. A consumer that is not
    /// `eager` must not be inside the iterator when a result comes.
    fn wants_help(&self, state: &State<It, C, T>, eager: bool) -> bool {
        !state.results.ready()
            && state.account.can(self.limits())
            && (eager || !state.account.present.is_busy())
    }

    /// Whether a call treats the batch as one of another pool, though it is on its own: threads inside may have no
    /// permit to hand over.
    fn is_foreign(state: &State<It, C, T>) -> bool {
        seeded!("sent-calls-have-an-heir" => return state.overdue.is_some());
        state.overdue.is_some() || C::SENDS
    }

    /// Ends the section in which the consumer has found nothing.
    fn register(
        &self,
        mut state: MutexGuard<'_, State<It, C, T>>,
        ask: &Ask<'_>,
        register: &mut Register<'_>,
    ) -> Polled {
        state.patient = ask.patient;
        let before = register(&mut state.waiter);
        let fast = state.fast;
        let look = state.overdue.as_mut().and_then(|overdue| overdue.next_look());
        self.rouse(&mut state);
        let given_up = ask.call.map(|call| self.give_up(&mut state, call));
        if ask.patient {
            self.settle(state);
        } else {
            self.end_watch(state, false);
        }
        given_up.into_iter().for_each(GivenUp::pass_on);
        drop(before);
        Polled::Pending { fast, look }
    }

    /// A call waits for this batch, which has nothing that the call could run. If the batch is on the call's own pool,
    /// a thread is inside.
    fn give_up(&self, state: &mut State<It, C, T>, call: &Away) -> GivenUp {
        state.absent = if Self::is_foreign(state) { None } else { call.heir(self.crew()) };
        debug_assert!(state.absent.is_none() || state.account.present.count() > 0);
        call.give_up()
    }
}

impl<It, C, T> Source<T> for Batch<It, C, T>
where
    It: Inputs,
    C: Call<It::Item, T>,
    T: Send,
{
    unsafe fn start(&self, crew: &Arc<Crew>, settings: &mut Settings, how: Start) -> bool {
        let nested = nesting::is_inside(crew);
        if let Some(limit) = settings.timeout.into_iter().chain(settings.abandon_after).min() {
            settings.observe(Arc::new(Limit(limit)));
        }
        let home = || {
            let observer = settings.observer.clone();
            Home { crew: Arc::clone(crew), nested, observer }
        };
        let crew = &self.home.get_or_init(home).crew;
        crew.begin();
        {
            let mut state = self.lock();
            if !state.account.is_single() {
                nesting::lend_token(|token, deadline| self.token.adopt(token, deadline));
            }
            state.live = true;
            state.account.open(settings, C::SENDS);
            state.results.keep_order(settings.in_order);
            state.account.connect(|| Listener(self.hint()));
            if state.done() {
                crew.end();
                return false;
            }
            if how != Start::Ahead && state.account.claims_to_be_empty() {
                // No thread is started to find nothing: the consumer asks itself, within the cap.
                state.unserved = true;
                return false;
            }
        }
        seeded!("starter-runs-inputs" => { crew.as_guest(|| self.help(true)); });
        let watched = how == Start::Gathers && crew.was_fast() && !nesting::is_in_a_call();
        if !watched {
            self.ramp();
            return false;
        }
        let mut state = self.lock();
        state.fast = true;
        let owed = state.account.ramp(self.limits());
        state.account.ramped(self.limits());
        state.account.posts.take(Post::Consumer);
        drop(state);
        if owed {
            self.push();
        }
        true
    }

    fn poll(&self, ask: &Ask<'_>, lot: &mut Lot<T>, register: &mut Register<'_>) -> Polled {
        let mut state = self.lock();
        self.abandon_overdue(&mut state);
        if ask.closed {
            seeded!("close-without-waiting" => return Polled::Ended(state.dropped.take()));
            // In a child after `fork` the threads that were inside do not exist.
            if state.account.present.awaited() == 0 || !self.crew().is_here() {
                return Polled::Ended(state.dropped.take());
            }
            return self.register(state, ask, register);
        }
        let limits = self.limits();
        // A consumer at its post that only gathers results stays there when the first ones come.
        let stays = ask.patient && ask.eager && state.account.posts.held(Post::Consumer);
        if state.results.ready() && (!stays || state.account.over()) {
            let buffer = state.account.buffer(limits.cap);
            let taken = lot.refill(buffer, |lot| state.results.take_into(lot));
            let wanted = taken > 0 && self.room.release(taken);
            self.end_watch(state, wanted);
            return Polled::Fetched;
        }
        seeded!("feed-ended-before-its-results" => state.account.end_if_dry());
        if !state.results.ready() {
            state.account.end_if_dry();
        }
        if state.account.phase() == Phase::Closed {
            return Polled::Ended(None);
        }
        if state.account.over() {
            return Polled::Ended(state.last.take().or_else(|| state.dropped.take()));
        }
        if !state.results.ready() && state.account.is_left_to_overdue(limits) {
            return Polled::LeftToOverdue;
        }
        if self.wants_help(&state, ask.eager) {
            if ask.may_help && !Self::is_foreign(&state) {
                return Polled::Help;
            }
            if std::mem::take(&mut state.unserved) {
                // It runs a call now, and does not look again in a moment.
                state.account.posts.leave(Post::Consumer);
                return Polled::Unserved;
            }
        }
        seeded!("register-in-a-later-section" => { drop(state); state = self.lock() });
        self.register(state, ask, register)
    }

    fn yielded(&self) {
        if self.room.release(1) {
            self.end_watch(self.lock(), true);
        }
    }

    fn help(&self, eager: bool) -> Option<Heir> {
        let mut state = self.lock();
        seeded!("help-without-a-look" => {
            let inputs = state.account.begin(self.limits())?;
            return self.run(state, inputs, false)
        });
        // A worker may have run the last input since the consumer asked, and the consumer itself may have to make the
        // next.
        if !self.wants_help(&state, eager) {
            return None;
        }
        match state.account.begin(self.limits()) {
            Some(inputs) => self.run(state, inputs, false),
            None => {
                self.settle(state);
                None
            }
        }
    }

    fn call_worker(&self) {
        self.settle(self.lock());
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

    unsafe fn abandon(&self, abandon: Abandon<T>) {
        self.lock().overdue = Some(Box::new(Overdue::new(abandon)));
    }

    fn find_end(&self) {
        Self::find_end(self);
    }

    #[cfg(feature = "stream")]
    fn start_clock(&self) -> bool {
        Self::start_clock(self)
    }

    fn end_at(&self, last: fn(&T) -> bool) {
        self.lock().is_last = Some(last);
    }

    #[cfg(feature = "measure")]
    fn end_inputs(&self) {
        let waiter = self.end(self.lock());
        wake(waiter);
    }

    fn close(&self, awaited: bool) -> Option<Payload> {
        let mut state = self.lock();
        let cut = state.account.unfinished();
        state.account.posts.relieve();
        state.awaited |= awaited;
        let stand_ins = state.overdue.as_mut().map(|overdue| overdue.clear());
        self.forget_sent(&mut state);
        let call = if state.account.present.count() == 0 { state.call.take() } else { None };
        let (inputs, results) = (state.account.close(), state.results.clear());
        let (last, dropped) = (state.last.take(), state.dropped.take());
        let waiter = state.waiter.take();
        self.end_if_done(state);
        seeded!("early-end-cancels-nobody" => return None);
        if cut {
            self.token.cancel();
        }
        let mut panics = Panics::default();
        panics.keep(dropped);
        panics.drop(waiter);
        panics.drop(inputs);
        panics.drop_each(results);
        panics.drop_each(stand_ins.into_iter().flatten());
        panics.drop(last);
        panics.drop(call);
        self.sweep();
        panics.first()
    }

    fn detach(&self) {
        let mut state = self.lock();
        state.detached = true;
        let waiter = state.waiter.take();
        // A result that is there goes here; one that is still to come goes with the thread that runs the call.
        let results = state.results.clear();
        let over = state.account.over();
        drop(state);
        results.into_iter().for_each(unwind::discard);
        if over {
            unwind::discard(self.close(false));
        }
        unwind::discard(waiter);
    }

    fn is_untouched(&self) -> bool {
        self.lock().account.untouched()
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
