//! What a user holds can be sent, shared, moved and named wherever its contents can, and stays without bounds in a
//! user's own types.

use pool_core::{
    AsCompleted, CallError, Completion, Feed, Map, Panic, Pool, PoolBuilder, ResultStream, Results,
    Stats, StopHandle, Task, TaskGuard, Timeout, Watch, feed,
};
use std::cell::Cell;
use std::error::Error;
use std::marker::PhantomData;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::rc::Rc;

fn send<T: Send>() {}
fn sync<T: Sync>() {}
fn unpin<T: Unpin>() {}
fn owned<T: 'static>() {}

/// Never called.
#[allow(dead_code, reason = "that it compiles is the test")]
fn whatever_is_inside<'env, I: Send, R: Send + 'env, T: Send, E: Send>() {
    send::<Map<'env, R>>();
    send::<AsCompleted<'env, I, T, E>>();
    send::<Completion<I, T, E>>();
    send::<Results<'env, R>>();
    send::<ResultStream<R>>();
    send::<Task<R>>();
    send::<TaskGuard<R>>();
    send::<Feed<I>>();
    sync::<Feed<I>>();
    send::<feed::Inputs<I>>();
    send::<CallError<E>>();
    // No result of these is ever pinned in place.
    unpin::<Results<'env, R>>();
    unpin::<ResultStream<R>>();
    unpin::<Task<R>>();
    unpin::<TaskGuard<R>>();
    unpin::<Feed<I>>();
}

/// Never called.
#[allow(dead_code, reason = "that it compiles is the test")]
fn moved_as_their_contents_are<I: Unpin, R: Unpin, T: Unpin, E: Unpin>() {
    unpin::<Map<'_, R>>();
    unpin::<AsCompleted<'_, I, T, E>>();
    unpin::<Completion<I, T, E>>();
    unpin::<CallError<E>>();
}

/// Never called.
#[allow(dead_code, reason = "that it compiles is the test")]
fn shared_as_their_contents_are<I: Sync, T: Sync, E: Sync>() {
    sync::<Completion<I, T, E>>();
    sync::<CallError<E>>();
}

/// Never called: nothing inside can be reached through a shared reference.
#[allow(dead_code, reason = "that it compiles is the test")]
fn shared_as_their_contents_are_sent<I: Send, R: Send, T: Send, E: Send>() {
    sync::<Map<'_, R>>();
    sync::<AsCompleted<'_, I, T, E>>();
    sync::<ResultStream<R>>();
    sync::<Task<R>>();
    sync::<TaskGuard<R>>();
    sync::<feed::Inputs<I>>();
}

/// Never called.
#[allow(dead_code, reason = "that it compiles is the test")]
fn safe_across_panics_whatever_is_inside<I, R, T, E>() {
    fn safe<T: UnwindSafe + RefUnwindSafe>() {}
    safe::<Map<'_, R>>();
    safe::<AsCompleted<'_, I, T, E>>();
    safe::<ResultStream<R>>();
    safe::<Task<R>>();
    safe::<TaskGuard<R>>();
    safe::<Feed<I>>();
    safe::<feed::Inputs<I>>();
    safe::<Panic>();
    safe::<Completion<u8, u8, String>>();
}

/// Never called.
#[allow(dead_code, reason = "that it compiles is the test")]
fn always() {
    fn error<T: Error + Send + Sync + Unpin + 'static>() {}
    error::<Panic>();
    error::<Timeout>();
    error::<CallError<String>>();
    fn handle<T: Send + Sync + Unpin + UnwindSafe + RefUnwindSafe + 'static>() {}
    handle::<Pool>();
    handle::<PoolBuilder>();
    handle::<Stats>();
    handle::<StopHandle>();
    handle::<Watch>();
    fn copied<T: Copy>() {}
    copied::<PoolBuilder>();
    copied::<Stats>();
    copied::<Timeout>();
    fn cloned<T: Clone>() {}
    cloned::<StopHandle>();
    cloned::<Watch>();
    cloned::<Feed<Cell<u8>>>();
    owned::<Map<'static, u8>>();
    owned::<Task<u8>>();
    owned::<ResultStream<u8>>();
}

