//! [`Batch`]: what it owns, which threads may enter it, and when borrowed data is released.
//!
//! This is the only room with `unsafe` blocks. The feature `fleet` declares three functions of the system beside it.
//!
//! A batch is one `Arc`. Its consumer, the hints in queues, and the threads that follow these hints share it. It
//! owns everything that may borrow from the consumer's frame, for `'env`: the iterator, the call, and the results that
//! the consumer has not taken.
//!
//! In this room, a **section** is a critical section of the batch's lock.
//!
//! # Borrowing
//!
//! Hints are `'static` and outlive the batch that they lead to. Four rules make that sound:
//!
//! 1. A thread **enters** in a section, while the batch is open. The account counts the thread as inside, and the
//!    thread takes its own clone of the call's `Arc`. It **leaves** in a section, after it has dropped that clone and
//!    every input, iterator and result that it held.
//! 2. **Closing** sets the phase to closed and takes out the iterator and the results, in one section. No thread enters
//!    after that.
//! 3. Once the batch takes no further input, the last thread inside drops the call, and the iterator if it is still
//!    there. It does so before it leaves. If no thread is inside, closing drops both.
//! 4. The consumer closes a batch that borrows, and waits until no thread is inside. After that the allocation holds no
//!    value of a type that mentions `'env`, only the empty places for such values. The last hint frees these later.
//!
//! A batch that [abandons](overdue) calls does not wait for them. So only a batch that borrows nothing may do that.
//!
//! Take a thread that enters late:
//!
//! - Either its section comes before the closing section: then the thread is counted, and the consumer waits for it.
//! - Or it comes after: then the thread sees that the batch is closed, and touches nothing.
//!
//! The wait stands in a guard in the frame of [`Handle::lend`], which hands the guard to no code of the user. So the
//! guard cannot be leaked. A dropped [`Handle`] closes its batch. A leaked one keeps the allocation and its contents
//! for ever.
//!
//! # The end
//!
//! The consumer sees the end once no thread is inside any more. Rule 3 comes before that, so everything that was given
//! to the batch is gone by then. There are two exceptions. If a stop or a panic ends the batch while a thread is in
//! `next()`, the consumer does not wait for that thread, because its input comes too late. And nothing waits for a call
//! that was [abandoned](overdue).

mod account;
mod call;
#[cfg(feature = "stream")]
mod clock;
mod consumer;
mod credits;
pub(crate) mod feed;
mod handle;
pub(crate) mod inputs;
mod lot;
mod overdue;
mod posts;
mod reorder;
mod run;
mod sent;
mod source;
mod standby;
mod state;
mod supply;

pub(crate) use call::{Abandon, Call, Depart, Stand};
pub(crate) use consumer::{Consumer, Late};
pub(crate) use handle::Handle;
pub(crate) use inputs::Inputs;
#[cfg(feature = "stream")]
pub(crate) use source::{Ask, Polled};
pub(crate) use source::{Outcome, Start};

use crate::base::observer::Observer;
use crate::base::sync::{Mutex, MutexGuard, seeded};
use crate::batch::account::{Account, Limits, Phase};
use crate::batch::credits::Room;
use crate::batch::state::State;
use crate::nesting::token::Token;
use crate::nesting::waiter::{Waiter, wake};
use crate::threads::crew::{Crew, Heir, Hint, Job};
use std::sync::{Arc, OnceLock, Weak};
#[cfg(feature = "stream")]
use std::time::Instant;

struct Batch<It, C, T> {
    /// The batch's own allocation, for the hints that lead to it.
    me: Weak<Self>,
    token: Arc<Token>,
    /// Set once, when the batch starts.
    home: OnceLock<Home>,
    room: Room,
    state: Mutex<State<It, C, T>>,
}

/// Where a batch runs.
struct Home {
    crew: Arc<Crew>,
    /// A call of the same crew started the batch. Its hints go to the deques of the workers that push them.
    nested: bool,
    observer: Option<Arc<dyn Observer>>,
}

