//! Functions whose calls run in other processes, which are ended in all ways there are.

#![cfg(unix)]

mod a_crash_costs_that_call_only;
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

use pool_core::Fleet;
use std::fs;
use std::path::{Path, PathBuf};

/// A fleet of this program, which is one of tests: a worker runs the test that serves.
fn fleet(workers: usize) -> Fleet {
    Fleet::processes(workers).unwrap().args([
        "worker",
        "--exact",
        "--nocapture",
        "--test-threads=1",
    ])
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
