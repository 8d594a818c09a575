//! A stream goes on without a call that takes too long, although its consumer cannot wait with a time.

use futures_lite::StreamExt;
use pool_core::{CallError, Pool};
use std::time::Duration;
use support::executor::block_on;
use support::{Gate, threads, until, watched};

const LIMIT: Duration = Duration::from_millis(20);

#[test]
fn each_input_has_one_outcome() {
    watched(|| {
        let (pool, gate) = (Pool::builder().max_workers(8).name("flow").build(), Gate::default());
        let waits = gate.clone();
        let call = move |n: &usize| {
            if n % 40 == 0 {
                waits.wait();
            }
            Ok::<_, ()>(*n)
        };
        let mut stream = pool.as_completed(0..200, call).abandon_after(LIMIT).into_stream();
        let (mut ok, mut timed_out) = (0, Vec::new());
        block_on(async {
            while let Some(done) = stream.next().await {
                match done.result {
                    Ok(n) => ok += usize::from(n == done.input),
                    Err(CallError::TimedOut) => timed_out.push(done.input),
                    Err(error) => panic!("{error:?}"),
                }
            }
        });
        timed_out.sort_unstable();
        assert_eq!((ok, &timed_out[..]), (195, &[0, 40, 80, 120, 160][..]));
        assert_eq!(pool.stats().abandoned, 5);
        // The clock has ended.
        until(|| threads("flow-clock") == 0);
        gate.open();
        assert!(pool.wait_idle(Duration::MAX));
    });
}

#[test]
fn one_that_is_dropped_leaves_no_clock() {
    watched(|| {
        let (pool, gate) = (Pool::builder().max_workers(2).name("left").build(), Gate::default());
        let waits = gate.clone();
        let batch = pool.as_completed(0..9, move |_| {
            waits.wait();
            Ok::<_, ()>(())
        });
        let mut stream = batch.abandon_after(LIMIT).into_stream();
        assert!(matches!(block_on(stream.next()).unwrap().result, Err(CallError::TimedOut)));
        drop(stream);
        until(|| threads("left-clock") == 0);
        gate.open();
    });
}
