//! A call that goes on after its time limit is ended with its process. A call that heeds the limit is a call like any.

use crate::a_crash_costs_that_call_only::stop;
use crate::functions::{hang, left, length, pid, rest, stops};
use crate::{fleet, folder};
use pool_core::{Fleet, FleetError, RemoteError};
use std::time::{Duration, Instant};
use support::{assert_success, in_child, watched};

const TIMED_OUT: FleetError = FleetError::TimedOut;

#[test]
fn whatever_it_does() {
    watched(|| {
        let fleet = fleet(3);
        let begun = Instant::now();
        let calls = ["sleeps", "spins", "waits for a program"];
        let ends =
            hang::on(&fleet).map(calls).timeout(Duration::from_millis(300)).collect::<Vec<_>>();
        assert_eq!(ends, vec![Err(RemoteError::Lost(TIMED_OUT)); 3]);
        assert!(begun.elapsed() >= Duration::from_millis(300));
        // All are replaced.
        assert!(pid::on(&fleet).map(0..30).all(|process| process.is_ok()));
        assert_eq!(fleet.stats().dead, 3);
    });
}

#[test]
fn with_the_programs_that_it_has_started() {
    // The child's output ends with the last process that could write to it.
    assert_success(in_child(|| {
        let fleet = fleet(1);
        let ends =
            hang::on(&fleet).map(["waits for a program"]).timeout(Duration::from_millis(300));
        assert_eq!(ends.collect::<Vec<_>>(), [Err(RemoteError::Lost(TIMED_OUT))]);
    }));
}

#[test]
fn it_stands_in_the_attribute_too() {
    watched(|| {
        let fleet = fleet(2);
        let numbers = stops::on(&fleet).map(0..4).collect::<Vec<_>>();
        assert_eq!(numbers, [Ok(0), Err(RemoteError::Lost(TIMED_OUT)), Ok(2), Ok(3)]);
        // The limit of the batch counts.
        let begun = Instant::now();
        let numbers =
            stops::on(&fleet).map([1]).timeout(Duration::from_millis(600)).collect::<Vec<_>>();
        assert_eq!(numbers, [Err(RemoteError::Lost(TIMED_OUT))]);
        assert!(begun.elapsed() >= Duration::from_millis(600));
    });
}

#[test]
fn a_call_that_heeds_it_costs_no_worker() {
    watched(|| {
        let fleet = fleet(1);
        let process = || pid::on(&fleet).map([0]).next().unwrap().unwrap();
        let (before, begun) = (process(), folder("heeds_the_limit").join("begun"));
        let rested =
            rest::on(&fleet).map([(&begun, 3_600_000)]).timeout(Duration::from_millis(200));
        assert_eq!(rested.collect::<Vec<_>>(), [Ok(false)]);
        assert_eq!((process(), fleet.stats().dead), (before, 0));
    });
}

#[test]
fn a_call_knows_what_it_has_left() {
    let fleet = fleet(1);
    let left = || left::on(&fleet).map([1]);
    assert_eq!(left().next(), Some(Ok(None)));
    let limited = left().timeout(Duration::from_secs(3600)).next().unwrap().unwrap().unwrap();
    assert!((3_000_000..=3_600_000).contains(&limited), "{limited} ms");
}

#[test]
fn a_worker_that_does_not_even_read_is_ended() {
    watched(|| {
        let fleet = fleet(1);
        let process = || pid::on(&fleet).map([0]).next().unwrap().unwrap();
        let stopped = process();
        stop(stopped);
        // More than the line holds.
        let text = "x".repeat(10_000_000);
        let lengths = length::on(&fleet).map([&text]).timeout(Duration::from_millis(200));
        assert_eq!(lengths.collect::<Vec<_>>(), [Err(RemoteError::Lost(TIMED_OUT))]);
        assert_eq!(length::on(&fleet).map([&text]).collect::<Vec<_>>(), [Ok(text.len())]);
        assert_ne!(process(), stopped);
    });
}

#[test]
fn a_worker_that_starts_more_slowly_serves_the_calls_after_that() {
    watched(|| {
        let fleet = Fleet::processes(1).unwrap().args(crate::arguments("slow_worker"));
        let limited = || pid::on(&fleet).map([0]).timeout(Duration::from_millis(50)).next();
        let mut late = 0;
        while let Some(result) = limited() {
            match result {
                Err(RemoteError::Lost(TIMED_OUT)) => late += 1,
                process => {
                    process.unwrap();
                    break;
                }
            }
        }
        // As many as fit into its start.
        assert!((1..30).contains(&late), "{late}");
        assert_eq!(fleet.stats().dead, 0);
    });
}
