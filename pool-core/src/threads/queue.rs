//! The [`Queue`] of hints, on `crossbeam_deque`, which only this module imports.
//!
//! A hint from outside the pool goes to the **injector**. A hint from a worker, to a nested batch, goes to that
//! worker's own **deque**, and the other workers steal it from there. Neither source may starve the other: a search
//! begins at the injector every other time, and at the deques in between. A thief steals one hint at a time: several
//! would wait in its own deque behind one blocked call.
//!
//! A batch has at most one hint in the queue for each worker that it could use, never one for each input. A hint is
//! **abandoned** once its batch takes no further input.

use crate::base::sync::{AtomicUsize, Mutex, Ordering, seeded};
use std::cell::{Cell, OnceCell};
use std::sync::Arc;

#[cfg(not(pool_loom))]
use crossbeam_deque::{Injector, Steal, Stealer, Worker};

#[cfg(pool_loom)]
use model::{Injector, Steal, Stealer, Worker};

/// Fewer abandoned hints than this are never worth a [`Queue::prune`].
const FEW: usize = if cfg!(any(pool_loom, pool_shuttle)) { 2 } else { 64 };

/// The hints of one pool.
pub(crate) struct Queue<T> {
    injector: Injector<T>,
    slots: Mutex<Slots<T>>,
    /// Number of hints in the injector. A push counts before it pushes, and a find counts after it found, so that no
    /// count is ever below the truth. A reader that happens-after a push and sees 0 knows that another thread found the
    /// hint.
    injected: AtomicUsize,
    /// Number of hints in the deques, counted in the same way.
    stealable: AtomicUsize,
    /// Number of abandoned hints in both.
    abandoned: AtomicUsize,
    /// Held by a thread that goes through all hints, or moves some. A second such thread would miss the hints that the
    /// first has taken out.
    sifting: Mutex<()>,
}

/// The deques, as many as threads that push hints have ever lived at once.
struct Slots<T> {
    stealers: Arc<Vec<Stealer<T>>>,
    /// The deques of ended threads, for new ones. They are empty.
    free: Vec<Worker<T>>,
}

/// One thread's own deque.
pub(crate) struct Local<T> {
    /// Made for the first hint that the thread pushes: most threads push none.
    deque: OnceCell<Worker<T>>,
    /// The number of the next search. It alternates between the two search orders, and moves the first victim on.
    turn: Cell<usize>,
}

impl<T> Queue<T> {
    pub(crate) fn new() -> Self {
        Self {
            injector: Injector::new(),
            slots: Mutex::new(Slots { stealers: Arc::default(), free: Vec::new() }),
            injected: AtomicUsize::new(0),
            stealable: AtomicUsize::new(0),
            abandoned: AtomicUsize::new(0),
            sifting: Mutex::default(),
        }
    }

    pub(crate) fn push(&self, hint: T) {
        // Relaxed, as every access to the two counts but the one in `transfer` and its pair: the lock of the permits
        // orders a push before a search.
        self.injected.fetch_add(1, Ordering::Relaxed);
        self.injector.push(hint);
    }

    /// How many hints wait.
    #[inline]
    pub(crate) fn waiting(&self) -> usize {
        // `stealable` first: a reader that sees a hint gone from the deques then sees it in the injector. Pairs with
        // `transfer`.
        let stealable = self.stealable.load(Ordering::Acquire);
        stealable + self.injected.load(Ordering::Relaxed)
    }

    /// Takes one hint from anywhere.
    pub(crate) fn find(&self, turn: usize) -> Option<T> {
        if turn % 2 == 0 {
            self.inject().or_else(|| self.steal(turn))
        } else {
            self.steal(turn).or_else(|| self.inject())
        }
    }

    fn inject(&self) -> Option<T> {
        take(&self.injected, || settled(|| self.injector.steal()))
    }

    fn steal(&self, turn: usize) -> Option<T> {
        take(&self.stealable, || self.steal_any(turn))
    }

    fn steal_any(&self, turn: usize) -> Option<T> {
        let victims = Arc::clone(&self.slots.lock().stealers);
        let (after, before) = victims.split_at(turn / 2 % victims.len().max(1));
        before.iter().chain(after).filter(|v| !v.is_empty()).find_map(|v| settled(|| v.steal()))
    }

    /// Copies every hint that waits.
    pub(crate) fn all(&self) -> Vec<T>
    where
        T: Clone,
    {
        // The hints still count while they are out of the queue, so a worker that finds none meanwhile searches again.
        let _one = self.sifting.lock();
        let injected: Vec<T> = std::iter::from_fn(|| settled(|| self.injector.steal())).collect();
        let stolen: Vec<T> = std::iter::from_fn(|| self.steal_any(0)).collect();
        let all = injected.iter().chain(&stolen).cloned().collect();
        injected.into_iter().for_each(|hint| self.injector.push(hint));
        stolen.into_iter().for_each(|hint| self.transfer(hint));
        all
    }

    /// Counts hints as abandoned. Says whether [`prune`](Self::prune) is worthwhile now.
    pub(crate) fn abandon(&self, hints: usize) -> bool {
        let abandoned = self.abandoned.fetch_add(hints, Ordering::Relaxed) + hints;
        abandoned >= FEW && abandoned > self.waiting() / 2
    }

    /// Uncounts an abandoned hint that a thread has found.
    pub(crate) fn found_abandoned(&self) {
        self.abandoned.fetch_sub(1, Ordering::Relaxed);
    }

