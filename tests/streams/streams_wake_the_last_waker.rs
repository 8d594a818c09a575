//! Where a stream is polled with one waker after another, the last one is woken and the others are let go; the same one
//! is not cloned again.

use futures_core::Stream;
use pool_core::{Pool, ResultStream};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, RawWaker, RawWakerVTable, Waker};
use support::Gate;
use support::executor::Bell;

fn poll<T>(stream: &mut ResultStream<T>, waker: &Waker) -> Poll<Option<T>> {
    Pin::new(stream).poll_next(&mut Context::from_waker(waker))
}

fn behind(gate: &Gate) -> ResultStream<u32> {
    let gate = gate.clone();
    let call = move |n| {
        gate.wait();
        n
    };
    Pool::new(1).map([7], call).into_stream()
}

#[test]
fn the_last_one_is_woken_and_only_that() {
    let gate = Gate::default();
    let mut stream = behind(&gate);
    let bells: [_; 3] = std::array::from_fn(|_| Bell::new());
    for bell in &bells {
        assert!(poll(&mut stream, &Waker::from(Arc::clone(bell))).is_pending());
    }
    assert_eq!(bells.each_ref().map(Arc::strong_count), [1, 1, 2]);
    gate.open();
    bells[2].wait();
    assert_eq!(poll(&mut stream, &Waker::from(Arc::clone(&bells[2]))), Poll::Ready(Some(7)));
    assert_eq!(bells.map(|bell| bell.rings()), [0, 0, 1]);
}

#[test]
fn a_first_one_that_comes_back_is_woken_again() {
    let gate = Gate::default();
    let mut stream = behind(&gate);
    let (one, two) = (Bell::new(), Bell::new());
    for bell in [&one, &two, &one] {
        assert!(poll(&mut stream, &Waker::from(Arc::clone(bell))).is_pending());
    }
    gate.open();
    one.wait();
    assert_eq!(two.rings(), 0);
}

#[test]
fn one_that_is_still_registered_is_not_cloned_again() {
    static CLONES: AtomicUsize = AtomicUsize::new(0);
    static WAKES: AtomicUsize = AtomicUsize::new(0);
    static VTABLE: RawWakerVTable = RawWakerVTable::new(
        |nothing| {
            CLONES.fetch_add(1, Ordering::SeqCst);
            RawWaker::new(nothing, &VTABLE)
        },
        |_| _ = WAKES.fetch_add(1, Ordering::SeqCst),
        |_| _ = WAKES.fetch_add(1, Ordering::SeqCst),
        |_| {},
    );
    // SAFETY: The functions touch statics only, from any thread, and own nothing.
    let waker = unsafe { Waker::from_raw(RawWaker::new(std::ptr::null(), &VTABLE)) };

    let gate = Gate::default();
    let mut stream = behind(&gate);
    for _ in 0..100 {
        assert!(poll(&mut stream, &waker).is_pending());
    }
    assert_eq!(CLONES.load(Ordering::SeqCst), 1);

    let bell = Bell::new();
    assert!(poll(&mut stream, &Waker::from(Arc::clone(&bell))).is_pending());
    gate.open();
    bell.wait();
    // A result that is there needs no waker.
    assert_eq!(poll(&mut stream, &waker), Poll::Ready(Some(7)));
    assert_eq!((CLONES.load(Ordering::SeqCst), WAKES.load(Ordering::SeqCst)), (1, 0));
}
