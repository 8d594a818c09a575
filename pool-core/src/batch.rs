//! Decides who may enter a batch, and when what it borrows may go; the only file with `unsafe`. What a worker does inside stands in `turn.rs`.
//!
//! A batch is one allocation, shared by its consumer, by the hints in queues, and by the threads that follow these. It owns the
//! iterator, the call, and the results that nobody has taken: everything in it that may borrow from the consumer's frame, for `'env`.
//!
//! # Borrowing
//!
//! Hints are `'static` and outlive the batch that they lead to. What makes that sound:
//!
//! 1. A thread **enters** under the lock, while the batch is open: it counts itself in `inside` and takes its own handle to the call.
//!    It **leaves** under the lock, after it has dropped that handle and every input, iterator and result that it held.
//! 2. **Closing** sets the phase to closed under the lock, and takes out the iterator and the results. Nobody enters any more.
//! 3. The call goes when the last one has left: whoever finds the batch closed and nobody else inside takes it out and drops it, and
//!    only then counts himself out.
//! 4. A batch that borrows is closed by its consumer, who waits until nobody is inside. After that the allocation holds no value
//!    of a type that mentions `'env`, only the empty places for them, and the last hint frees those whenever it goes.
//!
//! A thread that enters late is either ahead of the closing section, then it is counted and waited for; or behind it, then it sees
//! that the batch is closed and touches nothing.
//!
//! The wait stands in a guard in the frame of [`Shared::lend`], which hands out nothing: what is given to code of the
//! user may be leaked, but the guard may not. A [`Handle`] that is dropped closes its batch; one that is leaked keeps the allocation,
//! and what it holds, for ever.
//!
//! # Waiting for a result
//!
//! The consumer registers its waker in the section in which it finds nothing; whoever files a result, ends the batch, leaves it last or
//! cannot start a thread takes the waker out in his section and wakes it after. Either the filing comes first, then the consumer sees
//! the result; or the registration does, then the one who files sees the waker.
//!
//! A consumer that is **patient** looks again in a moment by itself, since calls are fast: it is woken only when workers are held back for
//! it, or nothing is left to wait for. A call is never patient: it is to be called back before its worker takes a new input (`nesting.rs`).

use crate::account::{Account, Limits, Phase, Post};
use crate::cancel::Token;
use crate::config::Settings;
use crate::nesting::{self, Away};
use crate::outbox::Order;
use crate::room::Room;
use crate::source::{Ask, Lot, Outcome, Polled, Source};
use crate::state::State;
use crate::sync::{self, Mutex, MutexGuard};
use crate::unwind::{self, Panics, Payload};
use crate::waiter::{Register, Waiter, wake};
use crate::worker::{Crew, Hint, Job};
use std::sync::{Arc, OnceLock, Weak};

/// A batch as its handle sees it.
trait Borrowing<T>: Source<T> {
    /// Opens the batch and sees to it that workers come. A consumer that `watches` asks for results at once, and hears whether it
    /// stands by until then.
    ///
    /// # Safety
    ///
    /// The caller sees to it that [`Source::close`] with `wait` returns before anything ends that the batch borrows.
    unsafe fn start(&self, crew: &Arc<Crew>, settings: Settings, watches: bool) -> bool;

    fn source<'a>(&'a self) -> &'a (dyn Source<T> + 'a);
}

pub(crate) struct Batch<It, C, T> {
    /// The allocation that this is, for the hints that lead to it.
    me: Weak<Self>,
    pub(crate) token: Arc<Token>,
    /// Set when the batch is started.
    home: OnceLock<Home>,
    pub(crate) room: Room,
    pub(crate) state: Mutex<State<It, C, T>>,
}

/// Where a batch runs.
struct Home {
    crew: Arc<Crew>,
    /// A call of the same crew started it: its hints go to the deques of the workers that push them.
    nested: bool,
}

