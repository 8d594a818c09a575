//! The size hint of a stream is exact at each step wherever the inputs' is, and a stream that has ended stays so.

use futures_core::{FusedStream, Stream};
use futures_lite::StreamExt;
use pool_core::Pool;
use std::sync::mpsc;
use support::executor;

#[test]
fn the_hint_is_exact_at_each_step() {
    let mut stream = Pool::new(3).map(0..200, |n| n).into_stream();
    for left in (0..200).rev() {
        assert_eq!(stream.size_hint(), (left + 1, Some(left + 1)));
        assert!(executor::block_on(stream.next()).is_some());
    }
    assert_eq!(stream.size_hint(), (0, Some(0)));
}

#[test]
fn the_hint_is_as_vague_as_that_of_the_inputs() {
    let stream = Pool::new(3).map((0..200).filter(|n| n % 2 == 0), |n| n).into_stream();
    assert_eq!(stream.size_hint(), (0, Some(200)));
    let stream = Pool::new(3).map(0u64.., |n| n).into_stream();
    assert_eq!(stream.size_hint(), (usize::MAX, None));
}

#[test]
fn the_end_is_the_end() {
    let mut stream = Pool::new(2).as_completed([1, 2], |n| Ok::<_, String>(*n)).into_stream();
    assert!(!stream.is_terminated());
    executor::block_on(async {
        assert!(stream.next().await.is_some());
        assert!(stream.next().await.is_some());
        assert!(!stream.is_terminated(), "nobody has been told of the end");
        for _ in 0..3 {
            assert!(stream.next().await.is_none());
            assert!(stream.is_terminated());
        }
    });
}

#[test]
fn at_the_end_nothing_of_the_batch_is_left() {
    let (kept, gone) = mpsc::channel::<()>();
    let mut stream = Pool::new(2).map([1, 2], move |n| (n, &kept).0).into_stream();
    while executor::block_on(stream.next()).is_some() {}
    assert_eq!(
        gone.recv_timeout(executor::STUCK),
        Err(mpsc::RecvTimeoutError::Disconnected),
        "the function was dropped"
    );
    drop(stream);
}

#[test]
fn a_stopped_stream_ends_after_the_calls_that_run() {
    let (started, starts) = mpsc::channel();
    let gate = executor::Gate::new();
    let inside = gate.clone();
    let batch = Pool::new(1).map(0.., move |n| {
        started.send(n).unwrap();
        inside.pass();
        n
    });
    let stop = batch.stop_handle();
    let stream = batch.start().into_stream();
    assert_eq!(starts.recv(), Ok(0));
    stop.stop();
    gate.open();
    assert_eq!(executor::block_on(stream.collect::<Vec<i32>>()), [0]);
}
