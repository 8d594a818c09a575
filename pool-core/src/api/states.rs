//! [`States`]: what the calls of one batch keep between them, a state for each call that runs.

use crate::base::observer::Ended;
use crate::base::span::At;
use crate::base::sync::{Mutex, seeded};
use crate::base::unwind::{self, Panics};
use crate::batch::{Call, Outcome};

/// The states that no call uses at this moment. A call takes a free one or makes one, and puts it back. So there are
/// never more states than calls of the batch have run at once.
pub(crate) struct States<S, Init> {
    init: Init,
    free: Mutex<Vec<S>>,
}

impl<S, Init> States<S, Init> {
    /// Lends a state to `call`, which says how the function of the user ended. After a panic the state is dropped,
    /// since it may be half changed. An error is that of `init`.
    pub(crate) fn lend<E, R>(&self, call: impl FnOnce(&mut S) -> (R, Ended)) -> Result<R, E>
    where
        Init: Fn() -> Result<S, E>,
    {
        let free = self.free.lock().pop();
        seeded!("state-for-each-call" => return Ok(call(&mut (self.init)()?).0));
        let (call, mut state) = match free {
            Some(state) => (call, state),
            None => {
                let (call, made) = unwind::beside(call, &self.init);
                (call, made?)
            }
        };
        let (result, ended) = call(&mut state);
        seeded!("state-of-a-panic-kept" => { self.free.lock().push(state); return Ok(result) });
        if ended == Ended::Panicked {
            unwind::discard(state);
        } else {
            self.free.lock().push(state);
        }
        Ok(result)
    }
}

impl<S, Init> Drop for States<S, Init> {
    /// Drops the states one at a time, and goes on with the first panic.
    fn drop(&mut self) {
        let mut panics = Panics::default();
        panics.drop_each(std::mem::take(self.free.get_mut()));
        panics.raise();
    }
}

/// A call that keeps states.
pub(crate) struct Stateful<S, Init, F> {
    states: States<S, Init>,
    run: F,
}

impl<S, Init, F> Stateful<S, Init, F> {
    pub(crate) fn new<I, T>(init: Init, run: F) -> Self
    where
        F: Fn(&States<S, Init>, At, I) -> (Outcome<T>, Ended),
    {
        Self { states: States { init, free: Mutex::new(Vec::new()) }, run }
    }
}

impl<I, T, S, Init, F> Call<I, T> for Stateful<S, Init, F>
where
    S: Send,
    Init: Send + Sync,
    F: Fn(&States<S, Init>, At, I) -> (Outcome<T>, Ended) + Send + Sync,
{
    const KEEPS: bool = true;

    fn run(&self, at: At, input: I) -> (Outcome<T>, Ended) {
        (self.run)(&self.states, at, input)
    }

    fn retire(&self) {
        let state = self.states.free.lock().pop();
        drop(state);
    }
}
