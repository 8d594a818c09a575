//! No polling while nothing is there: a stream's task is woken at most once for each result, and once for the end.

use futures_lite::StreamExt;
use pool_core::Pool;
use std::sync::Arc;
use std::sync::Barrier;
use support::executor::{self, Counts, counted};

const INPUTS: usize = 300;

#[test]
fn each_poll_follows_a_wake_and_each_wake_a_result() {
    // No more than `INPUTS` results and one end can be waited for.
    let (sum, Counts { polls, wakes }) =
        counted(Pool::new(4).map(0..INPUTS, |n| n).into_stream().fold(0, |sum, n| sum + n));
    assert_eq!(sum, INPUTS * (INPUTS - 1) / 2);
    assert!(polls <= wakes + 1, "{polls} polls for {wakes} wakes");
    assert!(wakes <= INPUTS + 1, "{wakes} wakes for {INPUTS} results and the end");
}

#[test]
fn results_behind_a_slow_head_wake_nobody() {
    // The first call ends after all others have been handed to the batch.
    let all = Arc::new(Barrier::new(2));
    let (head, tail) = (Arc::clone(&all), all);
    let call = move |n| {
        match n {
            0 => _ = head.wait(),
            9 => _ = tail.wait(),
            _ => {}
        }
        n
    };
    // With two workers, the last call can only run when those between are done.
    let (all, Counts { wakes, .. }) =
        counted(Pool::new(2).map(0..10, call).into_stream().collect::<Vec<_>>());
    assert_eq!(all, (0..10).collect::<Vec<_>>());
    assert!(
        wakes <= 3,
        "{wakes} wakes for the head, for the last one that may end after it, and for the end"
    );
}

#[test]
fn a_slow_call_is_waited_for_with_one_poll() {
    let gate = executor::Gate::new();
    let inside = Arc::clone(&gate);
    let mut stream = Pool::new(1).map([1], move |n| (inside.pass(), n).1).into_stream();
    let (result, counts) = counted(async {
        let mut next = std::pin::pin!(stream.next());
        assert!(futures_lite::future::poll_once(next.as_mut()).await.is_none());
        gate.open();
        next.await
    });
    assert_eq!(result, Some(1));
    assert!(counts.polls <= 2 && counts.wakes <= 1, "{counts:?}");
}
