//! The books: what became of each input, which values live, how many calls run.

use crate::watchdog;
use std::sync::atomic::{AtomicBool, AtomicIsize, AtomicU8, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// What no fault that counts contains.
static FORGIVEN: OnceLock<String> = OnceLock::new();

/// Has faults pass that are known, in order to see others.
pub(crate) fn forgive(text: String) {
    let _ = FORGIVEN.set(text);
}

/// What went wrong in one program, and the books of its batches.
#[derive(Default)]
pub(crate) struct Ledger {
    /// Some batch is leaked.
    leaks: bool,
    faults: Mutex<Vec<String>>,
    books: Mutex<Vec<Arc<Book>>>,
    pub(crate) batches: AtomicUsize,
    pub(crate) calls: AtomicUsize,
}

impl Ledger {
    pub(crate) fn new(leaks: bool) -> Arc<Self> {
        Arc::new(Self { leaks, ..Self::default() })
    }

    pub(crate) fn fault(&self, fault: impl Into<String>) {
        let fault = fault.into();
        let forgiven = FORGIVEN.get().is_some_and(|text| fault.contains(text));
        let mut faults = self.faults.lock().unwrap_or_else(PoisonError::into_inner);
        if !forgiven && faults.len() < 20 {
            faults.push(fault);
        }
    }

    pub(crate) fn check(&self, holds: bool, fault: impl FnOnce() -> String) {
        if !holds {
            self.fault(fault());
        }
    }

    pub(crate) fn faults(&self) -> Vec<String> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn open(self: &Arc<Self>, title: String, inputs: usize) -> Arc<Book> {
        let book = Arc::new(Book {
            ledger: Arc::clone(self),
            title,
            fates: (0..inputs).map(|_| AtomicU8::new(0)).collect(),
            taken: AtomicUsize::new(0),
            live: [const { AtomicIsize::new(0) }; KINDS],
            running: Gauge::default(),
            leaked: AtomicBool::new(false),
            runs_all: AtomicBool::new(false),
            unnumbered: AtomicBool::new(false),
        });
        self.batches.fetch_add(1, SeqCst);
        self.books.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(&book));
        book
    }

    /// Checks and forgets the books to which nothing refers any more.
    pub(crate) fn audit(&self) {
        self.books.lock().unwrap_or_else(PoisonError::into_inner).retain(|book| {
            let over = Arc::strong_count(book) == 1;
            if over {
                book.audit();
            }
            !over
        });
    }

    /// Checks all books, when nothing is left to happen.
    pub(crate) fn close(&self) {
        for book in self.books.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            book.audit();
        }
    }
}

/// What becomes of an input, as bits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fate {
    Taken = 1,
    Called = 2,
    Yielded = 4,
    /// Its task was cancelled before it began.
    Cancelled = 8,
}

/// The kinds of values that a batch owns.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    Input,
    Output,
    Payload,
    Closure,
    Iterator,
    State,
}

const KINDS: usize = 6;

/// The book of one batch, or of some tasks.
pub(crate) struct Book {
    pub(crate) ledger: Arc<Ledger>,
    title: String,
    fates: Box<[AtomicU8]>,
    taken: AtomicUsize,
    live: [AtomicIsize; KINDS],
    /// Calls of the batch that have begun and not ended, waiting ones too.
    pub(crate) running: Gauge,
    pub(crate) leaked: AtomicBool,
    /// An input that was taken runs in the end, unless it was cancelled.
    pub(crate) runs_all: AtomicBool,
    /// The numbers of inputs are not their positions.
    pub(crate) unnumbered: AtomicBool,
}

impl Book {
    pub(crate) fn fault(&self, fault: &str) {
        self.ledger.fault(format!("{}: {fault}", self.title));
    }

    pub(crate) fn check(&self, holds: bool, fault: impl FnOnce() -> String) {
        if !holds {
            self.fault(&fault());
        }
    }

    /// Writes down what happens to an input, once.
    pub(crate) fn note(&self, index: usize, fate: Fate) {
        watchdog::progress();
        match self.fates.get(index) {
            Some(fates) => {
                let before = fates.fetch_or(fate as u8, SeqCst);
                self.check(before & fate as u8 == 0, || format!("input {index} {fate:?} twice"));
                let untaken = fate != Fate::Taken && before & Fate::Taken as u8 == 0;
                self.check(!untaken, || format!("input {index} {fate:?} but never taken"));
            }
            None => {
                self.fault(&format!("input {index} {fate:?}, and there are {}", self.fates.len()))
            }
        }
        if fate == Fate::Taken {
            self.taken.fetch_add(1, SeqCst);
        }
    }

    /// An input was not taken after all.
    pub(crate) fn untake(&self, index: usize) {
        let before = self.fates[index].fetch_and(!(Fate::Taken as u8), SeqCst);
        self.check(before == Fate::Taken as u8, || format!("input {index} refused, and run"));
        self.taken.fetch_sub(1, SeqCst);
    }

    pub(crate) fn has(&self, index: usize, fate: Fate) -> bool {
        self.fates.get(index).is_some_and(|fates| fates.load(SeqCst) & fate as u8 != 0)
    }

    pub(crate) fn taken(&self) -> usize {
        self.taken.load(SeqCst)
    }

    /// How many inputs met that fate.
    pub(crate) fn count(&self, fate: Fate) -> usize {
        (0..self.fates.len()).filter(|&index| self.has(index, fate)).count()
    }

    pub(crate) fn begin_life(&self, kind: Kind) {
        self.live[kind as usize].fetch_add(1, SeqCst);
    }

    pub(crate) fn end_life(&self, kind: Kind) {
        self.live[kind as usize].fetch_sub(1, SeqCst);
    }

    pub(crate) fn live(&self, kind: Kind) -> isize {
        self.live[kind as usize].load(SeqCst)
    }

    /// Checks that none of these lives.
    pub(crate) fn is_gone(&self, kinds: &[Kind], when: &str) {
        for &kind in kinds {
            self.check(self.live(kind) == 0, || {
                format!("{} {kind:?} live {when}", self.live(kind))
            });
        }
    }

    fn audit(&self) {
        let leaked = self.leaked.load(SeqCst);
        for kind in
            [Kind::Input, Kind::Output, Kind::Payload, Kind::Closure, Kind::Iterator, Kind::State]
        {
            let live = self.live(kind);
            // A leaked batch may hold the panic of another one.
            let leaked = leaked || kind == Kind::Payload && self.ledger.leaks;
            self.check(live == 0 || leaked && live > 0, || {
                format!("{live} {kind:?} live at the end")
            });
        }
        for index in 0..self.fates.len() {
            let (called, cancelled) =
                (self.has(index, Fate::Called), self.has(index, Fate::Cancelled));
            self.check(!(called && cancelled), || format!("input {index} was cancelled, and ran"));
            let lost = self.runs_all.load(SeqCst) && !called && !cancelled;
            self.check(!lost, || format!("input {index} was never run"));
        }
        let running = self.running.now();
        self.check(running == 0, || format!("{running} calls run at the end"));
    }
}

/// How many are inside, and how many ever were at once.
#[derive(Default)]
pub(crate) struct Gauge(AtomicUsize);

impl Gauge {
    /// One more. Says how many there are now.
    pub(crate) fn enter(&self) -> usize {
        self.0.fetch_add(1, SeqCst) + 1
    }

    pub(crate) fn leave(&self) {
        self.0.fetch_sub(1, SeqCst);
    }

    pub(crate) fn now(&self) -> usize {
        self.0.load(SeqCst)
    }
}