/// Never called: a longer life serves as a shorter one.
#[allow(dead_code, reason = "that it compiles is the test")]
fn covariant<'short, R>(batch: Map<'static, R>) -> Map<'short, R> {
    batch
}

/// Kept without bounds.
#[allow(dead_code, reason = "that it compiles is the test")]
struct Kept<'env, I, R, T, E> {
    ordered: Map<'env, R>,
    completed: AsCompleted<'env, I, T, E>,
    task: Task<R>,
    stream: ResultStream<R>,
    stop: StopHandle,
}

struct Probe<T: ?Sized>(PhantomData<T>);

/// What holds unless the inherent constants of [`Probe`] say otherwise.
trait Not {
    const SEND: bool = false;
    const SYNC: bool = false;
}

impl<T: ?Sized> Not for Probe<T> {}

impl<T: ?Sized + Send> Probe<T> {
    const SEND: bool = true;
}

impl<T: ?Sized + Sync> Probe<T> {
    const SYNC: bool = true;
}

#[test]
fn what_cannot_be_sent_stays() {
    const {
        assert!(
            Probe::<u8>::SEND
                && Probe::<u8>::SYNC
                && !Probe::<Rc<u8>>::SEND
                && !Probe::<Cell<u8>>::SYNC
        );
        assert!(!Probe::<Map<'_, Rc<u8>>>::SEND);
        assert!(!Probe::<AsCompleted<'_, Rc<u8>, u8, u8>>::SEND);
        assert!(!Probe::<AsCompleted<'_, u8, Rc<u8>, u8>>::SEND);
        assert!(!Probe::<AsCompleted<'_, u8, u8, Rc<u8>>>::SEND);
        assert!(!Probe::<Results<'_, Rc<u8>>>::SEND);
        assert!(!Probe::<ResultStream<Rc<u8>>>::SEND);
        assert!(!Probe::<Task<Rc<u8>>>::SEND);
        assert!(!Probe::<Completion<u8, u8, Rc<u8>>>::SEND);
        assert!(!Probe::<CallError<Rc<u8>>>::SEND);
        assert!(!Probe::<CallError<Cell<u8>>>::SYNC);
        assert!(!Probe::<Map<'_, Rc<u8>>>::SYNC);
        assert!(!Probe::<AsCompleted<'_, Rc<u8>, u8, u8>>::SYNC);
        assert!(!Probe::<ResultStream<Rc<u8>>>::SYNC);
        assert!(!Probe::<Task<Rc<u8>>>::SYNC);
        assert!(!Probe::<TaskGuard<Rc<u8>>>::SEND);
        assert!(!Probe::<Feed<Rc<u8>>>::SEND);
        assert!(!Probe::<feed::Inputs<Rc<u8>>>::SEND);
    }
}

#[test]
fn threads_share_a_batch_and_ask_for_its_length() {
    let mut batch = Pool::new(2).map(0..100, Cell::new);
    assert_eq!(batch.next(), Some(Cell::new(0)));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| assert_eq!(batch.size_hint(), (99, Some(99))));
        }
    });
    assert_eq!(batch.count(), 99);
}

#[test]
fn a_batch_and_a_task_go_through_catch_unwind() {
    let pool = Pool::new(1);
    let (batch, task) = (pool.map([1, 2], |n| n), pool.submit(|| 3));
    let sum = std::panic::catch_unwind(|| batch.sum::<i32>() + task.join().unwrap());
    assert_eq!(sum.unwrap(), 6);
}

#[test]
fn a_batch_is_consumed_where_it_was_sent() {
    let words = [String::from("to"), String::from("wait")];
    let pool = Pool::new(2);
    let batch = pool.map(&words, |word| word.len());
    let lengths =
        std::thread::scope(|scope| scope.spawn(|| batch.collect::<Vec<_>>()).join().unwrap());
    assert_eq!(lengths, [2, 4]);
}
