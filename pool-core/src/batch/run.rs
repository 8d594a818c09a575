//! What a thread does inside a batch: takes an input, runs it, files the result, and goes on, stands by or leaves.

use crate::base::pace::Calls;
use crate::base::span::At;
use crate::base::sync::{MutexGuard, seeded};
use crate::base::unwind::{self, Panics, Payload};
use crate::batch::Batch;
use crate::batch::account::Phase;
use crate::batch::call::Call;
use crate::batch::inputs::Inputs;
use crate::batch::posts::Post;
use crate::batch::source::Outcome;
use crate::batch::state::State;
use crate::nesting::Inside;
use crate::nesting::waiter::{Waiter, wake};
use crate::threads::crew::Heir;

/// One thread's stay in a batch.
pub(super) struct Stay {
    /// The thread followed a hint and goes on while it can; a consumer that helps, or a guest, runs one input.
    worker: bool,
    /// The crew counts the thread among those that search.
    searches: bool,
    pub(super) calls: Calls,
    /// The call was abandoned, so that its result comes too late.
    pub(super) late: bool,
    /// The thread stands for a call that was sent, and finishes it.
    sent: bool,
    /// The consumer, which gets this thread's permit when it leaves.
    heir: Option<Heir>,
}

impl Stay {
    pub(super) fn of(worker: bool) -> Self {
        let calls = Calls::default();
        Self { worker, searches: false, calls, late: false, sent: false, heir: None }
    }

    #[cfg(any(feature = "redis", pool_loom))]
    pub(super) fn of_sent() -> Self {
        Self { sent: true, ..Self::of(false) }
    }

    /// Whether the thread goes on with further inputs.
    pub(super) fn goes_on(&self) -> bool {
        self.worker && self.heir.is_none()
    }
}

