//! Values that count their clones and drops.

use crate::panics::raise;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Counts the values it has made and those of them that were dropped.
#[derive(Clone, Default)]
pub struct Ledger(Arc<Counts>);

#[derive(Default)]
struct Counts {
    made: AtomicUsize,
    dropped: AtomicUsize,
    most: AtomicUsize,
}

/// A value whose life is in the ledger. A clone of it is another one.
pub struct Entry {
    ledger: Ledger,
    /// Panics when it is dropped, unless a panic is under way.
    bomb: bool,
    /// So that a second drop frees twice, and a read after the drop reads freed memory.
    heap: Box<u8>,
}

impl Ledger {
    /// A value that it keeps count of.
    pub fn entry(&self) -> Entry {
        self.write(false)
    }

    /// An entry that panics with `"drop"` when it is dropped.
    pub fn bomb(&self) -> Entry {
        self.write(true)
    }

    fn write(&self, bomb: bool) -> Entry {
        let made = self.0.made.fetch_add(1, Ordering::SeqCst) + 1;
        self.0.most.fetch_max(
            made.saturating_sub(self.0.dropped.load(Ordering::SeqCst)),
            Ordering::SeqCst,
        );
        Entry { ledger: self.clone(), bomb, heap: Box::new(7) }
    }

    /// How many values it has made.
    pub fn made(&self) -> usize {
        self.0.made.load(Ordering::SeqCst)
    }

    /// How many of them live: fewer than none where one was dropped twice.
    pub fn alive(&self) -> isize {
        let dropped = self.0.dropped.load(Ordering::SeqCst);
        self.made() as isize - dropped as isize
    }

    /// The most that were ever alive at once.
    pub fn most(&self) -> usize {
        self.0.most.load(Ordering::SeqCst)
    }
}

impl Entry {
    /// Fails where the value is not alive.
    pub fn touch(&self) {
        assert_eq!(*self.heap, 7);
    }
}

impl Clone for Entry {
    fn clone(&self) -> Self {
        self.touch();
        self.ledger.write(self.bomb)
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.touch();
        self.ledger.0.dropped.fetch_add(1, Ordering::SeqCst);
        if self.bomb && !thread::panicking() {
            raise("drop");
        }
    }
}
