//! Decides where hints wait and in which order they are found; the only importer of `crossbeam_deque`.
//!
//! A hint from outside the pool goes to the **injector**, one from a worker (a nested batch) to that worker's own **deque**,
//! from which the others steal. Neither source may starve the other: a search begins at the injector every other time, and
//! at the deques in between. Single steals only: a thief that took several would sit on them behind one blocked call.
//!
//! The queue holds hints, one for each worker that a batch could use, never one for each input.

use crate::base::sync::{AtomicUsize, Mutex, Ordering, seeded};
use std::cell::Cell;
use std::sync::Arc;

#[cfg(not(pool_loom))]
use crossbeam_deque::{Injector, Steal, Stealer, Worker};

#[cfg(pool_loom)]
use model::{Injector, Steal, Stealer, Worker};

/// As many abandoned hints may wait in any queue.
const FEW: usize = if cfg!(any(pool_loom, pool_shuttle)) { 2 } else { 64 };

/// The hints of one pool.
pub(crate) struct Queue<T> {
    injector: Injector<T>,
    slots: Mutex<Slots<T>>,
    /// Hints in the injector and in the deques. Counted before the push and after the find, so never below the truth: who is
    /// ordered behind a push and reads 0 knows that somebody else has found that hint.
    injected: AtomicUsize,
    stealable: AtomicUsize,
    /// Those of them that lead to nothing any more.
    abandoned: AtomicUsize,
    /// Held by the thread that goes through all hints: another one would overlook what this one holds.
    sifting: Mutex<()>,
}

/// The deques, one for each thread that has ever lived at once with the others.
struct Slots<T> {
    stealers: Arc<Vec<Stealer<T>>>,
    /// The deques of threads that have ended, for those to come. They are empty.
    free: Vec<Worker<T>>,
}

/// One thread's own deque.
pub(crate) struct Local<T> {
    deque: Worker<T>,
    /// Alternates between the two search orders, and turns the first victim.
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
        // Relaxed, as every access to the two counts but those of `transfer`: what orders a push before a search is the lock of the permits.
        self.injected.fetch_add(1, Ordering::Relaxed);
        self.injector.push(hint);
    }

    /// How many hints wait.
    #[inline]
    pub(crate) fn waiting(&self) -> usize {
        // In this order: who sees that a hint has left the deques sees it in the injector. Pairs with `transfer`.
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
        // Out of the queue the hints still count: a thread that comes by meanwhile looks again.
        let _one = self.sifting.lock();
        let injected: Vec<T> = std::iter::from_fn(|| settled(|| self.injector.steal())).collect();
        let stolen: Vec<T> = std::iter::from_fn(|| self.steal_any(0)).collect();
        let all = injected.iter().chain(&stolen).cloned().collect();
        injected.into_iter().for_each(|hint| self.injector.push(hint));
        stolen.into_iter().for_each(|hint| self.transfer(hint));
        all
    }

    /// Counts hints that lead to nothing any more. Says whether it is worth going through all hints to drop those.
    pub(crate) fn abandon(&self, hints: usize) -> bool {
        let abandoned = self.abandoned.fetch_add(hints, Ordering::Relaxed) + hints;
        abandoned >= FEW && abandoned > self.waiting() / 2
    }

    /// An abandoned hint was found.
    pub(crate) fn found_abandoned(&self) {
        self.abandoned.fetch_sub(1, Ordering::Relaxed);
    }

    /// Drops the hints that are `over`. The others keep their order.
    pub(crate) fn prune(&self, over: impl Fn(&T) -> bool) {
        let mut dropped = Vec::new();
        {
            let _one = self.sifting.lock();
            // Hints that are pushed meanwhile are new.
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
        // Not under the lock: the last handle to a batch may be among them.
        dropped.into_iter().for_each(crate::base::unwind::discard);
    }

    /// Gives a thread that starts its deque.
    pub(crate) fn enlist(&self) -> Local<T> {
        let mut slots = self.slots.lock();
        let deque = slots.free.pop().unwrap_or_else(|| {
            let deque = Worker::new_fifo();
            Arc::make_mut(&mut slots.stealers).push(deque.stealer());
            deque
        });
        Local { deque, turn: Cell::new(slots.stealers.len()) }
    }

    /// Takes the deque of a thread that ends; what is left in it goes to the others.
    pub(crate) fn retire(&self, local: Local<T>) {
        while let Some(hint) = local.deque.pop() {
            self.transfer(hint);
        }
        self.slots.lock().free.push(local.deque);
    }

    /// Brings a hint from a deque to the injector, counted twice for a moment, rather than not at all.
    fn transfer(&self, hint: T) {
        seeded!("hints-end-with-their-thread" => { self.stealable.fetch_sub(1, Ordering::Release); return });
        self.push(hint);
        seeded!("transfer-relaxed" => { self.stealable.fetch_sub(1, Ordering::Relaxed); return });
        // A reader of this sees the push counted. Pairs with `waiting`.
        self.stealable.fetch_sub(1, Ordering::Release);
    }
}

impl<T> Local<T> {
    pub(crate) fn push(&self, queue: &Queue<T>, hint: T) {
        queue.stealable.fetch_add(1, Ordering::Relaxed);
        self.deque.push(hint);
    }

    pub(crate) fn find(&self, queue: &Queue<T>) -> Option<T> {
        self.turn.set(self.turn.get().wrapping_add(1));
        queue.find(self.turn.get())
    }
}

/// Takes from a source unless its `count` says that it is empty.
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

/// `Retry` says that another thread was quicker, which is progress.
fn settled<T>(mut steal: impl FnMut() -> Steal<T>) -> Option<T> {
    loop {
        match steal() {
            Steal::Success(hint) => return Some(hint),
            Steal::Empty => return None,
            Steal::Retry => crate::base::sync::spin(),
        }
    }
}

/// What a model sees in the place of `crossbeam_deque`, whose atomics it cannot follow.
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
