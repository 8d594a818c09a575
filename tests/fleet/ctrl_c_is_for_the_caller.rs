//! Ctrl-C in a terminal goes to all processes of a group. The workers are in none of the caller's, so that the caller
//! chooses what becomes of their calls.

use crate::functions::rest;
use crate::{fleet, folder};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use support::{assert_success, in_child_of, until};

#[test]
fn the_calls_that_run_are_yielded() {
    static STOPPED: AtomicBool = AtomicBool::new(false);
    extern "C" fn stop(_: libc::c_int) {
        STOPPED.store(true, Ordering::Relaxed);
    }
    let mut group = Command::new(std::env::current_exe().unwrap());
    std::os::unix::process::CommandExt::process_group(&mut group, 0);
    assert_success(in_child_of(group, || {
        // SAFETY: The handler does what a handler may.
        unsafe {
            libc::signal(libc::SIGINT, stop as extern "C" fn(libc::c_int) as libc::sighandler_t)
        };
        let fleet = fleet(1);
        let begun = folder("ctrl_c").join("begun");
        let mut batch =
            rest::on(&fleet).map([(begun.clone(), 300), (begun.clone(), 300)]).buffer(1).start();
        until(|| begun.exists());
        // SAFETY: It takes two numbers; 0 is the group of this process.
        unsafe { libc::kill(0, libc::SIGINT) };
        until(|| STOPPED.load(Ordering::Relaxed));
        assert_eq!(batch.next(), Some(Ok(true)));
        assert_eq!(fleet.stats().dead, 0);
    }));
}
