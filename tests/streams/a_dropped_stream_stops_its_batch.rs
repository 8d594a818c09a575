//! Dropping a stream, or the future that consumes it, stops the batch without waiting: calls see that they are
//! cancelled, and no further input is taken.

use futures_core::Stream;
use futures_lite::{StreamExt, future};
use pool_core::{Pool, ResultStream, is_cancelled, sleep};
use std::pin::Pin;
use std::sync::mpsc::{self, Receiver};
use std::task::{Context, Waker};
use std::time::Duration;
use support::LIMIT;
use support::executor::{self, Bell};

/// An endless batch whose calls run until they are cancelled and then say so, and whose inputs say when they are gone.
fn until_cancelled(pool: &Pool) -> (ResultStream<()>, Receiver<()>, Receiver<bool>) {
    let (started, starts) = mpsc::channel();
    let (ended, ends) = mpsc::channel();
    let stream = pool.map(0.., move |_| {
        started.send(()).unwrap();
        assert!(!sleep(Duration::MAX));
        ended.send(is_cancelled()).unwrap();
    });
    (stream.into_stream(), starts, ends)
}

#[test]
fn calls_are_cancelled_and_inputs_are_left() {
    let pool = Pool::new(2);
    let (mut stream, starts, ends) = until_cancelled(&pool);
    assert!(Pin::new(&mut stream).poll_next(&mut Context::from_waker(Waker::noop())).is_pending());
    starts.recv_timeout(LIMIT).unwrap();
    starts.recv_timeout(LIMIT).unwrap();
    drop(stream);
    assert_eq!(ends.recv_timeout(LIMIT), Ok(true));
    assert_eq!(ends.recv_timeout(LIMIT), Ok(true));
    assert!(pool.wait_idle(LIMIT));
    assert_eq!(pool.stats().completed, 2);
    assert!(
        starts.recv_timeout(LIMIT).is_err(),
        "no further input was taken, and the function is gone"
    );
}

#[test]
fn a_future_that_loses_a_race_takes_its_stream_with_it() {
    let pool = Pool::new(2);
    let (mut stream, starts, ends) = until_cancelled(&pool);
    let won = executor::block_on(future::or(
        async move {
            stream.next().await;
            "the batch"
        },
        async {
            starts.recv_timeout(LIMIT).unwrap();
            "the other"
        },
    ));
    assert_eq!(won, "the other");
    assert_eq!(ends.recv_timeout(LIMIT), Ok(true));
    assert!(pool.wait_idle(LIMIT));
}

#[test]
fn an_aborted_tokio_task_takes_its_stream_with_it() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
    let pool = Pool::new(2);
    let (mut stream, starts, ends) = until_cancelled(&pool);
    let task = runtime.spawn(async move { while stream.next().await.is_some() {} });
    starts.recv_timeout(LIMIT).unwrap();
    task.abort();
    assert_eq!(ends.recv_timeout(LIMIT), Ok(true));
    assert!(pool.wait_idle(LIMIT));
}

#[test]
fn a_cancelled_smol_task_takes_its_stream_with_it() {
    let pool = Pool::new(2);
    let (mut stream, starts, ends) = until_cancelled(&pool);
    let task = smol::spawn(async move { while stream.next().await.is_some() {} });
    starts.recv_timeout(LIMIT).unwrap();
    drop(task);
    assert_eq!(ends.recv_timeout(LIMIT), Ok(true));
    assert!(pool.wait_idle(LIMIT));
}

#[test]
fn the_waker_goes_with_the_stream() {
    let pool = Pool::new(1);
    let (mut stream, starts, ends) = until_cancelled(&pool);
    let bell = Bell::new();
    let waker = Waker::from(bell.clone());
    assert!(Pin::new(&mut stream).poll_next(&mut Context::from_waker(&waker)).is_pending());
    starts.recv_timeout(LIMIT).unwrap();
    drop((stream, waker));
    // Before the call ends, so that no task is kept for a call that nobody waits for.
    assert_eq!(std::sync::Arc::strong_count(&bell), 1);
    assert_eq!(ends.recv_timeout(LIMIT), Ok(true));
    assert!(pool.wait_idle(LIMIT));
    assert_eq!(bell.rings(), 0);
}
