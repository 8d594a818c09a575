//! A fleet has no more workers than it may, each runs one call at a time, and they are used again.

use crate::functions::{count, nested, note, pauses, pid, rest, square, start_more};
use crate::{fleet, folder};
use pool_core::{Fleet, FleetError, Pool, RemoteError};
use std::collections::BTreeSet;
use std::fs;
use std::time::Duration;

#[test]
fn none_before_there_is_a_call() {
    let fleet = fleet(2);
    let batch = pid::on(&fleet).map([1]);
    assert_eq!(fleet.stats().workers, 0);
    drop(batch);
    assert_eq!(fleet.stats().workers, 0);
}

#[test]
fn they_serve_batch_after_batch() {
    let fleet = fleet(2);
    let mut processes = BTreeSet::new();
    for _ in 0..5 {
        processes.extend(pid::on(&fleet).map(0..20).map(Result::unwrap));
    }
    assert!(processes.len() <= 2, "{processes:?}");
    assert_eq!(fleet.stats().workers, processes.len());
    assert_eq!(square::on(&fleet).map([3]).next(), Some(Ok(9)));
}

#[test]
fn each_runs_one_call_at_a_time_on_a_wider_pool_too() {
    let fleet = fleet(2);
    let folder = folder("one_call_at_a_time");
    let (wide, inputs) = (Pool::new(8), (0..8).map(|n| (folder.join(n.to_string()), 200)));
    let begun = std::time::Instant::now();
    rest::on(&fleet).map(inputs).on(&wide).scope(|results| {
        // Two run, and the others wait for these two.
        support::until(|| fleet.stats().queued == 6);
        assert_eq!((fleet.stats().running, fleet.stats().workers), (2, 2));
        assert_eq!(results.map(Result::unwrap).filter(|whole| *whole).count(), 8);
    });
    assert!(begun.elapsed().as_millis() >= 800);
    assert_eq!(fleet.stats().workers, 2);
}

#[test]
fn a_call_that_waits_for_a_worker_heeds_a_stop_and_its_time_limit() {
    support::watched(|| {
        let fleet = fleet(1);
        let (begun, wide) = (folder("waits_for_a_worker").join("begun"), Pool::new(2));
        let long = rest::on(&fleet).map([(begun.clone(), 3_600_000)]).start();
        support::until(|| begun.exists());
        let limited = square::on(&fleet).map([1]).timeout(Duration::from_millis(100)).on(&wide);
        assert_eq!(limited.collect::<Vec<_>>(), [Err(RemoteError::Lost(FleetError::TimedOut))]);
        let mut stopped = square::on(&fleet).map([1]).on(&wide).start();
        support::until(|| fleet.stats().queued == 1);
        stopped.stop_handle().stop();
        assert_eq!(stopped.next(), Some(Err(RemoteError::Lost(FleetError::Cancelled))));
        drop(long);
        assert_eq!(square::on(&fleet).map([3]).collect::<Vec<_>>(), [Ok(9)]);
    });
}

#[test]
fn a_state_is_kept_between_calls_and_tried_again() {
    let fleet = fleet(1);
    let run = || count::on(&fleet).map([1, 1, 1]).collect::<Vec<_>>();
    assert_eq!(run(), [Err(RemoteError::Failed("not yet".into())), Ok(1), Ok(2)]);
    assert_eq!(run(), [Ok(3), Ok(4), Ok(5)]);
}

#[test]
fn a_call_may_pause_its_worker() {
    support::watched(|| {
        let fleet = fleet(1);
        let begun = std::time::Instant::now();
        assert_eq!(pauses::on(&fleet).map([200, 0]).collect::<Vec<_>>(), [Ok(true), Ok(true)]);
        assert!(begun.elapsed() >= Duration::from_millis(200));
        // A stop ends the wait of a call, which then is cancelled.
        assert_eq!(pauses::on(&fleet).map([3_600_000]).collect::<Vec<_>>(), [Ok(true)]);
        let path = folder("paused").join("begun");
        let mut batch = rest::on(&fleet).map([(path.clone(), 3_600_000)]);
        assert!(batch.next_timeout(Duration::from_millis(50)).is_err());
        assert!(!path.exists());
        batch.stop_handle().stop();
        assert_eq!(batch.next(), Some(Ok(false)));
    });
}

#[test]
fn a_worker_without_a_fleet_drops_its_states() {
    let fleet = fleet(1);
    let path = folder("states_are_dropped").join("note");
    assert_eq!(note::on(&fleet).map([&path]).collect::<Vec<_>>(), [Ok(())]);
    assert!(!path.exists());
    drop(fleet);
    support::until(|| fs::read(&path).is_ok_and(|text| text == b"dropped"));
}

#[test]
fn a_call_may_run_batches_and_fleets_of_its_own() {
    let fleet = fleet(2);
    let begun = folder("batches_of_calls").join("begun");
    assert_eq!(nested::on(&fleet).map([(&begun, 50)]).collect::<Vec<_>>(), [Ok(50)]);
    assert_eq!(start_more::on(&fleet).map([3, 4]).collect::<Vec<_>>(), [Ok(9), Ok(16)]);
}

#[test]
fn a_fleet_may_be_allowed_more_than_there_can_be() {
    let fleet = fleet(usize::MAX);
    assert_eq!(square::on(&fleet).map([3]).next(), Some(Ok(9)));
    assert_eq!(fleet.stats().workers, 1);
}

#[test]
fn a_fleet_of_none_is_refused() {
    assert!(
        support::caught(|| Fleet::processes(0))
            .is_err_and(|message| message.starts_with("a fleet of 0 processes"))
    );
}
