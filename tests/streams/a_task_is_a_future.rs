//! A task can be awaited under any executor, for what `join` returns; dropping the future lets the call run on.

use futures_core::FusedFuture;
use futures_lite::future;
use pool_core::{Panic, Pool, Task, concurrent, is_cancelled, sleep};
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, mpsc};
use std::task::{Context, Poll, Waker};
use support::executor::{Bell, Counts, block_on, counted};
use support::{Gate, LIMIT};

async fn all_of_it() {
    let pool = Pool::new(2);
    assert_eq!(pool.submit(|| 6 * 7).await.unwrap(), 42);
    let failed: Result<u32, _> = pool.submit(|| "x".parse::<u32>()).await.unwrap();
    assert!(failed.is_err());
    let panicked: Panic = pool.submit(|| -> u32 { panic!("no") }).await.unwrap_err();
    assert_eq!(panicked.message(), "no");
    let tasks: Vec<Task<usize>> = (0..100).map(|n| pool.submit(move || n)).collect();
    for (n, task) in tasks.into_iter().enumerate() {
        assert_eq!(task.await.unwrap(), n);
    }
}

#[test]
fn under_tokio() {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(all_of_it());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    let task = runtime.spawn(all_of_it());
    runtime.block_on(task).unwrap();
}

#[test]
fn under_smol() {
    smol::block_on(smol::spawn(all_of_it()));
}

#[test]
fn under_an_executor_written_by_hand() {
    block_on(all_of_it());
}

#[concurrent(max_workers = 1)]
fn double(n: u32) -> u32 {
    2 * n
}

#[test]
fn from_an_annotated_function() {
    assert_eq!(block_on(double::submit(2)).unwrap(), 4);
}

fn poll<R>(task: &mut Task<R>, waker: &Waker) -> Poll<Result<R, Panic>> {
    Pin::new(task).poll(&mut Context::from_waker(waker))
}

#[test]
fn dropped_it_lets_the_call_run_on_and_the_waker_go() {
    let gate = Gate::default();
    let inside = gate.clone();
    let (end, ended) = mpsc::channel();
    let mut task = Pool::new(1).submit(move || {
        inside.wait();
        end.send(pool_core::is_cancelled()).unwrap();
    });
    let bell = Bell::new();
    assert!(poll(&mut task, &Waker::from(Arc::clone(&bell))).is_pending());
    drop(task);
    assert_eq!(Arc::strong_count(&bell), 1);
    gate.open();
    assert_eq!(ended.recv_timeout(LIMIT), Ok(false));
    assert_eq!(bell.rings(), 0);
}

#[test]
fn one_that_loses_a_race_can_be_asked_again() {
    let gate = Gate::default();
    let inside = gate.clone();
    let mut task = Pool::new(1).submit(move || {
        inside.wait();
        9
    });
    let first = block_on(future::or(async { Some((&mut task).await) }, future::ready(None)));
    assert!(first.is_none());
    assert!(!task.is_terminated() && !task.is_finished());
    gate.open();
    assert_eq!(task.join().unwrap(), 9);
}

#[test]
fn the_last_waker_is_woken_once() {
    let gate = Gate::default();
    let inside = gate.clone();
    let mut task = Pool::new(1).submit(move || inside.wait());
    let bells = [Bell::new(), Bell::new()];
    for bell in &bells {
        let waker = Waker::from(Arc::clone(bell));
        assert!(poll(&mut task, &waker).is_pending() && poll(&mut task, &waker).is_pending());
    }
    gate.open();
    bells[1].wait();
    assert!(poll(&mut task, Waker::noop()).is_ready());
    assert_eq!(bells.map(|bell| bell.rings()), [0, 1]);
}

#[test]
fn it_is_polled_twice_at_most() {
    let pool = Pool::new(2);
    for _ in 0..2_000 {
        let ((), Counts { polls, wakes }) = counted(async { pool.submit(|| {}).await.unwrap() });
        assert!(polls <= 2 && wakes <= 1, "{polls} polls, {wakes} wakes");
    }
}

#[test]
fn after_the_result_it_is_over() {
    let mut task = Pool::new(1).submit(|| 1);
    assert_eq!(block_on(&mut task).unwrap(), 1);
    assert!(task.is_terminated() && task.is_finished());
    let again = catch_unwind(AssertUnwindSafe(|| poll(&mut task, Waker::noop()).is_ready()));
    assert!(again.is_err(), "there is no second result");
    let task = task.cancel().unwrap_err();
    let again = catch_unwind(AssertUnwindSafe(|| task.join().is_ok()));
    assert!(again.is_err(), "nor by another way");
}

#[test]
fn one_that_was_polled_can_be_cancelled() {
    let pool = Pool::new(1);
    let gate = Gate::default();
    let inside = gate.clone();
    let (start, started) = mpsc::channel();
    let busy = pool.submit(move || {
        start.send(()).unwrap();
        inside.wait();
    });
    started.recv_timeout(LIMIT).unwrap();
    let mut waits = pool.submit(|| unreachable!("it is taken back"));
    assert!(poll::<()>(&mut waits, Waker::noop()).is_pending());
    assert!(waits.cancel().is_ok());
    gate.open();
    block_on(busy).unwrap();
    assert!(pool.wait_idle(LIMIT));
    assert_eq!(pool.stats().completed, 1);
}

#[test]
fn a_guard_is_one_too_and_cancels_when_it_is_dropped() {
    let (pool, entered) = (Pool::new(1), Gate::default());
    assert_eq!(block_on(pool.submit(|| 6 * 7).cancel_on_drop()).unwrap(), 42);
    let panicked = block_on(pool.submit(|| -> u32 { panic!("no") }).cancel_on_drop());
    assert_eq!(panicked.unwrap_err().message(), "no");

    let (inside, (ended, end)) = (entered.clone(), mpsc::channel());
    let mut guard = pool
        .submit(move || {
            inside.open();
            ended.send((sleep(LIMIT), is_cancelled())).unwrap();
        })
        .cancel_on_drop();
    assert!(!guard.is_terminated());
    assert!(Pin::new(&mut guard).poll(&mut Context::from_waker(Waker::noop())).is_pending());
    entered.wait();
    drop(guard);
    assert_eq!(end.recv(), Ok((false, true)));

    // What has given its result cancels nothing.
    let mut guard = pool.submit(|| 1).cancel_on_drop();
    assert!(pool.wait_idle(LIMIT));
    assert!(Pin::new(&mut guard).poll(&mut Context::from_waker(Waker::noop())).is_ready());
    assert!(guard.is_terminated());
}
