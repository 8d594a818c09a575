//! Polling goes on with a panic where the batch itself would, once; then the stream has ended. As completed, a call's
//! panic is a result.

use futures_core::{FusedStream, Stream};
use futures_lite::StreamExt;
use pool_core::{CallError, Pool, ResultStream};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Wake, Waker};
use support::executor::{Bell, block_on};
use support::{Gate, LIMIT};

/// Polls until there is a result, and gives the text of the panic that comes instead.
fn next<T>(stream: &mut ResultStream<T>) -> Result<Option<T>, String> {
    catch_unwind(AssertUnwindSafe(|| block_on(stream.next()))).map_err(|payload| {
        match payload.downcast::<String>() {
            Ok(text) => *text,
            Err(payload) => payload.downcast::<&str>().unwrap().to_string(),
        }
    })
}

#[test]
fn of_a_call_where_its_result_would_have_been() {
    let pool = Pool::new(4);
    let call = |n| if n == 3 { panic!("no {n}") } else { n };
    let mut stream = pool.map(0..10, call).into_stream();
    for n in 0..3 {
        assert_eq!(next(&mut stream), Ok(Some(n)));
    }
    assert_eq!(next(&mut stream), Err("no 3".to_string()));
    assert!(stream.is_terminated());
    assert_eq!((stream.size_hint(), next(&mut stream)), ((0, Some(0)), Ok(None)));
    assert!(pool.wait_idle(LIMIT));
}

#[test]
fn of_a_call_as_a_result_where_results_come_as_completed() {
    let call = |n: &u32| if *n == 3 { panic!("no {n}") } else { Err::<(), _>(n.to_string()) };
    let mut done: Vec<_> = block_on(Pool::new(4).as_completed(0..10, call).into_stream().collect());
    done.sort_by_key(|done| done.index);
    assert_eq!(done.len(), 10);
    for done in done {
        match done.result.unwrap_err() {
            CallError::Panicked(panic) => assert_eq!((done.index, panic.message()), (3, "no 3")),
            error => assert_eq!(error.to_string(), done.index.to_string()),
        }
    }
}

#[test]
fn of_the_input_iterator_after_the_results_before_it() {
    let inputs = (0..10).inspect(|n| assert!(*n < 3, "no input {n}"));
    let mut stream = Pool::new(4).as_completed(inputs, |n| Ok::<_, ()>(*n)).into_stream();
    let mut before: Vec<_> =
        (0..3).map(|_| next(&mut stream).unwrap().unwrap().result.unwrap()).collect();
    before.sort();
    assert_eq!(before, [0, 1, 2]);
    assert_eq!(next(&mut stream).unwrap_err(), "no input 3");
    assert!(stream.is_terminated() && next(&mut stream).unwrap().is_none());
}

#[test]
fn of_a_waker_without_harm_to_the_pool() {
    struct Torn;
    impl Wake for Torn {
        fn wake(self: Arc<Self>) {
            panic!("torn when woken");
        }
    }
    impl Drop for Torn {
        fn drop(&mut self) {
            panic!("torn when dropped");
        }
    }

    let pool = Pool::new(1);
    let gate = Gate::default();
    let inside = gate.clone();
    let mut stream = pool.map([1, 2], move |n| (inside.wait(), n).1).into_stream();
    let torn = Waker::from(Arc::new(Torn));
    assert!(Pin::new(&mut stream).poll_next(&mut Context::from_waker(&torn)).is_pending());
    std::mem::forget(torn);
    gate.open();
    assert!(pool.wait_idle(LIMIT));
    assert_eq!(block_on(stream.collect::<Vec<_>>()), [1, 2]);

    // One that is dropped with its stream.
    let gate = Gate::default();
    let inside = gate.clone();
    let mut stream = pool.map([1, 2], move |n| (inside.wait(), n).1).into_stream();
    let torn = Waker::from(Arc::new(Torn));
    assert!(Pin::new(&mut stream).poll_next(&mut Context::from_waker(&torn)).is_pending());
    let torn = catch_unwind(AssertUnwindSafe(|| drop(torn)));
    assert!(torn.is_ok(), "the stream holds it, too");
    drop(stream);
    gate.open();
    assert!(pool.wait_idle(LIMIT));

    // Bells still ring in that pool.
    let bell = Bell::new();
    let mut stream = pool.map([5], |n| n).into_stream();
    if Pin::new(&mut stream)
        .poll_next(&mut Context::from_waker(&Waker::from(Arc::clone(&bell))))
        .is_pending()
    {
        bell.wait();
        assert_eq!(next(&mut stream), Ok(Some(5)));
    }
}
