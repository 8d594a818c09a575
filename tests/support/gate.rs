//! What calls wait for until the test says so.

use crate::limit::patience;
use std::sync::{Arc, Condvar, Mutex};

/// Closed until it is opened, then open for ever.
#[derive(Clone, Default)]
pub struct Gate(Arc<(Mutex<bool>, Condvar)>);

impl Gate {
    /// Lets all waiting threads pass, and all later ones.
    pub fn open(&self) {
        *self.0.0.lock().unwrap() = true;
        self.0.1.notify_all();
    }

    /// Blocks until it is open. Fails if that takes longer than a test may.
    pub fn wait(&self) {
        let open = self.0.0.lock().unwrap();
        let (_open, time) = self.0.1.wait_timeout_while(open, patience(), |open| !*open).unwrap();
        assert!(!time.timed_out(), "the gate was not opened");
    }
}
