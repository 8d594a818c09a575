//! An executor for one stream or future, on the current thread.

use futures_core::Stream;
use std::future::Future;
use std::ops::ControlFlow;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

/// Wakes a thread, which asks nothing again before that.
struct Alarm {
    rung: AtomicBool,
    thread: Thread,
}

impl Alarm {
    fn new() -> Arc<Self> {
        Arc::new(Self { rung: AtomicBool::new(false), thread: thread::current() })
    }

    fn wait(&self) {
        while !self.rung.swap(false, SeqCst) {
            thread::park();
        }
    }
}

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        self.rung.store(true, SeqCst);
        self.thread.unpark();
    }
}

pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    let (alarm, mut future) = (Alarm::new(), pin!(future));
    let waker = Waker::from(Arc::clone(&alarm));
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => alarm.wait(),
        }
    }
}

/// Drops the future if it is not ready after that time.
pub(crate) fn block_on_for<F: Future>(future: F, time: Duration) -> Option<F::Output> {
    let (alarm, mut future, begun) = (Alarm::new(), pin!(future), Instant::now());
    let waker = Waker::from(Arc::clone(&alarm));
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return Some(output);
        }
        while !alarm.rung.swap(false, SeqCst) {
            thread::park_timeout(time.checked_sub(begun.elapsed())?);
        }
    }
}

/// Takes all items, and polls once more in vain, and with another waker, at every so manieth wait.
pub(crate) fn block_on_each<S: Stream + Unpin>(
    stream: &mut S,
    every: usize,
    mut take: impl FnMut(S::Item) -> ControlFlow<()>,
) -> ControlFlow<()> {
    let (mut alarm, mut waits) = (Alarm::new(), 0);
    loop {
        let waker = Waker::from(Arc::clone(&alarm));
        match Pin::new(&mut *stream).poll_next(&mut Context::from_waker(&waker)) {
            Poll::Ready(Some(item)) => take(item)?,
            Poll::Ready(None) => return ControlFlow::Continue(()),
            Poll::Pending => {
                waits += 1;
                if every > 1 && waits % every == 1 {
                    alarm = Alarm::new();
                } else {
                    alarm.wait();
                }
            }
        }
    }
}
