//! Functions whose calls run in other processes, which are ended in all ways there are.

#![cfg(unix)]

mod a_crash_costs_that_call_only;
mod a_strange_caller_has_workers_too;
mod a_time_limit_ends_the_worker;
mod ctrl_c_is_for_the_caller;
mod functions;
mod handles_go_to_any_thread;
mod kills_at_random_lose_only_what_ran;
mod nothing_outlives_the_caller;
mod panics_are_told;
mod printing_is_no_part_of_the_protocol;
mod results_are_those_of_any_batch;
mod stopping_reaches_the_workers;
mod what_cannot_be_done_is_told;
mod workers_are_few_and_kept;

use pool_core::{Fleet, FleetError};
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{env, fs, process, thread};

/// A fleet of this program, which is one of tests: a worker runs the test that serves.
fn fleet(workers: usize) -> Fleet {
    try_fleet(workers).unwrap()
}

fn try_fleet(workers: usize) -> Result<Fleet, FleetError> {
    Ok(Fleet::processes(workers)?.args(arguments("worker")))
}

/// Lets the test harness run the named test.
fn arguments(test: &str) -> [&str; 4] {
    [test, "--exact", "--nocapture", "--test-threads=1"]
}

/// An empty folder for a test.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// In a worker it serves. In a run of all tests it does nothing.
#[test]
fn worker() {
    Fleet::from_env().unwrap().serve(functions::services()).run().unwrap();
}

/// Serves only after a while.
#[test]
fn slow_worker() {
    if is_worker() {
        thread::sleep(Duration::from_millis(300));
        worker();
    }
}

/// Has room for some MiB, and no more.
#[test]
fn small_worker() {
    if is_worker() {
        limit_memory(48 << 20);
        worker();
    }
}

/// Has no room for the stack of a thread.
#[test]
fn tiny_worker() {
    if is_worker() {
        limit_memory(1 << 20);
        let served = Fleet::from_env().unwrap().serve(functions::services()).run();
        // Without a word of the harness.
        process::exit(if matches!(served, Err(FleetError::NotStarted(_))) { 3 } else { 4 });
    }
}

/// Leaves this process room for so many bytes beside what it has.
fn limit_memory(bytes: u64) {
    let pages = fs::read_to_string("/proc/self/statm").unwrap();
    let pages: u64 = pages.split(' ').next().unwrap().parse().unwrap();
    let limit = pages * 4096 + bytes;
    let limit = libc::rlimit { rlim_cur: limit, rlim_max: limit };
    // SAFETY: The limit is alive.
    assert_eq!(unsafe { libc::setrlimit(libc::RLIMIT_AS, &raw const limit) }, 0);
}

fn is_worker() -> bool {
    env::var_os("POOL_CORE_FLEET").is_some()
}