impl<It, C, T> Batch<It, C, T>
where
    It: Iterator + Send,
    C: Fn(usize, It::Item) -> (Outcome<T>, bool) + Send + Sync,
    T: Send,
{
    fn new(account: Account<It>, call: C, order: Order) -> Arc<Self> {
        Arc::new_cyclic(|me| Self {
            me: Weak::clone(me),
            token: Arc::default(),
            home: OnceLock::new(),
            room: Room::new(),
            state: Mutex::new(State::new(account, call, order)),
        })
    }

    fn home(&self) -> &Home {
        self.home.get().expect("a batch is started before anybody enters it")
    }

    pub(crate) fn crew(&self) -> &Arc<Crew> {
        &self.home().crew
    }

    pub(crate) fn limits(&self) -> Limits<'_> {
        Limits { cap: self.crew().cap(), room: &self.room }
    }

    /// A handle to this batch for queues, which know nothing of what it borrows.
    fn hint(&self) -> Hint {
        let job: Arc<dyn Job + '_> =
            self.me.upgrade().expect("whoever calls a method holds a handle");
        // SAFETY: Only the lifetime bound of the trait object changes. `Job`'s methods touch what the batch borrows only between
        // entering and leaving (`run`), and the contract of `Borrowing::start` ends the borrow after the batch is closed and all have left.
        // The drop glue of the last handle finds no value that borrows: `close` and `leave` have taken them out (steps 2 and 3
        // above), or the batch was never closed because its `Handle` was leaked, and then that is a handle which never goes.
        unsafe { std::mem::transmute::<Arc<dyn Job + '_>, Hint>(job) }
    }

    /// Ends a section: pushes the hint that is owed, if one is, after unlocking.
    #[inline]
    pub(crate) fn settle(&self, mut state: MutexGuard<'_, State<It, C, T>>) {
        let owed = state.account.settle(self.limits());
        drop(state);
        if owed {
            self.push();
        }
    }

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

    /// Pushes a hint for each worker that could begin now.
    fn ramp(&self) {
        for _ in 0..self.crew().cap() {
            if !self.state.lock().account.ramp(self.limits()) {
                break;
            }
            self.push();
        }
    }

    #[cold]
    pub(crate) fn push(&self) {
        let Home { crew, nested } = self.home();
        crew.push(self.hint(), *nested);
    }

    /// Step 4 of the essay.
    fn wait_until_left(&self) -> Option<Payload> {
        let crew = self.crew();
        let mut away: Option<Away> = None;
        loop {
            let mut state = self.state.lock();
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

    /// Ends a section after which nothing may be left to run. The crew hears of that before anybody else can see it.
    pub(crate) fn end_if_done(&self, mut state: MutexGuard<'_, State<It, C, T>>) {
        let done = state.done();
        let late = sync::seeded("end-told-after-the-lock");
        if done && !late {
            self.crew().end();
        }
        drop(state);
        if done && late {
            self.crew().end();
        }
    }
}

impl<It, C, T> Job for Batch<It, C, T>
where
    It: Iterator + Send,
    C: Fn(usize, It::Item) -> (Outcome<T>, bool) + Send + Sync,
    T: Send,
{
    fn work(&self) -> bool {
        let mut state = self.state.lock();
        // Here is a thread.
        state.unserved = false;
        self.run(state, false)
    }

    fn unserved(&self) {
        let mut state = self.state.lock();
        state.unserved = true;
        let waiter = state.waiter.take();
        drop(state);
        if let Some(waiter) = waiter {
            waiter.nudge();
        }
    }

    fn stop(&self) {
        let mut state = self.state.lock();
        state.account.end();
        state.relieve();
        let cap = self.home.get().map_or(usize::MAX, |home| home.crew.cap());
        let limits = Limits { cap, room: &self.room };
        let waiter = state.waiter_with_news(limits);
        self.end_if_done(state);
        self.token.cancel();
        if !sync::seeded("stop-wakes-nobody") {
            wake(waiter);
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
        let mut state = self.state.lock();
        let limits = self.limits();
        // Who stands by and only gathers results is not to leave for the first ones.
        let stays = ask.patient && ask.eager && state.account.is_watched();
        if state.results.ready() && (!stays || state.account.over()) {
            let buffer = state.account.buffer(limits.cap);
            let taken = lot.refill(buffer, |lot| state.results.take_into(lot));
            let wanted = self.room.release(taken);
            self.end_watch(state, wanted);
            return Polled::Fetched;
        }
        if state.account.phase() == Phase::Closed {
            return Polled::Ended(None);
        }
        if state.account.over() {
            return Polled::Ended(state.last.take().or_else(|| state.dropped.take()));
        }
        if state.account.can(limits) && (ask.eager || !state.account.busy()) {
            if ask.may_help {
                return Polled::Help;
            }
            if std::mem::take(&mut state.unserved) {
                return Polled::Unserved;
            }
        }
        if sync::seeded("register-in-a-later-section") {
            drop(state);
            state = self.state.lock();
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
            self.end_watch(self.state.lock(), true);
        }
    }

    fn help(&self) {
        self.run(self.state.lock(), true);
    }

    fn unbound(&self) {
        self.state.lock().account.unbound();
        for _ in 0..self.crew().cap() {
            let owed = self.state.lock().account.settle(self.limits());
            if !owed {
                break;
            }
            self.push();
        }
    }

    fn close(&self, wait: bool) -> Option<Payload> {
        let mut state = self.state.lock();
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
        if let Some(home) = self.home.get() {
            home.crew.sweep();
        }
        panics.first()
    }

    fn detach(&self) {
        let mut state = self.state.lock();
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
        let mut state = self.state.lock();
        let untouched = state.account.untouched();
        if untouched {
            state.account.end();
        }
        untouched
    }

    fn size_hint(&self, told: usize) -> (usize, Option<usize>) {
        self.state.lock().account.size_hint(told, &self.room)
    }

    fn is_ready(&self) -> bool {
        let state = self.state.lock();
        state.results.ready() || state.account.over()
    }

    fn stopper(&self) -> Hint {
        self.hint()
    }
}

impl<It, C, T> Borrowing<T> for Batch<It, C, T>
where
    It: Iterator + Send,
    C: Fn(usize, It::Item) -> (Outcome<T>, bool) + Send + Sync,
    T: Send,
{
    unsafe fn start(&self, crew: &Arc<Crew>, settings: Settings, watches: bool) -> bool {
        let nested = nesting::is_inside(crew);
        let crew = &self.home.get_or_init(|| Home { crew: Arc::clone(crew), nested }).crew;
        crew.begin();
        {
            let mut state = self.state.lock();
            if !state.account.is_single() {
                self.token.adopt(nesting::current_token());
            }
            state.live = true;
            state.account.open(settings);
            if state.done() {
                crew.end();
                return false;
            }
        }
        // No thread is started to find nothing.
        if self.state.lock().account.claims_to_be_empty() {
            crew.as_guest(|| self.help());
        }
        let watched = watches && crew.was_fast() && !nesting::is_in_a_call();
        if !watched {
            self.ramp();
            return false;
        }
        let mut state = self.state.lock();
        state.fast = true;
        let owed = state.account.ramp(self.limits());
        state.account.stand_by(Post::Consumer);
        drop(state);
        if owed {
            self.push();
        }
        true
    }

    fn source<'a>(&'a self) -> &'a (dyn Source<T> + 'a) {
        self
    }
}

/// A batch without the types of its iterator and its call.
pub(crate) struct Shared<'env, T>(Arc<dyn Borrowing<T> + 'env>);

