//! [`Limit`]: how long each call of a batch may run before it sees that it is cancelled.

use crate::base::observer::{Ended, Observer};
use crate::base::sync;
use crate::nesting;
use std::time::Duration;

/// Sets the deadline of each call when it begins. A call without a limit of its own has the deadline of the call around
/// it, and asks no clock.
pub(crate) struct Limit(pub(crate) Duration);

impl Observer for Limit {
    fn begin(&self, _: usize) {
        nesting::limit_call(sync::after(self.0));
    }

    fn end(&self, _: usize, _: Ended) {
        nesting::limit_call(None);
    }
}
