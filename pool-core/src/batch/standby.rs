//! Standing by: threads that look again in a moment, in the place of hints, while calls are fast.
//!
//! Where calls take less than a wake-up, handing a batch from one worker to another costs more than the calls. Then
//! one worker runs alone, and another thread has a **post**: it looks again by itself, so that the batch needs no
//! hint. There are three:
//!
//! - A second worker, which would only be in the way ([`Post::Crowded`]).
//! - The worker that has filled the buffer, until there is room ([`Post::Stalled`]).
//! - The consumer of a new batch, before there is a second worker at all ([`Post::Consumer`]).
//!
//! Each naps for a moment ([`Nap`]) and looks again, so that a slow call among fast ones holds nothing back for longer
//! than that. Before the nap, a stalled worker and the consumer look a few times, and a crowded worker does not.
//! A critical section that finds something to run, and no thread that runs it, ends the nap of a worker
//! ([`Batch::rouse`]).

use crate::base::pace::{self, Nap, PATIENCE};
use crate::base::sync::{self, MutexGuard, Unparker, seeded};
use crate::batch::Batch;
use crate::batch::account::Phase;
use crate::batch::call::Call;
use crate::batch::inputs::Inputs;
use crate::batch::posts::{Post, Watch};
use crate::batch::state::State;

impl<It, C, T> Batch<It, C, T>
where
    It: Inputs,
    C: Call<It::Item, T>,
    T: Send,
{
    /// Looks a few times whether `done` holds by now.
    fn look_until<'a>(
        &'a self,
        mut state: MutexGuard<'a, State<It, C, T>>,
        done: impl Fn(&State<It, C, T>) -> bool,
    ) -> MutexGuard<'a, State<It, C, T>> {
        for look in 0..PATIENCE {
            if done(&state) {
                break;
            }
            drop(state);
            let again = pace::pause(look);
            state = self.lock();
            if !again {
                break;
            }
        }
        state
    }

    /// Looks whether the iterator is back: most are in a moment, and this one is worth no more than that.
    pub(super) fn wait_for_inputs<'a>(
        &'a self,
        state: MutexGuard<'a, State<It, C, T>>,
    ) -> MutexGuard<'a, State<It, C, T>> {
        self.look_until(state, |state| !state.account.pulling())
    }

    /// A worker that has taken a post stands by: while another worker runs inputs faster than two could, or while the
    /// consumer catches up.
    pub(super) fn watch(&self, post: Post) -> MutexGuard<'_, State<It, C, T>> {
        let limits = self.limits();
        let is_over = |state: &State<It, C, T>| state.account.phase() != Phase::Open;
        let mut state = self.lock();
        if post == Post::Stalled {
            state = self.look_until(state, |state| {
                is_over(state) || state.account.called_for(limits).is_some()
            });
        }
        let mut nap = Nap::default();
        while !is_over(&state) && state.account.called_for(limits) != Some(post) {
            let before = state.account.taken();
            state.account.posts.set(post, Watch::Naps(Unparker::current()));
            drop(state);
            sync::nap(nap.length(), None);
            state = self.lock();
            state.account.posts.set(post, Watch::Looks);
            let fast = nap.shows_fast(state.account.taken() - before);
            let useful = fast || state.account.posts.held(Post::Stalled);
            if post == Post::Stalled || !useful || self.pressed(&state) {
                break;
            }
            nap.lengthen();
        }
        seeded!("standby-for-ever" => return state);
        state.account.posts.leave(post);
        state
    }

    /// Ends the nap of a worker that stands by, if there is something to run and no thread runs it.
    pub(super) fn rouse(&self, state: &mut State<It, C, T>) {
        if let Some(post) = state.account.called_for(self.limits()) {
            if state.account.posts.held(post) {
                state.account.posts.wake(post);
            }
        }
    }

    /// Ends the critical section of a consumer that does not look again in a moment, and has found whether room was
    /// wanted.
    pub(super) fn end_watch(&self, mut state: MutexGuard<'_, State<It, C, T>>, wanted: bool) {
        seeded!("consumer-stands-by-for-ever" => return if wanted { self.room.unwant(); self.settle(state) });
        let watched = state.account.posts.leave(Post::Consumer);
        // If only one input was taken since the start, calls are not fast.
        let fast = state.fast && state.account.taken() > 1;
        if wanted {
            self.room.unwant();
        }
        seeded!("no-settle-after-result" => return);
        // A call that was sent may have been abandoned, and nothing else would tell.
        if wanted || watched || C::SENDS {
            self.settle(state);
        } else {
            drop(state);
        }
        if watched && !fast {
            self.ramp();
        }
    }
}
