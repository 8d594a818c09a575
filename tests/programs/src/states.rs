//! The states of a batch's workers, and how they are made.

use crate::ledger::Kind;
use crate::plan;
use crate::run::Run;
use crate::token::Token;
use crate::values::{Failure, Input, Origin, Output, raise};
use std::ops::Deref;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::thread;

/// What a call has to itself.
pub(crate) struct State {
    token: Token,
    /// A call is inside, or has not come back.
    taken: bool,
    /// Panics when it is dropped.
    bomb: bool,
}

impl State {
    /// Lends the state to one call.
    pub(crate) fn during<R>(&mut self, call: impl FnOnce() -> R) -> R {
        self.token.touch();
        let before = std::mem::replace(&mut self.taken, true);
        let book = self.token.book();
        book.check(!before, || "a state that another call has, or in which one panicked".into());
        let result = call();
        self.taken = false;
        result
    }
}

impl Drop for State {
    fn drop(&mut self) {
        if self.bomb && !thread::panicking() {
            raise(self.token.book(), Origin::Drop);
        }
    }
}

/// What makes the states of a batch. Now and then it panics; with `fails`, it fails then.
pub(crate) fn init<R>(run: R, fails: bool) -> impl Fn() -> Result<State, Failure>
where
    R: Deref<Target = Run>,
{
    let made = AtomicUsize::new(0);
    move || {
        let (run, number) = (&*run, made.fetch_add(1, SeqCst));
        let plan::States { faults, .. } = run.plan.states.expect("the batch has states");
        if faults.is_some_and(|every| number % every == every - 1) {
            // The pool counts this call, which goes no further.
            run.venue.calls.fetch_add(1, SeqCst);
            if fails {
                let token = Token::new(&run.book, Kind::Input);
                let input = Input { index: Output::NONE, weight: 0, token };
                return Err(Failure(Output::of(&input, &run.book, false)));
            }
            run.venue.panicked.fetch_add(1, SeqCst);
            raise(&run.book, Origin::Init);
        }
        let bomb = run.plan.bombs.is_some_and(|every| number % every == 0);
        let state = State { token: Token::new(&run.book, Kind::State), taken: false, bomb };
        let (live, most) = (run.book.live(Kind::State), run.plan.max_workers.unwrap_or(usize::MAX));
        run.book.check(live as usize <= most, || {
            format!("{live} states of a batch that runs {most} at once")
        });
        Ok(state)
    }
}
