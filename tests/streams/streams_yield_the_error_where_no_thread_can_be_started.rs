//! Async code can neither wait for a thread nor run the call itself: where none can be started, a stream panics with
//! that message and ends, and a task gives it as its error. Whoever waits without async code still gets the results.
#![cfg(target_os = "linux")]

use futures_core::FusedStream;
use futures_lite::StreamExt;
use pool_core::Pool;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc;
use support::executor::block_on;
use support::{LIMIT, raise, watched};

/// A pool that can start no thread: there is no room for such a stack.
fn nowhere() -> Pool {
    Pool::builder().max_workers(2).name("nowhere").stack_size(1 << 60).build()
}

const MESSAGE: &str =
    "no thread can be started for the pool `nowhere`, and async code cannot run the call itself";

fn message<R>(code: impl FnOnce() -> R) -> String {
    let payload = catch_unwind(AssertUnwindSafe(code)).err().expect("it panics");
    *payload.downcast().expect("with a text")
}

#[test]
fn a_stream_panics_once_and_has_ended() {
    let pool = nowhere();
    let mut ordered = pool.map([1, 2], |n| n).into_stream();
    assert_eq!(message(|| block_on(ordered.next())), MESSAGE);
    assert!(ordered.is_terminated());
    assert_eq!(block_on(ordered.next()), None);

    let mut as_completed = pool.as_completed([1, 2], |n| Ok::<_, ()>(*n)).into_stream();
    assert_eq!(message(|| block_on(as_completed.next())), MESSAGE);
    assert!(as_completed.is_terminated());
    assert!(pool.wait_idle(LIMIT));
    assert_eq!(pool.stats().completed, 0);
}

#[test]
fn the_inputs_are_dropped() {
    let (kept, gone) = mpsc::channel::<()>();
    let mut stream = nowhere().map([kept], drop).into_stream();
    assert_eq!(message(|| block_on(stream.next())), MESSAGE);
    assert_eq!(gone.recv_timeout(LIMIT), Err(mpsc::RecvTimeoutError::Disconnected));
}

#[test]
fn a_task_has_it_as_its_error() {
    let pool = nowhere();
    let mut task = pool.submit(|| 1);
    let panic = block_on(&mut task).unwrap_err();
    assert_eq!(panic.message(), MESSAGE);
    assert!(task.is_finished());
    drop(task);
    assert!(pool.wait_idle(LIMIT));
}

#[test]
fn who_waits_runs_the_calls() {
    let pool = nowhere();
    assert_eq!(pool.map([1, 2], |n| n).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(pool.submit(|| 3).join().unwrap(), 3);
}

#[test]
fn on_another_pool_all_is_well() {
    let (nowhere, somewhere) = (nowhere(), Pool::new(2));
    let stream = nowhere.map([1, 2], |n| n).on(&somewhere).into_stream();
    assert_eq!(block_on(stream.collect::<Vec<_>>()), [1, 2]);
}

#[test]
fn a_start_that_panics_is_no_thread_for_a_stream_or_a_task() {
    static STARTS: AtomicUsize = AtomicUsize::new(0);
    fn broken() -> Pool {
        let builder = Pool::builder().max_workers(2).name("nowhere").on_start(|| {
            STARTS.fetch_add(1, SeqCst);
            raise("start")
        });
        builder.build()
    }
    watched(|| {
        for _ in 0..20 {
            let mut stream = broken().map([1, 2], |n| n).into_stream();
            assert_eq!(message(|| block_on(stream.next())), MESSAGE);
            assert!(stream.is_terminated());
            assert_eq!(block_on(broken().submit(|| 1)).unwrap_err().message(), MESSAGE);
        }
        // Each tries again once, and does not start one thread after the other.
        let starts = STARTS.load(SeqCst);
        assert!(starts <= 20 * 10, "{starts} threads for 20 streams and 20 tasks");
    });
}
