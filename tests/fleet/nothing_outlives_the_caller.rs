//! Whatever ends the caller ends its workers, whatever they do at that moment.

use crate::a_crash_costs_that_call_only::{has_ended, kill};
use crate::fleet;
use crate::functions::{crash, hang, pid, starts};
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::{env, thread};
use support::watched;

/// Tells a child that it is the caller.
const CALLER: &str = "FLEET_CALLER";

/// A process that runs `test` as a caller of three workers that hang and one that waits for a call, and what these five
/// print. All five have that pipe, and so has a program that one has started: its end is that of the last of them.
fn caller(test: &str) -> (Child, BufReader<ChildStdout>) {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args([
        &format!("nothing_outlives_the_caller::{test}"),
        "--exact",
        "--nocapture",
        "--test-threads=1",
    ]);
    command.env(CALLER, "").stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    let mut running = 0;
    while running < 3 {
        line.clear();
        assert_ne!(output.read_line(&mut line).unwrap(), 0, "the caller ends too early");
        running += usize::from(line.ends_with("runs\n"));
    }
    (child, output)
}

/// What the caller does: three calls hang, one worker is idle.
fn call(end: impl FnOnce()) {
    let fleet = fleet(4);
    let pids = pid::on(&fleet).map(0..64).try_collect::<Vec<_>>();
    let batch = hang::on(&fleet).as_completed(["sleeps", "spins", "waits for a program"]).start();
    end();
    drop((pids, batch));
}

/// Ends a caller, and waits until all of them have ended.
fn ended_by(test: &'static str, end: impl FnOnce(&mut Child) + Send + 'static) {
    watched(move || {
        let (mut child, mut output) = caller(test);
        end(&mut child);
        child.wait().unwrap();
        output.read_to_end(&mut Vec::new()).unwrap();
    });
}

fn is_caller() -> bool {
    env::var_os(CALLER).is_some()
}

#[test]
fn a_kill() {
    if is_caller() {
        return call(|| thread::sleep(support::LIMIT));
    }
    ended_by("a_kill", |child| kill(child.id(), libc::SIGKILL));
}

#[test]
fn a_signal() {
    if is_caller() {
        return call(|| thread::sleep(support::LIMIT));
    }
    ended_by("a_signal", |child| kill(child.id(), libc::SIGTERM));
}

#[test]
fn its_own_end() {
    if is_caller() {
        return call(|| {
            std::io::stdin().read_line(&mut String::new()).unwrap();
        });
    }
    // The end of its input lets it return from `main`.
    ended_by("its_own_end", |child| drop(child.stdin.take()));
}

#[test]
fn what_a_call_has_started_ends_with_a_worker_that_is_ended() {
    watched(|| {
        let fleet = fleet(1);
        let started = || starts::on(&fleet).map([0]).next().unwrap().unwrap();
        let (program, another) = (started(), started());
        // The line is not theirs: the worker is as good as before.
        assert!(pid::on(&fleet).map([0]).next().unwrap().is_ok());
        assert!(!has_ended(program) && !has_ended(another));
        assert!(crash::on(&fleet).map([("abort", 0)]).next().unwrap().is_err());
        support::until(|| has_ended(program) && has_ended(another));
    });
}

#[test]
fn and_is_left_by_a_worker_that_ends_by_itself() {
    watched(|| {
        let fleet = fleet(1);
        let program = starts::on(&fleet).map([0]).next().unwrap().unwrap();
        let worker = pid::on(&fleet).map([0]).next().unwrap().unwrap();
        drop(fleet);
        support::until(|| has_ended(worker));
        assert!(!has_ended(program));
        kill(program, libc::SIGKILL);
    });
}
