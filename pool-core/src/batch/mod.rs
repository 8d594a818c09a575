//! Who may enter a batch, and when borrowed data may be released; the only file with `unsafe`. What a worker does inside stands in `turn.rs`.
//!
//! A batch is one allocation, shared by its consumer, by the hints in queues, and by the threads that follow these. It owns the
//! iterator, the call, and the results that the consumer has not taken: everything in it that may borrow from the consumer's frame, for `'env`.
//!
//! # Borrowing
//!
//! Hints are `'static` and outlive the batch that they lead to. What makes that sound:
//!
//! 1. A thread **enters** under the lock, while the batch is open: the account counts it as inside, and the thread takes its own handle to the
//!    call. It **leaves** under the lock, after it has dropped that handle and every input, iterator and result that it held.
//! 2. **Closing** sets the phase to closed under the lock, and takes out the iterator and the results. No thread enters any more.
//! 3. The last thread inside a batch that takes no further input drops the call, and the iterator if it is there still, before it leaves. Where no
//!    thread is inside, closing drops them.
//! 4. A batch that borrows is closed by its consumer, which waits until no thread is inside. After that the allocation holds no value
//!    of a type that mentions `'env`, only the empty places for them, and the last hint frees those whenever it goes.
//!
//! A thread that enters late is either ahead of the closing section: then it is counted and waited for. Or it is behind it: then it sees
//! that the batch is closed and touches nothing.
//!
//! The wait stands in a guard in the frame of [`Shared::lend`], which hands out nothing: what is given to code of the
//! user may be leaked, but the guard may not. A [`Handle`](crate::batch::handle::Handle) that is dropped closes its batch; one that is leaked keeps the allocation,
//! and what it holds, for ever.
//!
//! # The end
//!
//! The consumer hears of the end when no thread is inside any more (step 3 comes first), so that what was given to the batch is gone by then. One
//! thread is not waited for: that in `next()` of a batch that was stopped, whose input comes too late.

pub(crate) mod account;
pub(crate) mod credits;
pub(crate) mod handle;
pub(crate) mod reorder;
mod run;
pub(crate) mod source;
mod state;
mod supply;

use crate::base::config::Settings;
use crate::base::span::At;
use crate::base::sync::{Mutex, MutexGuard, seeded};
use crate::base::unwind::{self, Payload};
use crate::batch::account::{Account, Limits, Phase, Post};
use crate::batch::credits::Room;
use crate::batch::reorder::Order;
use crate::batch::source::{Outcome, Source, Start};
use crate::batch::state::State;
use crate::nesting;
use crate::nesting::token::Token;
use crate::nesting::waiter::wake;
use crate::threads::crew::{Crew, Heir, Hint, Job};
use std::sync::{Arc, OnceLock, Weak};

/// A batch as its handle sees it.
trait Borrowing<T>: Source<T> {
    /// Opens the batch and sees to it that workers come. Says whether the consumer stands by.
    ///
    /// # Safety
    ///
    /// The caller sees to it that [`Source::close`] with `wait` returns before anything ends that the batch borrows.
    unsafe fn start(&self, crew: &Arc<Crew>, settings: Settings, how: Start) -> bool;

    fn source<'a>(&'a self) -> &'a (dyn Source<T> + 'a);
}

pub(crate) struct Batch<It, C, T> {
    /// The allocation that this is, for the hints that lead to it.
    me: Weak<Self>,
    pub(crate) token: Arc<Token>,
    /// Set when the batch is started.
    home: OnceLock<Home>,
    pub(crate) room: Room,
    state: Mutex<State<It, C, T>>,
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
    C: Fn(At, It::Item) -> (Outcome<T>, bool) + Send + Sync,
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

    /// Begins a section.
    #[inline]
    pub(crate) fn lock(&self) -> MutexGuard<'_, State<It, C, T>> {
        self.state.lock()
    }

    fn home(&self) -> &Home {
        self.home.get().expect("a batch is started before a thread enters it")
    }

    /// Forgets the hints that are left, if this was the last batch of a pool that is gone.
    pub(crate) fn sweep(&self) {
        if let Some(home) = self.home.get() {
            home.crew.sweep();
        }
    }

    pub(crate) fn crew(&self) -> &Arc<Crew> {
        &self.home().crew
    }

    pub(crate) fn limits(&self) -> Limits<'_> {
        Limits { cap: self.crew().cap(), room: &self.room }
    }

    /// A handle to this batch for queues, which know nothing of what it borrows.
    pub(crate) fn hint(&self) -> Hint {
        let job: Arc<dyn Job + '_> =
            self.me.upgrade().expect("a method is called through a handle");
        // SAFETY: Only the lifetime bound of the trait object changes. `Job`'s methods touch what the batch borrows only between
        // entering and leaving (`run`); the contract of `Borrowing::start` ends the borrow after the batch is closed and all have left.
        // The drop glue of the last handle finds no value that borrows: closing and the last one to leave have taken them out (steps 2
        // and 3 above); or the batch was never closed because its `Handle` was leaked, and then that is a handle which never goes.
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

    /// Pushes a hint for each worker that could begin now.
    pub(crate) fn ramp(&self) {
        for _ in 0..self.crew().cap() {
            if !self.lock().account.ramp(self.limits()) {
                break;
            }
            self.push();
        }
        let owed = self.lock().account.ramped(self.limits());
        seeded!("ramp-owes-a-hint" => return);
        if owed {
            self.push();
        }
    }

    #[cold]
    pub(crate) fn push(&self) {
        let Home { crew, nested } = self.home();
        crew.push(self.hint(), *nested);
    }

    /// Ends a section after which nothing may be left to run. The crew hears of that before any thread can see it.
    pub(crate) fn end_if_done(&self, mut state: MutexGuard<'_, State<It, C, T>>) {
        let done = state.done();
        let abandoned = state.account.abandon_hints();
        // Counted before a worker can find one of them.
        let many = abandoned > 0 && self.crew().abandon(abandoned);
        seeded!("end-told-after-the-lock" => {
            drop(state);
            if done { self.crew().end() }
            return
        });
        if done {
            self.crew().end();
        }
        drop(state);
        if many {
            self.crew().prune();
        }
    }
}