impl<It, C, T> Batch<It, C, T>
where
    It: Inputs,
    C: Call<It::Item, T>,
    T: Send,
{
    fn new(account: Account<It>, call: C) -> Arc<Self> {
        Arc::new_cyclic(|me| Self {
            me: Weak::clone(me),
            token: Arc::default(),
            home: OnceLock::new(),
            room: Room::new(),
            state: Mutex::new(State::new(account, call)),
        })
    }

    /// Begins a section of the essay.
    #[inline]
    fn lock(&self) -> MutexGuard<'_, State<It, C, T>> {
        self.state.lock()
    }

    fn home(&self) -> &Home {
        self.home.get().expect("a batch is started before a thread enters it")
    }

    /// Drops the hints that are left, if this was the last batch of a dropped pool.
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

    /// The batch as queues know it, without the lifetime of what it borrows.
    fn hint(&self) -> Hint {
        let job: Arc<dyn Job + '_> =
            self.me.upgrade().expect("a method is called through a handle");
        // SAFETY: `Arc<dyn Job + '_>` and `Hint` differ only in the lifetime bound of the trait object. The methods of
        // `Job` touch what the batch borrows only between `Present::enter` and `Present::leave`, or in a section before
        // the batch is closed: closing takes it out in a section. The contract of `Source::start` keeps the borrow
        // alive until the batch is closed and every thread has left. The drop glue of the last `Arc` finds no value
        // that borrows, since `Source::close` and `Batch::leave` have taken all out. A leaked `Handle` closes no batch,
        // but its own `Arc` is never dropped, so the drop glue does not run.
        unsafe { std::mem::transmute::<Arc<dyn Job + '_>, Hint>(job) }
    }

    /// Ends a section. Pushes the hint that is due, if one is, after unlocking.
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
        let Home { crew, nested, .. } = self.home();
        crew.push(self.hint(), *nested);
    }

    /// Ends a section, and the inputs with it: no further one is taken. Returns the consumer's waker, if that is news.
    fn end(&self, mut state: MutexGuard<'_, State<It, C, T>>) -> Option<Waiter> {
        state.account.end();
        state.account.posts.relieve();
        let cap = self.home.get().map_or(usize::MAX, |home| home.crew.cap());
        let limits = Limits { cap, room: &self.room };
        let waiter = state.waiter_with_news(limits);
        self.end_if_done(state);
        waiter
    }

    /// Ends a section after which nothing may be left to run. The crew counts the end before any thread can see it.
    fn end_if_done(&self, mut state: MutexGuard<'_, State<It, C, T>>) {
        let done = state.done();
        let abandoned = state.account.abandon_hints();
        // Before unlocking: a worker that finds one of these hints uncounts it.
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
    It: Inputs,
    C: Call<It::Item, T>,
    T: Send,
{
    fn work(&self) -> Option<Heir> {
        let mut state = self.lock();
        // A thread has come, so the consumer need not run an input itself.
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

    fn feed(&self, push: &mut dyn FnMut()) {
        let mut state = self.lock();
        if state.account.phase() >= Phase::Over {
            return;
        }
        push();
        self.rouse(&mut state);
        self.settle(state);
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

    #[cfg(feature = "stream")]
    fn tick(&self) -> Option<Instant> {
        Self::tick(self)
    }

    #[cfg(any(feature = "redis", pool_loom))]
    fn finish(&self, index: usize) {
        Self::finish(self, index);
    }

    fn stop(&self) {
        let state = self.lock();
        if state.account.is_single() {
            // A task has a result whatever happens: it runs, and sees that it is cancelled.
            drop(state);
            return self.token.cancel();
        }
        let waiter = self.end(state);
        self.token.cancel();
        seeded!("stop-wakes-nobody" => return);
        wake(waiter);
    }
}
