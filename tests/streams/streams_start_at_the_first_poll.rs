//! A stream is lazy as its batch is: nothing is taken before the first poll, unless the batch was started.

use futures_lite::StreamExt;
use pool_core::Pool;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use support::executor;

#[test]
fn nothing_runs_before_it_is_polled() {
    let taken = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&taken);
    let pool = Pool::new(2);
    let mut stream = pool
        .map((0..3).inspect(move |_| _ = counter.fetch_add(1, Ordering::SeqCst)), |n| n)
        .into_stream();
    assert!(pool.wait_idle(executor::STUCK));
    assert_eq!((taken.load(Ordering::SeqCst), pool.stats().threads), (0, 0));

    assert_eq!(executor::block_on(stream.next()), Some(0));
    assert!(taken.load(Ordering::SeqCst) > 0);
}

#[test]
fn a_started_batch_runs_before_it_is_polled() {
    let (ran, runs) = mpsc::channel();
    let stream = Pool::new(1).map([1], move |n| ran.send(n).unwrap()).start().into_stream();
    assert_eq!(runs.recv_timeout(executor::STUCK), Ok(1));
    drop(stream);
}
