//! What ends a worker's process costs the call that ran there, and nothing else: each other input has its result.

use crate::fleet;
use crate::functions::{crash, length, pid};
use pool_core::{CallError, Fleet, FleetError, RemoteError};
use std::collections::BTreeSet;
use std::time::Duration;

/// Runs 60 calls, three of which end so, and tells how the system worded it.
fn how_it_ends(how: &'static str) -> String {
    let fleet = fleet(2);
    let mut ends = BTreeSet::new();
    let inputs = (0..60).map(move |n| (if n % 20 == 7 { how } else { "" }, n));
    let mut seen = 0;
    for done in crash::on(&fleet).as_completed(inputs) {
        let (_, n) = done.input;
        seen += 1;
        match done.result {
            Err(CallError::Failed(RemoteError::Lost(FleetError::Crashed(end)))) if n % 20 == 7 => {
                ends.insert(end)
            }
            result => {
                assert_eq!(result.unwrap(), n);
                continue;
            }
        };
    }
    assert_eq!(seen, 60);
    assert_eq!(fleet.stats().dead, 3);
    assert_eq!(ends.len(), 1, "{ends:?}");
    ends.pop_first().unwrap()
}

#[test]
fn an_abort() {
    assert!(how_it_ends("abort").starts_with("signal: 6 (SIGABRT)"));
}

#[test]
fn a_segmentation_fault() {
    assert!(how_it_ends("fault").starts_with("signal: 11 (SIGSEGV)"));
}

#[test]
fn a_kill() {
    assert_eq!(how_it_ends("kill"), "signal: 9 (SIGKILL)");
}

#[test]
fn an_exit() {
    assert_eq!(how_it_ends("exit"), "exit status: 3");
}

#[test]
fn a_stack_overflow() {
    assert!(how_it_ends("overflow").starts_with("signal: 6 (SIGABRT)"));
}

#[test]
fn an_abort_of_a_worker_whose_fork_lives_on() {
    support::watched(|| assert!(how_it_ends("leaves a fork").starts_with("signal: 6 (SIGABRT)")));
}

#[test]
fn an_input_that_no_worker_has_room_for() {
    support::watched(|| {
        let fleet = Fleet::processes(1).unwrap().args(crate::arguments("small_worker"));
        let long = "x".repeat(100 << 20);
        let lengths = length::on(&fleet).map(["short", &long, "short", &long]).collect::<Vec<_>>();
        for lengths in lengths.chunks(2) {
            assert_eq!(lengths[0], Ok(5));
            match &lengths[1] {
                Err(RemoteError::Lost(FleetError::Crashed(how))) => {
                    assert!(how.starts_with("signal: 6 (SIGABRT)"), "{how}");
                }
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(fleet.stats().dead, 2);
    });
}

#[test]
fn an_error_is_no_crash() {
    let fleet = fleet(1);
    let results = crash::on(&fleet).map([("error", 1), ("", 2)]).collect::<Vec<_>>();
    assert_eq!(results, [Err(RemoteError::Failed("refused".into())), Ok(2)]);
    assert_eq!(fleet.stats().dead, 0);
}

#[test]
fn a_worker_that_is_killed_while_it_has_nothing_to_do_costs_no_call() {
    let fleet = fleet(1);
    let run = || pid::on(&fleet).map([1]).next().unwrap().unwrap();
    let first = run();
    for _ in 0..5 {
        let process = run();
        kill(process, libc::SIGKILL);
        // Gone, or an entry in the system's list that its parent has not read.
        support::until(|| has_ended(process));
        assert_ne!(run(), process);
    }
    assert_ne!(run(), first);
    assert_eq!(fleet.stats().dead, 0);
}

#[test]
fn a_worker_that_is_killed_before_it_reads_its_order_costs_no_call() {
    let fleet = fleet(1);
    let process = pid::on(&fleet).map([1]).next().unwrap().unwrap();
    stop(process);
    let mut batch = pid::on(&fleet).map([1]).start();
    support::until(|| fleet.stats().running == 1);
    // Written by now, most of the time.
    assert!(batch.next_timeout(Duration::from_millis(50)).is_err());
    kill(process, libc::SIGKILL);
    assert!(batch.next().unwrap().is_ok_and(|other| other != process));
    assert_eq!(fleet.stats().dead, 0);
}

pub(crate) fn kill(process: u32, signal: i32) {
    assert!(is_killed(process, signal));
}

/// Sends a signal, and says whether there still was such a process.
pub(crate) fn is_killed(process: u32, signal: i32) -> bool {
    // SAFETY: It takes two numbers.
    unsafe { libc::kill(process as i32, signal) == 0 }
}

/// Stops a process, which is only on its way when the signal is sent.
pub(crate) fn stop(process: u32) {
    kill(process, libc::SIGSTOP);
    support::until(|| state(process) == Some('T'));
}

/// Whether a process has ended, though its parent may not know yet.
pub(crate) fn has_ended(process: u32) -> bool {
    matches!(state(process), None | Some('Z'))
}

fn state(process: u32) -> Option<char> {
    let status = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    status.rsplit(") ").next()?.chars().next()
}
