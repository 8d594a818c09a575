//! A result that arrives while its consumer is about to register is not missed: without a further wake the consumer
//! would hang.

use futures_core::Stream;
use futures_lite::StreamExt;
use pool_core::Pool;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, mpsc};
use std::task::{Context, Poll, Waker};
use std::thread;
use support::LIMIT;
use support::executor::{Bell, block_on};

/// The call ends in the moment in which the stream is polled, a little earlier or a little later.
#[test]
fn one_that_comes_with_the_poll() {
    let pool = Pool::new(1);
    for round in 0..20_000 {
        let moment = Arc::new(Barrier::new(2));
        let started = Arc::clone(&moment);
        let call = move |n: usize| {
            started.wait();
            spin(n % 64);
            n
        };
        let mut stream = pool.map([round], call).start().into_stream();
        moment.wait();
        spin(round / 64 % 64);
        assert_eq!(block_on(stream.next()), Some(round));
    }
}

/// The same, while the waker is replaced all the time: only the last one counts.
#[test]
fn one_that_comes_while_the_waker_is_replaced() {
    let pool = Pool::new(2);
    for _ in 0..200 {
        let mut stream = pool.map(0..100, |n| (spin(n % 16), n).1).into_stream();
        for expected in 0..100 {
            let found = loop {
                let mut found = None;
                let mut bell = Bell::new();
                for _ in 0..3 {
                    bell = Bell::new();
                    let waker = Waker::from(Arc::clone(&bell));
                    if let Poll::Ready(ready) =
                        Pin::new(&mut stream).poll_next(&mut Context::from_waker(&waker))
                    {
                        found = ready;
                        break;
                    }
                }
                match found {
                    Some(found) => break found,
                    None => bell.wait(),
                }
            };
            assert_eq!(found, expected);
        }
    }
}

/// Many streams on one pool, each consumed by a thread of its own, which hangs if it is not woken.
#[test]
fn those_of_many_streams_at_once() {
    static POOL: Pool = Pool::new(3);
    static YIELDED: AtomicUsize = AtomicUsize::new(0);
    let consumers: Vec<_> = (0..4)
        .map(|consumer| {
            thread::spawn(move || {
                for round in 0..100 {
                    let inputs = 0..(consumer + round) % 50;
                    let ordered: Vec<usize> =
                        block_on(POOL.map(inputs.clone(), |n| n).buffer(2).into_stream().collect());
                    assert_eq!(ordered, inputs.clone().collect::<Vec<_>>());
                    let as_completed = POOL
                        .as_completed(inputs.clone(), |n| Ok::<_, ()>(*n))
                        .max_workers(2)
                        .into_stream();
                    assert_eq!(block_on(as_completed.count()), inputs.len());
                    YIELDED.fetch_add(2 * inputs.len(), Ordering::Relaxed);
                }
            })
        })
        .collect();
    consumers.into_iter().for_each(|consumer| consumer.join().unwrap());
    assert!(POOL.wait_idle(LIMIT));
    assert_eq!(POOL.stats().completed, YIELDED.load(Ordering::Relaxed));
}

/// A consumer that takes one result before it sends the next input: neither side may miss the other.
#[test]
fn one_for_which_the_next_input_waits() {
    let (input, inputs) = mpsc::channel();
    let mut stream = Pool::new(2).map(inputs, |n: usize| n + 1).into_stream();
    block_on(async {
        let mut n = 0;
        while n < 5_000 {
            input.send(n).unwrap();
            n = stream.next().await.unwrap();
        }
        drop(input);
        assert_eq!(stream.next().await, None);
    });
}

/// The end of the inputs, which is found after the last result was taken.
#[test]
fn the_end() {
    let pool = Pool::new(1);
    for round in 0..5_000 {
        let inputs =
            std::iter::once(round).chain(std::iter::from_fn(move || (spin(round % 64), None).1));
        let all: Vec<usize> = block_on(pool.map(inputs, |n| n).into_stream().collect());
        assert_eq!(all, [round]);
    }
}

fn spin(turns: usize) {
    (0..turns * 8).for_each(|_| std::hint::spin_loop());
}
