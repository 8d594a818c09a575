//! Decides what a worker does with a batch that a hint has led it to: take an input, run it, file the result, and go on, stand by or
//! leave.

use crate::account::{Phase, Post};
use crate::batch::{Batch, Pass, fits_the_tray};
use crate::nesting::Inside;
use crate::pace::{self, Calls, Nap, PATIENCE};
use crate::source::Outcome;
use crate::state::State;
use crate::sync::{self, MutexGuard, Unparker};
use crate::unwind::{self, Panics, Payload};
use crate::waiter::wake;
use std::sync::Arc;

impl<It, C, T> Batch<It, C, T>
where
    It: Iterator + Send,
    C: Fn(usize, It::Item) -> (Outcome<T>, bool) + Send + Sync,
    T: Send,
{
    /// Looks a few times whether the iterator is back: most are in a moment, and this one is worth no more than that.
    pub(crate) fn wait_a_moment<'a>(
        &'a self,
        mut state: MutexGuard<'a, State<It, C, T>>,
    ) -> MutexGuard<'a, State<It, C, T>> {
        for look in 0..PATIENCE {
            if !state.account.pulling() {
                break;
            }
            drop(state);
            pace::pause(look);
            state = self.lock();
        }
        state
    }

    /// Takes inputs and runs them until there is nothing to take, or the worker is wanted elsewhere, or `one` has been run. Says whether
    /// the crew knows that its worker searches again.
    pub(crate) fn run<'a>(&'a self, mut state: MutexGuard<'a, State<It, C, T>>, one: bool) -> bool {
        let crew = self.crew();
        // Not before: whoever brings the iterator back is to see that somebody comes.
        if !one && !sync::seeded("found-hint-still-counted") {
            state.account.found_hint();
        }
        let Some(inputs) = state.account.begin(self.limits()) else {
            // Whoever brings the iterator back sees that this worker is about to look, and starts no thread in its stead.
            if !one {
                crew.search();
            }
            self.settle(state);
            return !one;
        };
        state.inside += 1;
        let call =
            Arc::clone(state.call.as_ref().expect("the call is there until the last one has left"));
        drop(state);
        let inside = Inside::enter(crew, &self.token);
        let mut calls = Calls::default();
        let mut pass = None;
        let mut next = Some(inputs);
        while let Some(inputs) = next {
            let Some((index, input)) = self.take(inputs, &mut pass) else { break };
            let one_call = || call.0.call(crew.name(), index, || call.1(index, input));
            let outcome = inside.call(|| calls.run(one_call));
            let claimed = match &mut pass {
                Some(lane) if fits_the_tray::<Outcome<T>>() && !self.is_wanted(&calls, lane) => {
                    lane.claim(outcome)
                }
                _ => Err(outcome),
            };
            next = match claimed {
                Ok(inputs) => Some(inputs),
                Err(outcome) => self.file(index, outcome, one, &calls, &mut pass),
            };
        }
        crew.remember(calls.fast);
        if !sync::seeded("leave-with-the-call-in-hand") {
            drop(call);
        }
        // Inside still: what `leave` drops is the user's, and may wait for a batch of its own.
        self.leave();
        drop(inside);
        false
    }

    /// Takes one input; `None` ends the worker's turn.
    #[inline]
    fn take<'a>(
        &'a self,
        mut inputs: Box<It>,
        pass: &mut Option<Pass<'a, It, Outcome<T>>>,
    ) -> Option<(usize, It::Item)> {
        let ended = match unwind::catch(|| inputs.next()) {
            Ok(Some(input)) => {
                if let Some(pass) = pass {
                    match pass.put_back(inputs) {
                        Ok(()) => return Some((pass.index(), input)),
                        Err(back) => inputs = back,
                    }
                }
                return self.bring_back(input, inputs, pass);
            }
            Ok(None) => None,
            Err(payload) => Some(payload),
        };
        self.run_out(ended, inputs, pass);
        None
    }

    /// Brings the iterator back under the lock.
    #[inline]
    fn bring_back<'a>(
        &'a self,
        input: It::Item,
        inputs: Box<It>,
        pass: &mut Option<Pass<'a, It, Outcome<T>>>,
    ) -> Option<(usize, It::Item)> {
        let mut state = self.lock_with(pass);
        match state.account.took(inputs) {
            Ok(index) => {
                if !sync::seeded("no-settle-after-input") {
                    self.settle(state);
                }
                Some((index, input))
            }
            Err(inputs) => {
                drop(state);
                let mut panics = Panics::default();
                panics.drop(input);
                panics.drop(inputs);
                self.keep(panics);
                None
            }
        }
    }

    /// Says that the inputs have ended, or panicked.
    #[cold]
    fn run_out<'a>(
        &'a self,
        panicked: Option<Payload>,
        inputs: Box<It>,
        pass: &mut Option<Pass<'a, It, Outcome<T>>>,
    ) {
        let mut state = self.lock_with(pass);
        let surplus = match panicked {
            Some(payload) if state.account.phase() == Phase::Open => state.last.replace(payload),
            // Of a batch that was stopped or closed nobody asks what comes after its last result.
            other => other,
        };
        state.account.ran_out();
        state.relieve();
        let waiter = state.waiter_with_news(self.limits());
        drop(state);
        if !sync::seeded("end-of-inputs-wakes-nobody") {
            wake(waiter);
        }
        let mut panics = Panics::default();
        panics.drop(inputs);
        panics.drop(surplus);
        self.keep(panics);
    }

    /// Whether a worker is to see under the lock what comes after its call.
    #[inline]
    fn is_wanted(&self, calls: &Calls, lane: &Pass<'_, It, Outcome<T>>) -> bool {
        let crew = self.crew();
        !calls.fast
            || crew.place_is_wanted()
            || crew.is_wanted_elsewhere(lane.hints)
            || crew.cap() != lane.cap
    }

    /// Whether a worker is to leave before the next input: for a call that wants its place back, or for another batch.
    fn pressed(&self, state: &State<It, C, T>) -> bool {
        let crew = self.crew();
        crew.place_is_wanted()
            || !state.account.is_young(crew.cap())
                && crew.is_wanted_elsewhere(state.account.hints())
    }

    /// Files what became of one input, and takes the right to another, if there is one and this worker is to go on.
    fn file<'a>(
        &'a self,
        index: usize,
        outcome: Outcome<T>,
        one: bool,
        calls: &Calls,
        pass: &mut Option<Pass<'a, It, Outcome<T>>>,
    ) -> Option<Box<It>> {
        let limits = self.limits();
        let mut state = self.lock_with(pass);
        state.account.filed();
        state.fast = calls.fast;
        let unwanted = match state.account.phase() {
            Phase::Closed => Some(outcome),
            _ => {
                state.results.put(index, outcome);
                None
            }
        };
        // Before any new input: a call that is called back comes first.
        let late = sync::seeded("call-back-after-begin");
        if let Some(waiter) = if late { None } else { state.waiter_with_news(limits) } {
            drop(state);
            waiter.wake();
            state = self.lock();
        }
        state.account.decides();
        let mut next = None;
        if !one && !self.pressed(&state) {
            // Two are too many for inputs this fast.
            let crowded = calls.fast && (state.account.busy() || state.account.is_stalled());
            let post = if crowded { Post::Crowded } else { Post::Stalled };
            if !crowded {
                next = state.account.begin(limits);
            }
            let more = state.account.phase() == Phase::Open;
            if next.is_none() && more && calls.fast && state.account.stand_by(post) {
                drop(state);
                state = self.watch(post);
                if !self.pressed(&state) {
                    next = state.account.begin(limits);
                }
            }
        }
        if next.is_some() {
            if calls.fast && self.is_unwatched(&state) {
                *pass = self.open_lane(&mut state);
            }
            drop(state);
        } else if sync::seeded("no-settle-after-call") {
            drop(state);
        } else {
            self.rouse(&mut state);
            self.settle(state);
        }
        if unwanted.is_some() {
            let mut panics = Panics::default();
            panics.drop(unwanted);
            self.keep(panics);
        }
        next
    }

    /// Whether nobody is to hear of the next results, nor that the iterator is back.
    fn is_unwatched(&self, state: &State<It, C, T>) -> bool {
        let unheard = state.waiter.is_none() || state.patient;
        (unheard || sync::seeded("lane-opened-before-a-waiter"))
            && (state.account.is_settled(self.limits()) || sync::seeded("lane-opened-unsettled"))
    }

    /// Stands by while another worker runs inputs faster than two could, or while the consumer catches up, and looks again in a moment.
    fn watch(&self, post: Post) -> MutexGuard<'_, State<It, C, T>> {
        let limits = self.limits();
        let mut state = self.lock();
        if post == Post::Stalled {
            for look in 0..PATIENCE {
                if state.account.called_for(limits).is_some()
                    || state.account.phase() != Phase::Open
                {
                    break;
                }
                drop(state);
                pace::pause(look);
                state = self.lock();
            }
        }
        let mut nap = Nap::default();
        while state.account.phase() == Phase::Open && state.account.called_for(limits) != Some(post)
        {
            let before = state.account.taken();
            state.posts[post as usize] = Some(Unparker::current());
            drop(state);
            sync::nap(nap.length(), None);
            state = self.lock();
            state.posts[post as usize] = None;
            if post == Post::Stalled
                || !(nap.shows_fast(state.account.taken() - before) || state.account.is_stalled())
                || self.pressed(&state)
            {
                break;
            }
            nap.lengthen();
        }
        if !sync::seeded("standby-for-ever") {
            state.account.stand_down(post);
        }
        state
    }

    /// Ends the nap of a worker that stands by, if there is something to run and nobody to run it.
    pub(crate) fn rouse(&self, state: &mut State<It, C, T>) {
        let called = state.account.called_for(self.limits());
        if let Some(worker) = called.and_then(|post| state.posts[post as usize].take()) {
            worker.unpark();
        }
    }

    /// Keeps the first panic of a `Drop` for the consumer.
    pub(crate) fn keep(&self, panics: Panics) {
        if let Some(payload) = panics.first() {
            let surplus = self.lock().keep(payload);
            unwind::discard(surplus);
        }
    }

    /// Step 3 of the essay. The caller has dropped all that it held of the batch.
    fn leave(&self) {
        let mut panics = Panics::default();
        let mut state = self.lock();
        if state.inside == 1 && state.detached && state.account.over() {
            let (inputs, results) = (state.account.close(), state.results.clear());
            drop(state);
            panics.drop(inputs);
            results.into_iter().for_each(|result| panics.drop(result));
            state = self.lock();
        }
        if state.inside == 1 && state.account.phase() == Phase::Closed {
            let call = state.call.take();
            drop(state);
            panics.drop(call);
            state = self.lock();
        }
        let surplus = panics.first().and_then(|payload| state.keep(payload));
        state.inside -= 1;
        let unheard = state.account.phase() == Phase::Closed && state.inside == 0 && !state.awaited;
        let swallowed = if unheard { state.dropped.take() } else { None };
        let waiter = state.waiter_with_news(self.limits());
        self.end_if_done(state);
        wake(waiter);
        unwind::discard(surplus);
        unwind::discard(swallowed);
    }
}
