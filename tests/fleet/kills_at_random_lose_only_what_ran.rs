//! Workers that are killed from outside, at any moment: each input has one outcome, which is its value or a crash, and
//! there are no more crashes than kills.

use crate::a_crash_costs_that_call_only::is_killed;
use crate::functions::{length, square};
use crate::{fleet, folder};
use pool_core::{CallError, FleetError, RemoteError};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use std::{env, fs, process, thread};
use support::watched;

/// The children of this process that are workers of the fleet whose first argument is `mark`.
fn workers(mark: &str) -> Vec<u32> {
    let processes = fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    let is_worker = |process: &u32| {
        let arguments = fs::read_to_string(format!("/proc/{process}/cmdline")).unwrap_or_default();
        let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
        arguments.contains(mark) && status.contains(&format!("PPid:\t{}\n", process::id()))
    };
    processes.filter(is_worker).collect()
}

/// Kills a worker of the fleet every few milliseconds until told to stop, and counts.
fn killer(mark: &str, seed: u64, stop: &AtomicBool, kills: &AtomicUsize) {
    let mut dice = seed;
    while !stop.load(Ordering::Relaxed) {
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let workers = workers(mark);
        // One that is gone meanwhile was another kill's.
        if !workers.is_empty()
            && is_killed(workers[(dice >> 33) as usize % workers.len()], libc::SIGKILL)
        {
            kills.fetch_add(1, Ordering::Relaxed);
        }
        thread::sleep(Duration::from_millis((dice >> 40) % 20));
    }
}

/// `FOR_SECONDS=1800 SEED=7 PATIENCE=2000` runs it for half an hour with other kills.
#[test]
fn while_calls_run() {
    let number = |name| env::var(name).ok().and_then(|text| text.parse().ok());
    let (time, seed) = (number("FOR_SECONDS").unwrap_or(3), number("SEED").unwrap_or(1));
    let time = Duration::from_secs(time);
    watched(move || {
        let mark = folder("random_kills");
        let mark = mark.to_str().unwrap();
        let arguments = ["worker", "--exact", "--nocapture", "--test-threads=1", "--skip", mark];
        let fleet = pool_core::Fleet::processes(3).unwrap().args(arguments);
        let (stop, kills) = (AtomicBool::new(false), AtomicUsize::new(0));
        let (mut seen, mut crashes) = (BTreeSet::new(), 0);
        thread::scope(|scope| {
            scope.spawn(|| killer(mark, seed, &stop, &kills));
            let begun = Instant::now();
            let inputs = (0_u64..).take_while(|_| begun.elapsed() < time);
            square::on(&fleet).as_completed(inputs).for_each(|done| {
                assert!(seen.insert(done.input), "{} twice", done.input);
                match done.result {
                    Ok(square) => assert_eq!(square, done.input * done.input),
                    Err(CallError::Failed(RemoteError::Lost(FleetError::Crashed(how)))) => {
                        assert_eq!(how, "signal: 9 (SIGKILL)");
                        crashes += 1;
                    }
                    // It was killed before it served.
                    Err(CallError::Failed(RemoteError::Lost(FleetError::NotStarted(_)))) => {
                        crashes += 1
                    }
                    Err(other) => panic!("{other}"),
                }
            });
            stop.store(true, Ordering::Relaxed);
        });
        let kills = kills.into_inner();
        println!("{} inputs, {kills} kills, {crashes} of them lost a call", seen.len());
        assert!(seen.iter().copied().eq(0..seen.len() as u64));
        assert!(kills > 10 && crashes <= kills);
    });
}

/// The files that this process has open.
fn files() -> usize {
    fs::read_dir("/proc/self/fd").unwrap().count()
}

#[test]
fn and_leave_neither_files_nor_dead_processes() {
    support::assert_success(support::in_child(|| {
        let fleet = fleet(2);
        let crash = || {
            let inputs = (0..8).map(|n| (if n % 2 == 0 { "kill" } else { "" }, n));
            crate::functions::crash::on(&fleet).map(inputs).for_each(drop);
        };
        crash();
        // Each worker that lives has a line.
        let others = || files() - fleet.stats().workers;
        let before = others();
        for _ in 0..10 {
            crash();
        }
        assert_eq!(others(), before);
        let text = "x".repeat(50_000_000);
        assert_eq!(length::on(&fleet).map([&text]).collect::<Vec<_>>(), [Ok(text.len())]);
        // Those that are gone have been waited for: these are the workers that live.
        assert_eq!(workers("worker").len(), fleet.stats().workers);
        drop(fleet);
        support::until(|| workers("worker").is_empty() && workers("").is_empty());
    }));
}
