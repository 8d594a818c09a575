//! `Watch`: what a batch runs at this moment, seen from outside.

use crate::base::observer::{Ended, Observer};
use crate::base::sync::Mutex;
use std::collections::BTreeMap;
use std::fmt;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::Arc;
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

/// What a batch runs now: which inputs, for how long, on which threads.
///
/// Made by [`Map::watch`](crate::Map::watch) and [`AsCompleted::watch`](crate::AsCompleted::watch), before the batch
/// starts. A clone sees the same batch, on any thread, and outlives it. Each call of a batch that is watched takes a
/// lock twice; one without a watch pays nothing.
///
/// # Examples
///
/// A report of the calls that take long, for a batch that is consumed elsewhere:
///
/// ```
/// use pool_core::Pool;
/// use std::sync::mpsc;
/// use std::time::Duration;
///
/// let (open, gate) = mpsc::channel::<()>();
/// let batch = Pool::new(2).map([gate], |gate| gate.recv());
/// let watch = batch.watch();
/// let mut batch = batch.start();
/// while watch.taken() == 0 {
///     std::thread::yield_now();
/// }
/// let oldest = &watch.running()[0];
/// assert_eq!(oldest.index, 0);
/// assert!(oldest.age() < Duration::from_secs(60));
/// assert_eq!(oldest.thread(), Some("pool-0"));
///
/// open.send(()).unwrap();
/// assert_eq!(batch.next(), Some(Ok(())));
/// assert_eq!((watch.running().len(), watch.finished(), watch.failed()), (0, 1, 0));
/// ```
#[derive(Clone)]
pub struct Watch(pub(crate) Arc<Watched>);

/// A call that ran when the watch was asked.
///
/// # Examples
///
/// As for [`Watch`].
#[derive(Clone)]
#[non_exhaustive]
pub struct Running {
    /// The position of its input, from 0.
    pub index: usize,
    since: Instant,
    thread: Thread,
}

/// What a watch sees of its batch.
#[derive(Default)]
pub(crate) struct Watched(Mutex<Calls>);

#[derive(Default)]
struct Calls {
    running: BTreeMap<usize, (Instant, Thread)>,
    taken: usize,
    finished: usize,
    failed: usize,
}

impl Observer for Watched {
    fn begin(&self, index: usize) {
        let call = (Instant::now(), thread::current());
        let mut calls = self.0.lock();
        calls.taken += 1;
        calls.running.insert(index, call);
    }

    fn end(&self, index: usize, ended: Ended) {
        let mut calls = self.0.lock();
        calls.running.remove(&index);
        calls.finished += 1;
        calls.failed += usize::from(ended != Ended::Well);
    }
}

impl Watch {
    /// Returns the calls that run, oldest first. One that waits or [rests](crate::back_off) is among them. Does not
    /// block.
    ///
    /// # Examples
    ///
    /// ```
    /// let batch = pool_core::Pool::new(2).map([1, 2], |n| n);
    /// let watch = batch.watch();
    /// assert!(watch.running().is_empty());
    /// assert_eq!(batch.count(), 2);
    /// assert!(watch.running().is_empty());
    /// ```
    pub fn running(&self) -> Vec<Running> {
        let calls = self.0.0.lock();
        let running = calls.running.iter();
        let mut running: Vec<Running> = running
            .map(|(&index, (since, thread))| Running {
                index,
                since: *since,
                thread: thread.clone(),
            })
            .collect();
        drop(calls);
        running.sort_by_key(|call| call.since);
        running
    }

    /// Returns how many calls have begun.
    ///
    /// # Examples
    ///
    /// ```
    /// let batch = pool_core::Pool::new(2).map([1, 2, 3], |n| n);
    /// let watch = batch.watch();
    /// assert_eq!(watch.taken(), 0);
    /// assert_eq!(batch.count(), 3);
    /// assert_eq!(watch.taken(), 3);
    /// ```
    pub fn taken(&self) -> usize {
        self.0.0.lock().taken
    }

    /// Returns how many calls have ended. A call is counted before its result can be seen.
    ///
    /// # Examples
    ///
    /// ```
    /// let batch = pool_core::Pool::new(1).map([1, 2, 3], |n| n);
    /// let watch = batch.watch();
    /// for n in batch {
    ///     assert!(watch.finished() >= n);
    /// }
    /// assert_eq!(watch.finished(), 3);
    /// ```
    pub fn finished(&self) -> usize {
        self.0.0.lock().finished
    }

    /// Returns how many of them have returned an error or panicked.
    ///
    /// The results of a [`Map`](crate::Map) are not taken apart: for it an `Err` is a value, and only a panic counts.
    ///
    /// # Examples
    ///
    /// ```
    /// let batch = pool_core::Pool::new(2).as_completed(["1", "x"], |text| text.parse::<u8>());
    /// let watch = batch.watch();
    /// assert_eq!(batch.count(), 2);
    /// assert_eq!(watch.failed(), 1);
    /// ```
    pub fn failed(&self) -> usize {
        self.0.0.lock().failed
    }
}

impl Running {
    /// Returns how long the call has run by now.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// /// The inputs that are to be reported.
    /// fn stragglers(watch: &pool_core::Watch) -> Vec<usize> {
    ///     let slow = watch.running().into_iter().take_while(|call| call.age() > Duration::from_secs(5));
    ///     slow.map(|call| call.index).collect()
    /// }
    /// assert!(stragglers(&pool_core::Pool::new(1).map([1], |n| n).watch()).is_empty());
    /// ```
    pub fn age(&self) -> Duration {
        self.since.elapsed()
    }

    /// Returns the name of the thread that runs the call: that of a worker, or of a consumer that runs it itself.
    ///
    /// # Examples
    ///
    /// As for [`Watch`].
    pub fn thread(&self) -> Option<&str> {
        self.thread.name()
    }
}

// No code of the user runs under the lock.
impl UnwindSafe for Watch {}
impl RefUnwindSafe for Watch {}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let calls = self.0.0.lock();
        let (running, taken) = (calls.running.len(), calls.taken);
        let (finished, failed) = (calls.finished, calls.failed);
        drop(calls);
        f.debug_struct("Watch")
            .field("running", &running)
            .field("taken", &taken)
            .field("finished", &finished)
            .field("failed", &failed)
            .finish()
    }
}

impl fmt::Debug for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Running")
            .field("index", &self.index)
            .field("age", &self.age())
            .field("thread", &self.thread())
            .finish()
    }
}
