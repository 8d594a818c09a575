//! The smallest executor: it polls one future on the calling thread when that future's waker says so, and keeps count.

use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

/// Longer than anything takes that is not stuck.
pub const STUCK: Duration = Duration::from_secs(60);

/// How often a future was polled, and how often woken.
#[derive(Debug, PartialEq, Eq)]
pub struct Counts {
    /// How often it was polled.
    pub polls: usize,
    /// How often it was woken.
    pub wakes: usize,
}

/// The output of `future`.
pub fn block_on<F: Future>(future: F) -> F::Output {
    counted(future).0
}

/// The output of `future`, and what it took.
pub fn counted<F: Future>(future: F) -> (F::Output, Counts) {
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
pub struct Bell {
    rung: Mutex<bool>,
    changed: Condvar,
    rings: AtomicUsize,
}

impl Bell {
    /// One that has not rung.
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// How often it was woken so far.
    pub fn rings(&self) -> usize {
        self.rings.load(Ordering::SeqCst)
    }

    /// Blocks until it has been woken since the last wait.
    pub fn wait(&self) {
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
pub struct Gate {
    open: Mutex<bool>,
    changed: Condvar,
}

impl Gate {
    /// A closed one.
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// Lets everybody pass.
    pub fn open(&self) {
        *self.open.lock().unwrap() = true;
        self.changed.notify_all();
    }

    /// Blocks until it is open.
    pub fn pass(&self) {
        let open = self.open.lock().unwrap();
        let (_open, time) = self.changed.wait_timeout_while(open, STUCK, |open| !*open).unwrap();
        assert!(!time.timed_out(), "the gate was not opened");
    }
}
