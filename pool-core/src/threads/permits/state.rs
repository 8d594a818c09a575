//! [`State`]: who holds the permits of a pool and who waits for one, under the lock of the
//! [`Permits`](crate::threads::permits::Permits).

use crate::base::sync::seeded;
use crate::threads::parked::{Heir, Parked, Standing};
use std::collections::VecDeque;
use std::sync::Arc;

pub(super) struct State {
    pub(super) cap: usize,
    /// Permits that are held: by workers and their calls, by guests, and for threads that are being started. Above
    /// `cap` only after the cap was lowered.
    pub(super) held: usize,
    /// Worker threads that live or are being started.
    pub(super) threads: usize,
    /// Threads that search. They are between two batches, or have been woken or started and have found no hint yet.
    pub(super) searching: usize,
    /// Calls that have given their permit up and have no new one yet, returning ones included.
    pub(super) away: usize,
    /// Parked workers without a permit. The first has been parked longest.
    pub(super) idle: VecDeque<Arc<Parked>>,
    /// The line of returning calls. Empty while `held < cap`.
    pub(super) returning: VecDeque<Arc<Parked>>,
    /// The last freed permit went to a returning call, so the next one is for a hint.
    pub(super) hint_is_next: bool,
    /// No permit is granted for a hint or to a guest.
    pub(super) paused: bool,
    /// Batches and tasks that have something left to run.
    pub(super) live: usize,
    /// The pool's handle is gone. The threads end after the last batch.
    pub(super) dismissed: bool,
}

/// Whether a section leaves the start of a thread to its caller. The thread starts outside the lock, and its permit is
/// held for it already.
#[must_use = "the permit is held for a thread that the caller starts"]
#[derive(PartialEq, Eq, Debug)]
pub(crate) enum Wake {
    Done,
    Start,
}

impl State {
    pub(super) fn new(cap: usize) -> Self {
        Self {
            cap,
            held: 0,
            searching: 0,
            threads: 0,
            away: 0,
            idle: VecDeque::new(),
            returning: VecDeque::new(),
            hint_is_next: false,
            paused: false,
            live: 0,
            dismissed: false,
        }
    }

    /// Whether a worker gives its permit up before its next input.
    pub(super) fn is_wanted(&self) -> bool {
        self.paused || self.held > self.cap || !self.returning.is_empty()
    }

    /// Whether the next freed permit is for a hint although calls wait.
    pub(super) fn hints_turn(&self) -> bool {
        seeded!("calls-always-go-first" => return false);
        self.hint_is_next && !self.paused && self.held <= self.cap && !self.returning.is_empty()
    }

    /// Whether a worker may keep its permit to follow a hint.
    pub(super) fn may_search(&mut self) -> bool {
        seeded!("rest-without-looking" => return false);
        !self.is_wanted() || self.hints_turn() && std::mem::take(&mut self.hint_is_next)
    }

    pub(super) fn remove(parked: &mut VecDeque<Arc<Parked>>, one: &Arc<Parked>) -> bool {
        let found = parked.iter().position(|other| Arc::ptr_eq(other, one));
        found.and_then(|at| parked.remove(at)).is_some()
    }

    /// Gives a free permit to the worker that was parked last, or to a new thread, if more hints wait than threads
    /// search. The worker that was parked last has the warmest caches, and the others reach their `keep_alive`.
    pub(super) fn employ(&mut self, waiting: usize) -> Option<Wake> {
        seeded!("pause-holds-no-worker" => self.paused = false);
        if self.paused || self.held >= self.cap || waiting <= self.searching {
            return None;
        }
        let wake = match self.idle.pop_back() {
            Some(worker) => {
                worker.tell(Standing::Permitted);
                Wake::Done
            }
            None if self.threads < self.cap + self.away => {
                self.threads += 1;
                Wake::Start
            }
            None => return None,
        };
        self.held += 1;
        self.searching += 1;
        Some(wake)
    }

    /// Takes one permit back. It goes to the call that has waited longest in the line, unless the cap was lowered.
    pub(super) fn free(&mut self) {
        if self.held > self.cap {
            self.held -= 1;
        } else if let Some(call) = self.returning.pop_front() {
            self.admit(&call);
            self.hint_is_next = true;
        } else {
            self.held -= 1;
        }
    }

    /// Takes one permit back for a hint, although calls wait. `None` if no hint waits or no thread can come: then the
    /// permit is not taken.
    pub(super) fn free_for_a_hint(&mut self, waiting: usize) -> Option<Wake> {
        self.held -= 1;
        let wake = self.employ(waiting);
        match wake {
            Some(_) => self.hint_is_next = false,
            None => self.held += 1,
        }
        wake
    }

    /// Hands the permit of the current thread over to the heir, ahead of the line. False if the heir has got another
    /// one.
    pub(super) fn hand_over(&mut self, heir: &Heir) -> bool {
        if !heir.is_absent() {
            return false;
        }
        Self::remove(&mut self.returning, &heir.0);
        self.admit(&heir.0);
        true
    }

    pub(super) fn admit(&mut self, call: &Parked) {
        self.away -= 1;
        call.tell(Standing::Permitted);
        self.thin_out();
    }

    /// Whether no work will come any more.
    pub(super) fn is_over(&self) -> bool {
        self.dismissed && self.live == 0
    }

    /// Ends the idle threads, if no work will come any more.
    pub(super) fn send_home(&mut self) {
        seeded!("dismissal-wakes-nobody" => return);
        while self.is_over() {
            let Some(worker) = self.idle.pop_front() else { return };
            self.threads -= 1;
            worker.tell(Standing::Dismissed);
        }
    }

    /// Ends idle threads that replaced waiting calls, once these are back.
    pub(super) fn thin_out(&mut self) {
        while self.threads > self.cap + self.away {
            let Some(worker) = self.idle.pop_front() else { return };
            self.threads -= 1;
            worker.tell(Standing::Dismissed);
        }
    }
}