impl<'env, T: Send + 'env> Shared<'env, T> {
    pub(crate) fn new<It, C>(inputs: It, call: C, order: Order) -> Self
    where
        It: Iterator + Send + 'env,
        C: Fn(usize, It::Item) -> (Outcome<T>, bool) + Send + Sync + 'env,
    {
        Self(Batch::new(Account::new(inputs), call, order))
    }

    /// The batch behind a task.
    pub(crate) fn single<F>(call: F) -> Self
    where
        F: FnOnce() -> (Outcome<T>, bool) + Send + 'env,
    {
        let account = Account::single(std::iter::once(call));
        Self(Batch::new(account, |_, call: F| call(), Order::Completion))
    }
}

impl<T> Shared<'_, T> {
    pub(crate) fn source(&self) -> &(dyn Source<T> + '_) {
        self.0.source()
    }

    /// Starts the batch, if `start` says where, and runs `consume`, which hears whether it stands by; returns when nothing of the batch is alive any more that could
    /// borrow, with the first panic of a `Drop`.
    pub(crate) fn lend<B>(
        &self,
        start: Option<(&Arc<Crew>, Settings)>,
        watches: bool,
        consume: impl FnOnce(bool) -> B,
    ) -> (B, Option<Payload>) {
        /// Stands in this frame, where nobody can leak it.
        struct Closing<'a, T>(&'a (dyn Source<T> + 'a));
        impl<T> Closing<'_, T> {
            fn close(&self) -> Option<Payload> {
                unwind::abort_on_panic(|| self.0.close(true))
            }
        }
        impl<T> Drop for Closing<'_, T> {
            fn drop(&mut self) {
                unwind::discard(self.close());
            }
        }

        let closing = Closing(self.source());
        let watched = start.is_some_and(|(crew, settings)| {
            // SAFETY: `closing` closes the batch and waits before this function returns or unwinds, and so before `'env` ends.
            unsafe { self.0.start(crew, settings, watches) }
        });
        let result = consume(watched);
        let payload = closing.close();
        (result, payload)
    }
}

impl<T> Shared<'static, T> {
    pub(crate) fn start(&self, crew: &Arc<Crew>, settings: Settings) {
        // SAFETY: A batch that borrows for `'static` borrows nothing that ends.
        unsafe { self.0.start(crew, settings, false) };
    }
}
