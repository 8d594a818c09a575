//! What is unusual about the caller's process changes nothing for its workers: closed input, ignored signals, signals
//! that interrupt, no descriptors, a program that is gone.

use crate::functions::{crash, pid, rest, square};
use crate::{fleet, folder};
use pool_core::{FleetError, RemoteError};
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;
use std::{env, fs, thread};
use support::{assert_success, in_child, in_child_of, until};

#[test]
fn without_a_standard_input() {
    assert_success(in_child(|| {
        // SAFETY: Nothing else of this process uses it.
        assert_eq!(unsafe { libc::close(0) }, 0);
        let squares = square::on(&fleet(2)).map(0..20).try_collect::<Vec<_>>();
        assert_eq!(squares, Ok(Vec::from_iter((0..20).map(|n| n * n))));
    }));
}

#[test]
fn that_ignores_the_ends_of_its_children() {
    assert_success(in_child(|| {
        // SAFETY: To ignore a signal needs no handler.
        unsafe { libc::signal(libc::SIGCHLD, libc::SIG_IGN) };
        let fleet = fleet(1);
        let ends = crash::on(&fleet).map([("", 1), ("abort", 2), ("", 3)]).collect::<Vec<_>>();
        let Err(RemoteError::Lost(FleetError::Crashed(how))) = &ends[1] else {
            panic!("{:?}", ends[1])
        };
        assert!(how.starts_with("how is unknown, since the caller ignores SIGCHLD"), "{how}");
        assert_eq!([&ends[0], &ends[2]], [&Ok(1), &Ok(3)]);
        // A call that takes longer than the caller waits before it looks.
        let begun = folder("ignores_sigchld").join("begun");
        assert_eq!(rest::on(&fleet).map([(begun, 200)]).next(), Some(Ok(true)));
    }));
}

#[test]
fn whose_threads_are_interrupted() {
    static INTERRUPTIONS: AtomicU32 = AtomicU32::new(0);
    extern "C" fn count(_: libc::c_int) {
        INTERRUPTIONS.fetch_add(1, Ordering::Relaxed);
    }
    assert_success(in_child(|| {
        let handler = count as extern "C" fn(libc::c_int) as libc::sighandler_t;
        // SAFETY: Zeroes are an action without flags, so that no system call is begun again.
        let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
        action.sa_sigaction = handler;
        // SAFETY: The handler does what a handler may, and the action is alive.
        let set =
            unsafe { libc::sigaction(libc::SIGUSR1, &raw const action, std::ptr::null_mut()) };
        assert_eq!(set, 0);
        let over = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    for task in fs::read_dir("/proc/self/task").unwrap().flatten() {
                        let task: i32 = task.file_name().to_str().unwrap().parse().unwrap();
                        // SAFETY: It takes numbers.
                        unsafe {
                            libc::syscall(libc::SYS_tgkill, libc::getpid(), task, libc::SIGUSR1)
                        };
                    }
                    thread::sleep(Duration::from_micros(200));
                }
            });
            let fleet = fleet(2);
            let squares = square::on(&fleet).map(0..500).try_collect::<Vec<_>>();
            assert_eq!(squares, Ok(Vec::from_iter((0..500).map(|n| n * n))));
            let begun = folder("interrupted").join("begun");
            assert_eq!(rest::on(&fleet).map([(begun, 300)]).next(), Some(Ok(true)));
            over.store(true, Ordering::Relaxed);
        });
        assert!(INTERRUPTIONS.load(Ordering::Relaxed) > 100);
    }));
}

#[test]
fn that_has_no_descriptor_left() {
    assert_success(in_child(|| {
        let fleet = fleet(1);
        let mut files = Vec::new();
        // The threads of the pool and what they need are there.
        assert_eq!(square::on(&fleet).map([1]).next(), Some(Ok(1)));
        assert!(crash::on(&fleet).map([("kill", 1)]).next().unwrap().is_err());
        let limit = libc::rlimit { rlim_cur: 64, rlim_max: 64 };
        // SAFETY: The limit is alive.
        assert_eq!(unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit) }, 0);
        while let Ok(file) = fs::File::open("/dev/null") {
            files.push(file);
        }
        let error = square::on(&fleet).map([2]).next().unwrap().unwrap_err().to_string();
        assert_eq!(error, "no worker can be started: Too many open files (os error 24)");
        drop(files);
        assert_eq!(square::on(&fleet).map([3]).next(), Some(Ok(9)));
    }));
}

#[test]
fn that_has_descriptors_for_fewer_workers_than_it_asked_for() {
    assert_success(in_child(|| {
        let fleet = fleet(4);
        let one = pid::on(&fleet).map([0]).next().unwrap().unwrap();
        let limit = libc::rlimit { rlim_cur: 64, rlim_max: 64 };
        // SAFETY: The limit is alive.
        assert_eq!(unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit) }, 0);
        let files: Vec<_> = std::iter::from_fn(|| fs::File::open("/dev/null").ok()).collect();
        assert!(pid::on(&fleet).map(0..200).all(|process| process == Ok(one)));
        assert_eq!((fleet.stats().queued, fleet.stats().workers), (0, 1));
        drop(files);
        // It grows again.
        until(|| pid::on(&fleet).map(0..8).any(|process| process.unwrap() != one));
    }));
}

#[test]
#[cfg(target_os = "linux")]
fn whose_program_is_deleted() {
    let mut command = Command::new("none");
    if !support::is_child() {
        let copy = folder("deleted_program").join("program");
        fs::copy(env::current_exe().unwrap(), &copy).unwrap();
        command = Command::new(copy);
    }
    assert_success(in_child_of(command, || {
        fs::remove_file(env::current_exe().unwrap()).unwrap();
        let fleet = fleet(1);
        assert_eq!(square::on(&fleet).map([2]).next(), Some(Ok(4)));
        assert!(crash::on(&fleet).map([("kill", 1)]).next().unwrap().is_err());
        assert_eq!(square::on(&fleet).map([3]).next(), Some(Ok(9)));
    }));
}
