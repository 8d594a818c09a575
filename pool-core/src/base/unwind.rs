//! Decides what becomes of a panic in code of the user: it is caught, kept as a payload, and handed to whoever waits.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What a panic was raised with.
pub(crate) type Payload = Box<dyn Any + Send>;

/// Runs code of the user. Whatever it leaves half done is the user's own: values that a panic has passed through are only
/// dropped or handed back, never used again.
pub(crate) fn catch<R>(code: impl FnOnce() -> R) -> Result<R, Payload> {
    catch_unwind(AssertUnwindSafe(code))
}

/// The first panic of several values that are dropped one after the other.
#[derive(Default)]
pub(crate) struct Panics(Option<Payload>);

impl Panics {
    /// Drops one value whose `Drop` is the user's. Two in one go would end the process if both panicked.
    pub(crate) fn drop<T>(&mut self, value: T) {
        if let Err(payload) = catch(move || drop(value)) {
            self.keep(payload);
        }
    }

    /// Takes note of a panic. A payload's `Drop` is the user's, too: not to be called under a lock.
    pub(crate) fn keep(&mut self, payload: Payload) {
        match self.0 {
            None => self.0 = Some(payload),
            Some(_) => discard(payload),
        }
    }

    pub(crate) fn first(self) -> Option<Payload> {
        self.0
    }
}

/// Drops a value that nobody waits for; a panic of its `Drop` ends here.
pub(crate) fn discard<T>(value: T) {
    let mut panic = catch(move || drop(value)).err();
    // A payload may panic in its own `Drop`, and so may the payload of that: after a few, what is left is leaked.
    for _ in 0..8 {
        let Some(payload) = panic else { return };
        panic = catch(move || drop(payload)).err();
    }
    std::mem::forget(panic);
}

/// Ends the process, with a word, if a panic passes while it is armed: other threads wait for what this one has to do.
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
            b"pool-core: a panic has left a batch half done, for which threads wait that borrow from each other; aborting\n",
        );
        std::process::abort();
    }
}
