//! Panics in code of the user: caught, kept as a [`Payload`], and handed to the consumer or dropped safely.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// The value that a panic was raised with.
pub(crate) type Payload = Box<dyn Any + Send>;

/// Runs code of the user. The code may leave values of the user half done. The crate only drops such values or hands
/// them back, so asserting unwind safety is right.
pub(crate) fn catch<R>(code: impl FnOnce() -> R) -> Result<R, Payload> {
    catch_unwind(AssertUnwindSafe(code))
}

/// The first panic of several values that a thread drops one after the other.
#[derive(Default)]
pub(crate) struct Panics(Option<Payload>);

impl Panics {
    /// Drops one value whose `Drop` is the user's. One value at a time: the process would abort if two values dropped
    /// together both panicked.
    pub(crate) fn drop<T>(&mut self, value: T) {
        self.run(move || drop(value));
    }

    /// Runs code that drops one such value.
    pub(crate) fn run(&mut self, code: impl FnOnce()) {
        if let Err(payload) = catch(code) {
            self.keep(payload);
        }
    }

    /// Drops such values one after the other.
    pub(crate) fn drop_each<T>(&mut self, values: impl IntoIterator<Item = T>) {
        values.into_iter().for_each(|value| self.drop(value));
    }

    /// Keeps a panic if it is the first, and drops it otherwise. Never called under a lock: a payload's `Drop` is code
    /// of the user, too.
    pub(crate) fn keep(&mut self, payload: impl Into<Option<Payload>>) {
        match self.0 {
            None => self.0 = payload.into(),
            Some(_) => discard(payload.into()),
        }
    }

    pub(crate) fn first(self) -> Option<Payload> {
        self.0
    }

    /// Goes on with the first panic, if there was one.
    pub(crate) fn raise(self) {
        if let Some(payload) = self.0 {
            std::panic::resume_unwind(payload);
        }
    }
}

/// The outcome of code that was lent a value, once that value is dropped. The drop is outside the code, so that two
/// panics do not meet: the first one is the outcome.
pub(crate) fn without<T, R>(value: T, outcome: Result<R, Payload>) -> Result<R, Payload> {
    match catch(|| drop(value)) {
        Err(payload) if outcome.is_ok() => {
            discard(outcome);
            Err(payload)
        }
        dropped => {
            discard(dropped);
            outcome
        }
    }
}

/// Keeps a value while code of the user runs. If the code panics, the value is dropped before the panic goes on, and
/// not while it unwinds: there a panic of the value's `Drop` would end the process.
pub(crate) fn beside<T, R>(value: T, code: impl FnOnce() -> R) -> (T, R) {
    match catch(code) {
        Ok(result) => (value, result),
        Err(payload) => {
            discard(value);
            std::panic::resume_unwind(payload)
        }
    }
}

/// Drops a value that no thread waits for. A panic of its `Drop` ends here.
pub(crate) fn discard<T>(value: T) {
    let mut panic = catch(move || drop(value)).err();
    // A payload may panic in its own `Drop`, and the new payload may do so again. After a few rounds the last one is
    // leaked, so that this ends.
    for _ in 0..8 {
        let Some(payload) = panic else { return };
        panic = catch(move || drop(payload)).err();
    }
    std::mem::forget(panic);
}

/// Ends the process, with a message, if a panic passes while it is armed. Other threads wait for a step of this thread
/// that the panic would skip.
pub(crate) struct Escape(());

impl Escape {
    pub(crate) fn armed() -> Self {
        Self(())
    }

    pub(crate) fn disarm(self) {
        std::mem::forget(self);
    }
}

impl Drop for Escape {
    fn drop(&mut self) {
        // Not `eprintln!`, which panics where standard error is closed.
        let _ = std::io::Write::write_all(
            &mut std::io::stderr(),
            b"pool-core: a panic has left a batch half done, for which threads wait that borrow from each other; \
              aborting\n",
        );
        std::process::abort();
    }
}
