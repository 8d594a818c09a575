//! The smallest executor: it polls one future on the calling thread when that future's waker says so, and keeps count.
#![allow(dead_code, reason = "each test uses what it needs")]

use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

/// Longer than anything takes that is not stuck.
pub(crate) const STUCK: Duration = Duration::from_secs(60);

/// How often a future was polled, and how often woken.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) polls: usize,
    pub(crate) wakes: usize,
}

pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    counted(future).0
}

pub(crate) fn counted<F: Future>(future: F) -> (F::Output, Counts) {
    let mut future = pin!(future);
    let bell = Bell::new();
    let waker = Waker::from(Arc::clone(&bell));
    let mut polls = 0;
    loop {
        polls += 1;
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return (output, Counts { polls, wakes: bell.rings() });
        }
        bell.wait();
    }
}

/// A waker that can be waited for.
#[derive(Default)]
pub(crate) struct Bell {
    rung: Mutex<bool>,
    changed: Condvar,
    rings: AtomicUsize,
}

impl Bell {
    pub(crate) fn new() -> Arc<Self> {
        Arc::default()
    }

    /// How often it was woken so far.
    pub(crate) fn rings(&self) -> usize {
        self.rings.load(Ordering::SeqCst)
    }

    /// Blocks until it has been woken since the last wait.
    pub(crate) fn wait(&self) {
        let rung = self.rung.lock().unwrap();
        let (mut rung, time) = self.changed.wait_timeout_while(rung, STUCK, |rung| !*rung).unwrap();
        assert!(!time.timed_out(), "the future was not woken");
        *rung = false;
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.rings.fetch_add(1, Ordering::SeqCst);
        *self.rung.lock().unwrap() = true;
        self.changed.notify_all();
    }
}

/// Holds calls back until it is opened.
#[derive(Default)]
pub(crate) struct Gate {
    open: Mutex<bool>,
    changed: Condvar,
}

impl Gate {
    pub(crate) fn new() -> Arc<Self> {
        Arc::default()
    }

    pub(crate) fn open(&self) {
        *self.open.lock().unwrap() = true;
        self.changed.notify_all();
    }

    pub(crate) fn pass(&self) {
        let open = self.open.lock().unwrap();
        let (_open, time) = self.changed.wait_timeout_while(open, STUCK, |open| !*open).unwrap();
        assert!(!time.timed_out(), "the gate was not opened");
    }
}
