//! A fleet, a function on it, and what a worker serves go to any thread. A fork of the caller has workers of its own.

use crate::fleet;
use crate::functions::{pid, square};
use pool_core::fleet::{On, Stats, Worker};
use pool_core::{Fleet, FleetError, RemoteError, Service};
use std::error::Error;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::thread;
use support::{assert_success, in_child};

/// Never called.
#[allow(dead_code, reason = "that it compiles is the test")]
fn always() {
    fn handle<T: Send + Sync + Unpin + UnwindSafe + RefUnwindSafe + 'static>() {}
    handle::<Fleet>();
    handle::<On<square>>();
    handle::<Service>();
    handle::<Worker>();
    handle::<Stats>();
    fn error<T: Error + Clone + PartialEq + Send + Sync + Unpin + 'static>() {}
    error::<FleetError>();
    error::<RemoteError<String>>();
}

#[test]
fn threads_share_a_fleet() {
    let fleet = fleet(2);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let squares = square::on(&fleet).map(0..50).try_collect::<Vec<_>>();
                assert_eq!(squares, Ok(Vec::from_iter((0..50).map(|n| n * n))));
            });
        }
    });
    assert!(fleet.stats().workers <= 2);
}

#[test]
fn a_fork_has_workers_of_its_own() {
    assert_success(in_child(|| {
        let fleet = fleet(1);
        let process = || pid::on(&fleet).map([0]).collect::<Vec<_>>().remove(0).unwrap();
        let ours = process();
        // SAFETY: The child uses what the library gives it, as the test has it, and ends without the harness.
        match unsafe { libc::fork() } {
            0 => {
                let theirs = process();
                // SAFETY: It takes a number.
                unsafe { libc::_exit(i32::from(theirs == ours)) };
            }
            child => {
                let mut status = 0;
                // SAFETY: The status is alive.
                assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
                assert_eq!(status, 0);
            }
        }
        assert_eq!(process(), ours);
    }));
}