    /// Drops the hints that are `over`. The others keep their order.
    pub(crate) fn prune(&self, over: impl Fn(&T) -> bool) {
        let mut dropped = Vec::new();
        {
            let _one = self.sifting.lock();
            // The count at the start bounds the loop: hints that other threads push meanwhile are new, and the hints
            // that this loop pushes back are not visited again.
            for _ in 0..self.injected.load(Ordering::Relaxed) {
                let Some(hint) = settled(|| self.injector.steal()) else { break };
                if over(&hint) {
                    dropped.push(hint);
                    self.injected.fetch_sub(1, Ordering::Relaxed);
                } else {
                    self.injector.push(hint);
                }
            }
            for _ in 0..self.stealable.load(Ordering::Relaxed) {
                let Some(hint) = self.steal_any(0) else { break };
                if over(&hint) {
                    dropped.push(hint);
                    self.stealable.fetch_sub(1, Ordering::Relaxed);
                } else {
                    self.transfer(hint);
                }
            }
        }
        // After unlocking: a hint may be the last owner of a batch, and dropping that runs code of the user.
        dropped.into_iter().for_each(crate::base::unwind::discard);
    }

    /// A deque from which other threads steal.
    fn deque(&self) -> Worker<T> {
        let mut slots = self.slots.lock();
        slots.free.pop().unwrap_or_else(|| {
            let deque = Worker::new_fifo();
            Arc::make_mut(&mut slots.stealers).push(deque.stealer());
            deque
        })
    }

    /// Takes the deque of a thread that ends. Its hints go to the injector.
    pub(crate) fn retire(&self, local: Local<T>) {
        let Some(deque) = local.deque.into_inner() else { return };
        seeded!("hint-moves-unseen" => {
            while let Some(hint) = deque.pop() {
                self.transfer(hint);
            }
            return
        });
        // A hint on its way is in neither place: a thread that goes through all hints would miss it.
        let one = self.sifting.lock();
        while let Some(hint) = deque.pop() {
            self.transfer(hint);
        }
        drop(one);
        self.slots.lock().free.push(deque);
    }

    /// Moves a hint from a deque to the injector. The hint counts twice for a moment, since no reader may miss it.
    fn transfer(&self, hint: T) {
        seeded!("hints-end-with-their-thread" => { self.stealable.fetch_sub(1, Ordering::Release); return });
        self.push(hint);
        seeded!("transfer-relaxed" => { self.stealable.fetch_sub(1, Ordering::Relaxed); return });
        // A reader that sees this decrement sees the push counted. Pairs with `waiting`.
        self.stealable.fetch_sub(1, Ordering::Release);
    }
}

impl<T> Local<T> {
    /// Threads with different first turns do not all search at the same place.
    pub(crate) fn new(turn: usize) -> Self {
        Self { deque: OnceCell::new(), turn: Cell::new(turn) }
    }

    pub(crate) fn push(&self, queue: &Queue<T>, hint: T) {
        let deque = self.deque.get_or_init(|| queue.deque());
        queue.stealable.fetch_add(1, Ordering::Relaxed);
        deque.push(hint);
    }

    pub(crate) fn find(&self, queue: &Queue<T>) -> Option<T> {
        self.turn.set(self.turn.get().wrapping_add(1));
        queue.find(self.turn.get())
    }
}

/// Takes a hint from a source, unless its `count` says that the source is empty.
fn take<T>(count: &AtomicUsize, find: impl FnOnce() -> Option<T>) -> Option<T> {
    if count.load(Ordering::Relaxed) == 0 {
        return None;
    }
    let found = find();
    if found.is_some() {
        count.fetch_sub(1, Ordering::Relaxed);
    }
    found
}

/// Steals until the answer is final. `Retry` means that another thread was quicker, and that is progress.
fn settled<T>(mut steal: impl FnMut() -> Steal<T>) -> Option<T> {
    loop {
        match steal() {
            Steal::Success(hint) => return Some(hint),
            Steal::Empty => return None,
            Steal::Retry => crate::base::sync::spin(),
        }
    }
}

/// A replacement for `crossbeam_deque` under loom, which cannot follow its atomics.
#[cfg(pool_loom)]
mod model {
    use crate::base::sync::Mutex;
    use std::collections::VecDeque;
    use std::sync::Arc;

    pub(super) enum Steal<T> {
        Success(T),
        Empty,
        #[expect(dead_code, reason = "a lock never loses a race")]
        Retry,
    }

    pub(super) struct Injector<T>(Mutex<VecDeque<T>>);

    impl<T> Injector<T> {
        pub(super) fn new() -> Self {
            Self(Mutex::new(VecDeque::new()))
        }

        pub(super) fn push(&self, hint: T) {
            self.0.lock().push_back(hint);
        }

        pub(super) fn steal(&self) -> Steal<T> {
            self.0.lock().pop_front().map_or(Steal::Empty, Steal::Success)
        }
    }

    pub(super) struct Worker<T>(Arc<Injector<T>>);

    impl<T> Worker<T> {
        pub(super) fn new_fifo() -> Self {
            Self(Arc::new(Injector::new()))
        }

        pub(super) fn stealer(&self) -> Stealer<T> {
            Stealer(Arc::clone(&self.0))
        }

        pub(super) fn push(&self, hint: T) {
            self.0.push(hint);
        }

        pub(super) fn pop(&self) -> Option<T> {
            self.0.0.lock().pop_front()
        }
    }

    pub(super) struct Stealer<T>(Arc<Injector<T>>);

    impl<T> Stealer<T> {
        pub(super) fn is_empty(&self) -> bool {
            self.0.0.lock().is_empty()
        }

        pub(super) fn steal(&self) -> Steal<T> {
            self.0.steal()
        }
    }

    impl<T> Clone for Stealer<T> {
        fn clone(&self) -> Self {
            Self(Arc::clone(&self.0))
        }
    }
}
