//! Decides what a batch knows under its lock, and when that is news to its consumer.

use crate::account::{Account, Limits, Phase};
use crate::outbox::{Order, Outbox};
use crate::source::Outcome;
use crate::span::Site;
use crate::sync::Unparker;
use crate::unwind::Payload;
use crate::waiter::Waiter;
use std::sync::Arc;

/// Whose the lane of a batch is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Hold {
    /// Nobody has a pass.
    Free,
    /// Its owner goes on without the lock.
    Open,
    /// It has been closed, and the pass has not been given back yet.
    Shut,
}

pub(crate) struct State<It, C, T> {
    pub(crate) account: Account<It>,
    pub(crate) results: Outbox<Outcome<T>>,
    /// Whose the lane is.
    pub(crate) hold: Hold,
    /// Here until the batch is closed and the last one has left.
    pub(crate) call: Option<Arc<(Site, C)>>,
    /// Threads that have entered and not left.
    pub(crate) inside: usize,
    /// The consumer, while it waits.
    pub(crate) waiter: Option<Waiter>,
    /// The workers that stand by, while they nap.
    pub(crate) posts: [Option<Unparker>; 3],
    /// Whether calls were fast when somebody last looked.
    pub(crate) fast: bool,
    /// It looks by itself in a moment, unless workers are held back for it.
    pub(crate) patient: bool,
    /// The panic of `next`, raised after the last result.
    pub(crate) last: Option<Payload>,
    /// The first panic of a `Drop`.
    pub(crate) dropped: Option<Payload>,
    /// The consumer has closed the batch and waits to hear of that panic.
    pub(crate) awaited: bool,
    /// A thread could not be started, and none has come since.
    pub(crate) unserved: bool,
    /// Nobody will ask for results.
    pub(crate) detached: bool,
    /// The crew counts this batch among those with something left to run.
    pub(crate) live: bool,
}

impl<It, C, T> State<It, C, T> {
    pub(crate) fn new(account: Account<It>, call: C, order: Order) -> Self {
        Self {
            account,
            results: Outbox::new(order),
            hold: Hold::Free,
            call: Some(Arc::new((Site::here(), call))),
            inside: 0,
            waiter: None,
            posts: [None, None, None],
            fast: false,
            patient: false,
            last: None,
            dropped: None,
            awaited: false,
            unserved: false,
            detached: false,
            live: false,
        }
    }
}

impl<It: Iterator, C, T> State<It, C, T> {
    /// The consumer's waker, if there is something to wake it for.
    pub(crate) fn waiter_with_news(&mut self, limits: Limits<'_>) -> Option<Waiter> {
        let news = match self.account.phase() {
            _ if self.waiter.is_none() => return None,
            Phase::Closed => self.inside == 0,
            _ if self.account.over() => true,
            _ => self.results.ready() && (!self.patient || !self.account.has_room(limits)),
        };
        if news { self.waiter.take() } else { None }
    }

    /// Calls off who stands by: no input is taken any more.
    pub(crate) fn relieve(&mut self) {
        self.posts.iter_mut().filter_map(Option::take).for_each(|worker| worker.unpark());
    }

    /// Keeps the first panic of a `Drop`, and gives back one that comes later.
    pub(crate) fn keep(&mut self, payload: Payload) -> Option<Payload> {
        match self.dropped {
            None => {
                self.dropped = Some(payload);
                None
            }
            Some(_) => Some(payload),
        }
    }

    /// Whether this is the moment in which nothing is left to run.
    pub(crate) fn done(&mut self) -> bool {
        let done = self.live && self.account.phase() >= Phase::Over && self.inside == 0;
        self.live &= !done;
        done
    }
}
