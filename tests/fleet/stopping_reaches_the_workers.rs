//! Stopping or dropping a batch reaches the calls that run in workers, and these are waited for as any running call is.

use crate::functions::{nested, pid, rest};
use crate::{fleet, folder};
use std::time::Instant;
use support::{until, watched};

/// More than a test may take, in milliseconds.
const HOUR: u64 = 3_600_000;

#[test]
fn a_stop_yields_what_runs() {
    watched(|| {
        let fleet = fleet(2);
        let folder = folder("stop_yields");
        let (first, second) = (folder.join("0"), folder.join("1"));
        let inputs = (0..).map(move |n: u32| (folder.join(n.to_string()), HOUR));
        let mut batch = rest::on(&fleet).map(inputs).start();
        until(|| first.exists() && second.exists());
        batch.stop_handle().stop();
        assert_eq!(
            [batch.next(), batch.next(), batch.next()],
            [Some(Ok(false)), Some(Ok(false)), None]
        );
        // The workers are as good as before.
        assert_eq!(pid::on(&fleet).map(0..20).map(Result::unwrap).count(), 20);
        assert_eq!((fleet.stats().workers, fleet.stats().dead), (2, 0));
    });
}

#[test]
fn a_drop_ends_what_runs() {
    watched(|| {
        let fleet = fleet(1);
        let folder = folder("drop_ends");
        let batch =
            rest::on(&fleet).map([(folder.join("0"), HOUR), (folder.join("1"), HOUR)]).start();
        until(|| folder.join("0").exists());
        let begun = Instant::now();
        drop(batch);
        assert!(begun.elapsed().as_secs() < 10, "it does not block");
        // The call that was dropped is over, or this one would not run.
        assert!(pid::on(&fleet).map([1]).next().unwrap().is_ok());
        assert!(!folder.join("1").exists());
        assert_eq!(fleet.stats().dead, 0);
    });
}

#[test]
fn batches_of_the_call_are_reached_too() {
    watched(|| {
        let fleet = fleet(1);
        let begun = folder("stop_reaches_nested").join("begun");
        let mut batch = nested::on(&fleet).map([(begun.clone(), 2)]).start();
        until(|| begun.exists());
        batch.stop_handle().stop();
        assert_eq!([batch.next(), batch.next()], [Some(Ok(0)), None]);
    });
}

#[test]
fn a_fleet_may_go_while_its_calls_run() {
    watched(|| {
        let fleet = fleet(1);
        let folder = folder("fleet_goes");
        let batch = rest::on(&fleet).map([(folder.join("0"), 50), (folder.join("1"), 50)]).start();
        until(|| folder.join("0").exists());
        drop(fleet);
        assert_eq!(batch.collect::<Vec<_>>(), [Ok(true), Ok(true)]);
    });
}

#[test]
fn whenever_it_comes() {
    watched(|| {
        let fleet = fleet(3);
        let begun = folder("whenever").join("begun");
        // About as long as the worker waits before it looks for a cancel beside the call.
        let inputs = |calls| {
            let begun = begun.clone();
            (0..calls).map(move |n| (begun.clone(), 7 + n % 6))
        };
        assert!(rest::on(&fleet).map(inputs(200)).all(|whole| whole == Ok(true)));
        for stop_after in 0..60 {
            let mut batch = rest::on(&fleet).map(inputs(u64::MAX)).start();
            let taken = batch.by_ref().take(stop_after % 7).count();
            std::thread::sleep(std::time::Duration::from_micros(700 * stop_after as u64));
            batch.stop_handle().stop();
            // Those that were over in time, and those that were cancelled: nothing else, and no call of the next batch.
            assert!(batch.all(|whole| whole.is_ok()));
            assert_eq!(taken, stop_after % 7);
            assert!(pid::on(&fleet).map(0..6).all(|process| process.is_ok()));
            let (begun, whole) = (begun.clone(), rest::on(&fleet));
            assert_eq!(whole.map([(begun, 12)]).next(), Some(Ok(true)));
        }
        assert_eq!((fleet.stats().workers, fleet.stats().dead), (3, 0));
    });
}
