//! Who may enter a batch, and when borrowed data may be released; the only room with `unsafe`.
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
//! The wait stands in a guard in the frame of [`Handle::lend`], which hands out nothing: what is given to code of the
//! user may be leaked, but the guard may not. A [`Handle`] that is dropped closes its batch; one that is leaked keeps the allocation,
//! and what it holds, for ever.
//!
//! # The end
//!
//! The consumer hears of the end when no thread is inside any more (step 3 comes first), so that what was given to the batch is gone by then. One
//! thread is not waited for: that in `next()` of a batch that was stopped, whose input comes too late.

mod account;
mod credits;
mod handle;
mod reorder;
mod run;
mod source;
mod standby;
mod state;
mod supply;

pub(crate) use handle::Handle;
pub(crate) use reorder::Order;
pub(crate) use source::{Ask, Consumer, Outcome, Polled, Start};

use crate::base::span::At;
use crate::base::sync::{Mutex, MutexGuard, seeded};
use crate::batch::account::{Account, Limits, Phase};
use crate::batch::credits::Room;
use crate::batch::state::State;
use crate::nesting::token::Token;
use crate::nesting::waiter::wake;
use crate::threads::crew::{Crew, Heir, Hint, Job};
use std::sync::{Arc, OnceLock, Weak};

struct Batch<It, C, T> {
    /// The allocation that this is, for the hints that lead to it.
    me: Weak<Self>,
    token: Arc<Token>,
    /// Set when the batch is started.
    home: OnceLock<Home>,
    room: Room,
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
    fn lock(&self) -> MutexGuard<'_, State<It, C, T>> {
        self.state.lock()
    }

    fn home(&self) -> &Home {
        self.home.get().expect("a batch is started before a thread enters it")
    }

    /// Forgets the hints that are left, if this was the last batch of a pool that is gone.
    fn sweep(&self) {
        if let Some(home) = self.home.get() {
            home.crew.sweep();
        }
    }

    fn crew(&self) -> &Arc<Crew> {
        &self.home().crew
    }

    fn limits(&self) -> Limits<'_> {
        Limits { cap: self.crew().cap(), room: &self.room }
    }

    /// A handle to this batch for queues, which know nothing of what it borrows.
    fn hint(&self) -> Hint {
        let job: Arc<dyn Job + '_> =
            self.me.upgrade().expect("a method is called through a handle");
        // SAFETY: Only the lifetime bound of the trait object changes. `Job`'s methods touch what the batch borrows only between
        // entering and leaving (`run`); the contract of [`Source::start`](source::Source::start) ends the borrow after the batch is closed and all have left.
        // The drop glue of the last handle finds no value that borrows: closing and the last one to leave have taken them out (steps 2
        // and 3 above); or the batch was never closed because its `Handle` was leaked, and then that is a handle which never goes.
        unsafe { std::mem::transmute::<Arc<dyn Job + '_>, Hint>(job) }
    }

    /// Ends a section: pushes the hint that is owed, if one is, after unlocking.
    #[inline]
    fn settle(&self, mut state: MutexGuard<'_, State<It, C, T>>) {
        let owed = state.account.settle(self.limits());
        drop(state);
        if owed {
            self.push();
        }
    }

    /// Pushes a hint for each worker that could begin now.
    fn ramp(&self) {
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
    fn push(&self) {
        let Home { crew, nested } = self.home();
        crew.push(self.hint(), *nested);
    }

    /// Ends a section after which nothing may be left to run. The crew hears of that before any thread can see it.
    fn end_if_done(&self, mut state: MutexGuard<'_, State<It, C, T>>) {
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
        self.follow_hint(self.wait_for_inputs(state))
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
        state.account.posts.relieve();
        let cap = self.home.get().map_or(usize::MAX, |home| home.crew.cap());
        let limits = Limits { cap, room: &self.room };
        let waiter = state.waiter_with_news(limits);
        self.end_if_done(state);
        self.token.cancel();
        seeded!("stop-wakes-nobody" => return);
        wake(waiter);
    }
}