impl<It, C, T> Job for Batch<It, C, T>
where
    It: Iterator + Send,
    C: Fn(At, It::Item) -> (Outcome<T>, bool) + Send + Sync,
    T: Send,
{
    fn work(&self) -> Option<Heir> {
        let mut state = self.lock();
        // Here is a thread.
        state.unserved = false;
        self.follow_hint(self.wait_a_moment(state))
    }

    fn is_over(&self) -> bool {
        let mut state = self.lock();
        let over = state.account.phase() >= Phase::Over;
        if over && state.account.found_hint() {
            self.crew().found_abandoned();
        }
        over
    }

    fn unserved(&self) {
        let mut state = self.lock();
        state.unserved = true;
        let waiter = state.waiter.take();
        drop(state);
        if let Some(waiter) = waiter {
            waiter.nudge();
        }
    }

    fn stop(&self) {
        let mut state = self.lock();
        state.account.end();
        state.relieve();
        let cap = self.home.get().map_or(usize::MAX, |home| home.crew.cap());
        let limits = Limits { cap, room: &self.room };
        let waiter = state.waiter_with_news(limits);
        self.end_if_done(state);
        self.token.cancel();
        seeded!("stop-wakes-nobody" => return);
        wake(waiter);
    }
}

impl<It, C, T> Borrowing<T> for Batch<It, C, T>
where
    It: Iterator + Send,
    C: Fn(At, It::Item) -> (Outcome<T>, bool) + Send + Sync,
    T: Send,
{
    unsafe fn start(&self, crew: &Arc<Crew>, settings: Settings, how: Start) -> bool {
        let nested = nesting::is_inside(crew);
        let crew = &self.home.get_or_init(|| Home { crew: Arc::clone(crew), nested }).crew;
        crew.begin();
        {
            let mut state = self.lock();
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
        seeded!("starter-runs-inputs" => { crew.as_guest(|| self.help(true)); });
        if how != Start::Ahead {
            let mut state = self.lock();
            if state.account.claims_to_be_empty() {
                // No thread is started to find nothing: the consumer asks itself, within the cap.
                state.unserved = true;
                return false;
            }
        }
        let watched = how == Start::Gathers && crew.was_fast() && !nesting::is_in_a_call();
        if !watched {
            self.ramp();
            return false;
        }
        let mut state = self.lock();
        state.fast = true;
        let owed = state.account.ramp(self.limits());
        state.account.ramped(self.limits());
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
        C: Fn(At, It::Item) -> (Outcome<T>, bool) + Send + Sync + 'env,
    {
        Self(Batch::new(Account::new(inputs), call, order))
    }

    /// The batch behind a task.
    pub(crate) fn single<F>(call: F) -> Self
    where
        F: FnOnce(At) -> (Outcome<T>, bool) + Send + 'env,
    {
        let account = Account::single(std::iter::once(call));
        Self(Batch::new(account, |at, call: F| call(at), Order::Completion))
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
        how: Start,
        consume: impl FnOnce(bool) -> B,
    ) -> (B, Option<Payload>) {
        /// Stands in this frame, where nobody can leak it.
        struct Closing<'a, T>(&'a (dyn Source<T> + 'a));
        impl<T> Closing<'_, T> {
            fn close(&self) -> Option<Payload> {
                {
                    let escape = unwind::Escape::armed();
                    let payload = self.0.close(true);
                    escape.disarm();
                    payload
                }
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
            unsafe { self.0.start(crew, settings, how) }
        });
        let result = consume(watched);
        let payload = closing.close();
        (result, payload)
    }
}

impl<T> Shared<'static, T> {
    pub(crate) fn start(&self, crew: &Arc<Crew>, settings: Settings, how: Start) {
        // SAFETY: A batch that borrows for `'static` borrows nothing that ends.
        unsafe { self.0.start(crew, settings, how) };
    }
}
