//! [`Present`]: how many threads are inside a batch, and what they are there for.

#[derive(Default)]
pub(in crate::batch) struct Present {
    /// Threads that run a call or are inside the iterator, and calls that were sent.
    active: usize,
    /// Of these, the calls that are overdue and were abandoned: nothing waits for them.
    overdue: usize,
    /// Threads that have entered and not left: the active ones, and those that stand by or are about to leave.
    inside: usize,
    /// Of those, the calls that were sent: each counts as a thread inside.
    sent: usize,
}

impl Present {
    /// A thread is about to be inside the iterator, and to run the call.
    pub(in crate::batch) fn begin(&mut self) {
        self.active += 1;
    }

    /// How many threads run a call or are inside the iterator, with the calls that were sent.
    pub(in crate::batch) fn active(&self) -> usize {
        self.active
    }

    /// How many of the threads inside stand for calls that were sent.
    pub(in crate::batch) fn sent(&self) -> usize {
        self.sent
    }

    /// Whether there is an overdue call that has not ended.
    pub(in crate::batch) fn has_overdue(&self) -> bool {
        self.overdue > 0
    }

    /// A thread enters. Says so before it touches anything that the batch may borrow.
    pub(in crate::batch) fn enter(&mut self) {
        self.inside += 1;
    }

    /// A thread that has dropped all that it held of the batch leaves.
    pub(in crate::batch) fn leave(&mut self) {
        self.inside -= 1;
    }

    /// A call is sent. It counts as inside.
    pub(in crate::batch) fn send(&mut self) {
        self.sent += 1;
        self.enter();
    }

    /// A sent call no longer counts as inside: its thread leaves, or its batch is closed.
    pub(in crate::batch) fn returned(&mut self) {
        self.sent -= 1;
        self.leave();
    }

    /// How many threads are inside.
    pub(in crate::batch) fn count(&self) -> usize {
        self.inside
    }

    /// How many threads are inside that the end waits for.
    pub(in crate::batch) fn awaited(&self) -> usize {
        self.inside - self.overdue
    }

    /// How many of `max` places are left beside those of overdue calls.
    pub(in crate::batch) fn places(&self, max: usize) -> usize {
        max.saturating_sub(self.overdue)
    }

    /// A call is overdue. It keeps its place, and nothing waits for it any more.
    pub(in crate::batch) fn abandon_one(&mut self) {
        self.overdue += 1;
    }

    /// An overdue call has ended after all.
    pub(in crate::batch) fn overdue_ended(&mut self) {
        self.overdue -= 1;
    }

    /// A call ended. Its result is in flight until it is taken.
    pub(in crate::batch) fn ended(&mut self) {
        self.active -= 1;
    }

    /// How many calls run that are not abandoned, with the thread inside the iterator.
    pub(in crate::batch) fn busy(&self) -> usize {
        self.active - self.overdue
    }

    /// Whether there is one.
    pub(in crate::batch) fn is_busy(&self) -> bool {
        self.active > self.overdue
    }
}