impl<It, C, T> Batch<It, C, T>
where
    It: Inputs,
    C: Call<It::Item, T>,
    T: Send,
{
    /// Takes inputs and runs them until there is nothing to take, or the worker is wanted elsewhere. After that the
    /// worker searches. Its permit is for the heir, if there is one.
    pub(super) fn follow_hint<'a>(
        &'a self,
        mut state: MutexGuard<'a, State<It, C, T>>,
    ) -> Option<Heir> {
        // Uncount the hint only now: until then, the thread that brings the iterator back need not push another.
        if state.account.found_hint() {
            self.crew().found_abandoned();
        }
        let paused = self.crew().is_paused();
        match if paused { None } else { state.account.begin(self.limits()) } {
            Some(inputs) => self.run(state, inputs, true),
            None => {
                // The thread that brings the iterator back sees that this worker is about to look, and starts no thread
                // in its stead.
                self.crew().search();
                self.settle(state);
                None
            }
        }
    }

    /// Runs an input that has been begun, on a thread that has a permit, and if that is a `worker` those after it.
    pub(super) fn run<'a>(
        &'a self,
        mut state: MutexGuard<'a, State<It, C, T>>,
        inputs: Box<It>,
        worker: bool,
    ) -> Option<Heir> {
        let crew = self.crew();
        state.account.present.enter();
        let timed = state.overdue.is_some();
        let call = state.call.clone().expect("the call is there until the last thread has left");
        drop(state);
        let escape = unwind::Escape::armed();
        let inside = Inside::enter(crew, &self.token);
        let mut stay = Stay::of(worker);
        let mut next = Some(inputs);
        while let Some(inputs) = next {
            let Some((index, input)) = self.take(inputs) else { break };
            let at = At { pool: crew.name(), index };
            if C::SENDS {
                next = self.send(&inside, &mut stay, &call, at, input);
                continue;
            }
            let outcome = if timed {
                self.run_timed(&inside, &mut stay, &call, at, input)
            } else {
                let observer = || Some((self.home().observer.as_deref()?, index));
                inside.call(|| stay.calls.run(observer, || call.run(at, input)))
            };
            next = self.file(index, outcome, &mut stay);
        }
        if let Some(fast) = stay.calls.seen() {
            crew.remember(fast);
        }
        seeded!("leave-with-the-call-in-hand" => {
            let heir = self.leave(stay);
            drop(inside);
            escape.disarm();
            return heir;
        });
        if C::KEEPS && self.lock().account.phase() >= Phase::Over {
            self.let_go(&stay);
            let mut panics = Panics::default();
            panics.run(|| call.retire());
            self.keep(panics);
        }
        drop(call);
        // Inside still: what is dropped in leaving is the user's, and may wait for a batch of its own.
        let heir = self.leave(stay);
        drop(inside);
        escape.disarm();
        heir
    }

    /// Takes one input; `None` ends the thread's stay.
    #[inline]
    fn take(&self, mut inputs: Box<It>) -> Option<(usize, It::Item)> {
        match unwind::catch(|| inputs.next()) {
            Ok(Some(input)) => self.bring_back(input, inputs),
            Ok(None) => self.run_out(None, inputs),
            Err(payload) => self.run_out(Some(payload), inputs),
        }
    }

    /// Brings the iterator back under the lock.
    #[inline]
    fn bring_back(&self, input: It::Item, inputs: Box<It>) -> Option<(usize, It::Item)> {
        let mut state = self.lock();
        match state.account.took(inputs) {
            Ok(index) => {
                seeded!("no-settle-after-input" => return Some((index, input)));
                self.settle(state);
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

    /// Says that the inputs have ended, or panicked. The consumer hears of that when the last thread leaves.
    #[cold]
    pub(super) fn run_out(
        &self,
        panicked: Option<Payload>,
        inputs: Box<It>,
    ) -> Option<(usize, It::Item)> {
        let mut state = self.lock();
        let surplus = match panicked {
            Some(payload) if state.account.phase() == Phase::Open => state.last.replace(payload),
            // No consumer asks what comes after the last result of a batch that was stopped or closed.
            other => other,
        };
        state.account.ran_out();
        state.account.posts.relieve();
        drop(state);
        let mut panics = Panics::default();
        panics.drop(inputs);
        panics.drop(surplus);
        self.keep(panics);
        None
    }

    /// Whether a worker leaves before the next input: for a call that waits for a permit, or for another batch.
    pub(super) fn pressed(&self, state: &State<It, C, T>) -> bool {
        let crew = self.crew();
        crew.permit_is_wanted()
            || !state.account.is_young(crew.cap())
                && crew.is_wanted_elsewhere(state.account.hints())
    }

    /// Files the outcome of one input, and takes the right to another, if there is one and this thread goes on.
    pub(super) fn file(
        &self,
        index: usize,
        outcome: Outcome<T>,
        stay: &mut Stay,
    ) -> Option<Box<It>> {
        let limits = self.limits();
        let fast = stay.calls.are_fast();
        let mut state = self.lock();
        state.account.present.ended();
        state.fast = fast;
        let mut unwanted = None;
        if stay.late || state.account.phase() == Phase::Closed {
            unwanted = Some(outcome);
        } else {
            let mut last = outcome.is_err();
            state.results.put(index, outcome);
            if state.is_last.is_some() {
                last |= state.ends_with(index);
            }
            seeded!("inputs-after-a-panic" => return state.account.begin(limits));
            if last {
                state.account.end();
                state.account.posts.relieve();
            }
        }
        stay.heir = state.heir();
        let mut waiter = state.waiter_with_news(limits);
        seeded!("call-back-after-begin" => {
            let next = if stay.worker { state.account.begin(limits) } else { None };
            self.settle(state);
            wake(waiter);
            return next;
        });
        // Before any new input: a call that waits elsewhere gets its permit back first.
        waiter = waiter.and_then(Waiter::call_back);
        let mut next = None;
        if stay.goes_on() && !self.pressed(&state) {
            // Two are too many for inputs this fast.
            let crowded = fast
                && (state.account.present.is_busy() || state.account.posts.held(Post::Stalled));
            let post = if crowded { Post::Crowded } else { Post::Stalled };
            if !crowded {
                next = state.account.begin(limits);
            }
            let more = state.account.phase() == Phase::Open;
            if next.is_none() && more && fast && state.account.posts.take(post) {
                drop(state);
                wake(waiter.take());
                state = self.watch(post);
                if !self.pressed(&state) {
                    next = state.account.begin(limits);
                }
            }
        }
        let mut owed = false;
        if next.is_none() {
            // The result of a detached task is dropped while this thread leaves. Until then it does not search.
            if stay.worker && state.account.is_single() && !state.detached {
                // The joiner of a task that submits the next one sees that this thread is about to look for it.
                seeded!("search-after-the-result" => { drop(state); wake(waiter); return None });
                self.crew().search();
                stay.searches = true;
                // The task has nothing left to run, either: its closure went with the call.
                state.end_of_task(self.crew());
            }
            seeded!("no-settle-after-call" => { drop(state); wake(waiter); return None });
            self.rouse(&mut state);
            owed = state.account.settle(limits);
        }
        drop(state);
        wake(waiter);
        if owed {
            self.push();
        }
        if unwanted.is_some() {
            let mut panics = Panics::default();
            panics.drop(unwanted);
            self.keep(panics);
        }
        next
    }

    /// Keeps the first panic of a `Drop` for the consumer.
    pub(super) fn keep(&self, panics: Panics) {
        if let Some(payload) = panics.first() {
            let surplus = self.lock().keep(payload);
            unwind::discard(surplus);
        }
    }

    /// What follows is code of the user and may take long: the consumer need not wait for this very permit.
    fn let_go(&self, stay: &Stay) {
        if let Some(heir) = &stay.heir {
            self.crew().call_back(&heir.0);
        }
    }

    /// Rule 3 of the essay on borrowing. The thread has dropped all that it held of the batch.
    pub(super) fn leave(&self, stay: Stay) -> Option<Heir> {
        let mut panics = Panics::default();
        let mut state = self.lock();
        while state.account.last() {
            let (inputs, call) = (state.account.take_inputs(), state.call.take());
            let results = if state.detached { state.results.clear() } else { Default::default() };
            if inputs.is_none() && call.is_none() && results.is_empty() {
                break;
            }
            self.let_go(&stay);
            drop(state);
            panics.drop(inputs);
            panics.drop_each(results);
            panics.drop(call);
            state = self.lock();
        }
        let surplus = panics.first().and_then(|payload| state.keep(payload));
        if stay.sent {
            state.account.present.returned();
        } else {
            state.account.present.leave();
        }
        let unheard = state.account.phase() == Phase::Closed
            && state.account.present.count() == 0
            && !state.awaited;
        let swallowed = if unheard { state.dropped.take() } else { None };
        // The consumer that this thread filed a result for may have come back and wait again.
        let heir = stay.heir.filter(Heir::is_absent).or_else(|| state.heir());
        let waiter = state.waiter_with_news(self.limits()).and_then(Waiter::call_back);
        if stay.worker && !stay.searches {
            self.crew().search();
        }
        let owed = C::SENDS && state.account.settle(self.limits());
        self.end_if_done(state);
        seeded!("sender-leaves-without-a-hint" => {
            wake(waiter);
            return heir;
        });
        if owed {
            self.push();
        }
        seeded!("leaving-wakes-nobody" => return heir);
        wake(waiter);
        unwind::discard(surplus);
        unwind::discard(swallowed);
        heir
    }
}

#[cfg(all(test, not(any(pool_loom, pool_shuttle))))]
mod tests {
    use crate::base::config::Config;
    use crate::base::observer::{Ended, Observer};
    use crate::base::span::At;
    use crate::batch::{Handle, Start};
    use crate::threads::crew::Crew;
    use std::collections::HashMap;
    use std::sync::{Arc, Mutex};
    use std::thread::{self, ThreadId};

    /// Where each call began, and how often and how it ended.
    #[derive(Default)]
    struct Seen(Mutex<HashMap<usize, (ThreadId, Vec<bool>)>>);

    impl Observer for Seen {
        fn begin(&self, index: usize) {
            let before = self.0.lock().unwrap().insert(index, (thread::current().id(), Vec::new()));
            assert_eq!(before, None, "call {index} begins twice");
        }

        fn end(&self, index: usize, ended: Ended) {
            let mut seen = self.0.lock().unwrap();
            let (began, ends) = seen.get_mut(&index).expect("a call begins before it ends");
            assert_eq!(*began, thread::current().id());
            ends.push(ended == Ended::Panicked);
        }
    }

    #[test]
    fn an_observer_sees_each_call_begin_and_end() {
        let seen = Arc::new(Seen::default());
        let running = Arc::clone(&seen);
        let crew = Crew::new(Config::new().with_max_workers(2));
        let mut handle =
            Handle::new(Arc::clone(&crew), 0..500, move |At { index, .. }: At, input: usize| {
                assert_eq!(running.0.lock().unwrap()[&index], (thread::current().id(), Vec::new()));
                (Ok(input), if input % 7 == 0 { Ended::Panicked } else { Ended::Well })
            });
        handle.settings().observer = Some(Arc::clone(&seen) as Arc<dyn Observer>);
        handle.unbound();
        handle.start(Start::Ahead);
        assert!(crew.wait_idle(None));
        let seen = seen.0.lock().unwrap();
        assert_eq!(seen.len(), 500);
        assert!(seen.iter().all(|(index, (_, ends))| *ends == [index % 7 == 0]));
    }
}
