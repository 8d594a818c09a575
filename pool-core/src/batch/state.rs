//! What a batch knows under its lock, and when that is news to its consumer.

use crate::base::sync::seeded;
use crate::base::unwind::Payload;
use crate::batch::account::{Account, Limits, Phase};
use crate::batch::inputs::Inputs;
use crate::batch::overdue::Overdue;
use crate::batch::reorder::Outbox;
use crate::batch::source::Outcome;
use crate::nesting::waiter::Waiter;
use crate::threads::crew::{Crew, Heir};
use std::collections::BTreeSet;
use std::sync::Arc;

pub(super) struct State<It, C, T> {
    pub(super) account: Account<It>,
    pub(super) results: Outbox<Outcome<T>>,
    /// Which results end the inputs, beside a panic.
    pub(super) is_last: Option<fn(&T) -> bool>,
    /// The calls that run, where the batch abandons those that take too long.
    pub(super) overdue: Option<Box<Overdue<T>>>,
    /// The calls that were sent, by index.
    pub(super) sent: BTreeSet<usize>,
    /// Here until the batch takes no further input and the last thread leaves.
    pub(super) call: Option<Arc<C>>,
    /// The consumer, while it waits.
    pub(super) waiter: Option<Waiter>,
    /// The consumer, if it is a call of this pool that has given its permit up. Then a thread is inside, which hands
    /// its own permit over ([`Heir`]).
    pub(super) absent: Option<Heir>,
    /// Whether calls were fast at the last look.
    pub(super) fast: bool,
    /// The consumer polls again soon. A worker wakes it early only if the buffer is full.
    pub(super) patient: bool,
    /// The panic of `next`, raised after the last result.
    pub(super) last: Option<Payload>,
    /// The first panic of a `Drop`.
    pub(super) dropped: Option<Payload>,
    /// The consumer has closed the batch and waits to hear of that panic.
    pub(super) awaited: bool,
    /// A thread could not be started, and none has come since.
    pub(super) unserved: bool,
    /// The consumer has gone and lets the batch run on.
    pub(super) detached: bool,
    /// The crew counts this batch among those with something left to run.
    pub(super) live: bool,
}

impl<It, C, T> State<It, C, T> {
    pub(super) fn new(account: Account<It>, call: C) -> Self {
        Self {
            account,
            results: Outbox::new(),
            is_last: None,
            overdue: None,
            sent: BTreeSet::new(),
            call: Some(Arc::new(call)),
            waiter: None,
            absent: None,
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

impl<It: Inputs, C, T> State<It, C, T> {
    /// The consumer's waker, if there is something to wake it for.
    #[inline]
    pub(super) fn waiter_with_news(&mut self, limits: Limits<'_>) -> Option<Waiter> {
        let news = match self.account.phase() {
            _ if self.waiter.is_none() => return None,
            Phase::Closed => self.account.present.awaited() == 0,
            _ if self.account.over() => true,
            _ if self.account.is_dry_for_good() => {
                seeded!("feed-dry-for-good-untold" => return None);
                true
            }
            _ => self.results.ready() && (!self.patient || !self.account.has_room(limits)),
        };
        if news { self.waiter.take() } else { None }
    }

    /// The consumer, if it has given its permit up and gets that of the calling thread now: there is something for the
    /// consumer, or no other thread is inside that could hand a permit over.
    #[inline]
    pub(super) fn heir(&mut self) -> Option<Heir> {
        let due =
            || self.results.ready() || self.account.over() || self.account.present.count() == 0;
        if self.absent.is_none() || !due() {
            return None;
        }
        seeded!("heir-forgotten" => return None);
        let heir = self.absent.take().filter(Heir::is_absent)?;
        // The permit wakes it.
        self.waiter = None;
        Some(heir)
    }

    /// Whether the inputs end with the result that has just been put there: the consumer asks for nothing that comes
    /// after it.
    #[cold]
    pub(super) fn ends_with(&self, index: usize) -> bool {
        match (self.is_last, self.results.get(index)) {
            (Some(is_last), Some(Ok(result))) => is_last(result),
            _ => false,
        }
    }

    /// Keeps the first panic of a `Drop`, and gives back one that comes later.
    pub(super) fn keep(&mut self, payload: Payload) -> Option<Payload> {
        match self.dropped {
            None => {
                self.dropped = Some(payload);
                None
            }
            Some(_) => Some(payload),
        }
    }

    /// Tells the crew that a task has been run, whose result is there for its joiner.
    pub(super) fn end_of_task(&mut self, crew: &Crew) {
        if std::mem::take(&mut self.live) {
            crew.end();
        }
    }

    /// Whether this is the moment in which nothing is left to run.
    pub(super) fn done(&mut self) -> bool {
        let done =
            self.live && self.account.phase() >= Phase::Over && self.account.present.count() == 0;
        self.live &= !done;
        done
    }
}
