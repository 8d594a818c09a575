//! Where the system refuses threads, at first, later or for a while, all results arrive, within the cap; and threads
//! are started again once it allows them.

#![cfg(target_os = "linux")]

use futures_lite::{StreamExt, future};
use pool_core::Pool;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Barrier, LazyLock};
use std::time::Duration;
use std::{env, fs, thread};
use support::{Gate, Meter, assert_success, caught, forever, in_child_of, is_child, linger};

const CAP: usize = 4;

/// Everything that runs calls, at once from several threads: each result is there, once, in its place, and no more run
/// than may.
fn work(pool: &'static Pool, cap: usize) {
    let meter = forever(Meter::default());
    let call = move |n: usize| meter.run(|| (linger(), n).1);
    thread::scope(|scope| {
        let everything: Vec<Box<dyn FnOnce() + Send>> = vec![
            Box::new(move || {
                assert_eq!(pool.map(0..50, call).collect::<Vec<_>>(), Vec::from_iter(0..50));
            }),
            Box::new(move || {
                let mut seen = Vec::new();
                pool.as_completed(0..50, move |n| Ok::<_, ()>(call(*n)))
                    .for_each(|done| seen.push(done.result.unwrap()));
                seen.sort();
                assert_eq!(seen, Vec::from_iter(0..50));
            }),
            Box::new(move || {
                let nested = |n: usize| {
                    let first = pool.map(0..n, call).collect::<Vec<_>>().len();
                    let task = pool.submit(move || call(n));
                    let second = pool.map(0..n, call).buffer(1).scope(|results| results.count());
                    first + second + task.join().unwrap()
                };
                let expected: Vec<_> = (0..12).map(|n| 3 * n).collect();
                assert_eq!(pool.map(0..12, nested).collect::<Vec<_>>(), expected);
            }),
            Box::new(move || {
                let tasks: Vec<_> = (0..20).map(|n| pool.submit(move || call(n))).collect();
                for (n, task) in tasks.into_iter().enumerate() {
                    assert_eq!(task.join().unwrap(), n);
                }
            }),
            Box::new(move || {
                let kept = pool.map(0..50, call).buffer(3).start();
                assert_eq!(kept.collect::<Vec<_>>(), Vec::from_iter(0..50));
                let panics = pool.map(0..9, |n| if n == 5 { support::raise("call") } else { n });
                assert_eq!(support::caught(|| panics.for_each(drop)), Err("call".into()));
            }),
        ];
        // One that has no thread of its own is run by this one.
        for one in everything {
            let kept = std::sync::Arc::new(std::sync::Mutex::new(Some(one)));
            let sent = std::sync::Arc::clone(&kept);
            let run = move || (sent.lock().unwrap().take().unwrap())();
            if thread::Builder::new().spawn_scoped(scope, run).is_err() {
                let one = kept.lock().unwrap().take().unwrap();
                one();
            }
        }
    });
    assert!(meter.most() <= cap, "{} of {cap} at once", meter.most());
}

/// What stands in front of `pthread_create` in the child.
struct Refusal {
    refuse: extern "C" fn(i64, i64),
    refused: extern "C" fn() -> i64,
}

impl Refusal {
    fn find() -> Self {
        // SAFETY: The names end with NUL.
        let [refuse, refused] = [c"refuse_threads", c"refused_threads"]
            .map(|name| unsafe { libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr()) });
        assert!(!refuse.is_null() && !refused.is_null(), "the library was preloaded");
        // SAFETY: `refuse_threads.c` defines the two with these types; `long` has 64 bits where Linux has a pointer of
        // 64.
        unsafe {
            Self {
                refuse: std::mem::transmute::<*mut libc::c_void, extern "C" fn(i64, i64)>(refuse),
                refused: std::mem::transmute::<*mut libc::c_void, extern "C" fn() -> i64>(refused),
            }
        }
    }
}

/// This program with the stand-in for `pthread_create`.
fn refusing() -> Command {
    static LIBRARY: LazyLock<PathBuf> = LazyLock::new(|| {
        let library = Path::new(env!("CARGO_TARGET_TMPDIR")).join("refuse_threads.so");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("process/refuse_threads.c");
        if !is_child() {
            let mut cc = Command::new("cc");
            cc.args(["-shared", "-fPIC", "-O2", "-o"]).args([&library, &source]).arg("-ldl");
            assert!(cc.status().unwrap().success(), "the library can be compiled");
        }
        library
    });
    let mut command = Command::new(env::current_exe().unwrap());
    command.env("LD_PRELOAD", &*LIBRARY);
    command
}

/// As many calls as the cap allows run at once, on as many threads.
fn has_recovered(pool: &Pool) {
    let all = Barrier::new(CAP);
    pool.map(0..3 * CAP, |_| _ = all.wait()).for_each(drop);
    assert_eq!(pool.stats().threads, CAP);
}

#[cfg(target_pointer_width = "64")]
#[test]
fn from_the_nth_on_and_later_no_more() {
    assert_success(in_child_of(refusing(), || {
        let refusal = Refusal::find();
        for first in [0, 1, 2, 3, 5, 13] {
            let pool = forever(Pool::new(CAP));
            (refusal.refuse)(first, i64::MAX);
            for _ in 0..2 {
                work(pool, CAP);
            }
            println!("from {first} on: {} refused", (refusal.refused)());
            assert!((refusal.refused)() > 0, "from {first} on");
            (refusal.refuse)(0, 0);
            work(pool, CAP);
            has_recovered(pool);
        }
    }));
}

#[cfg(target_pointer_width = "64")]
#[test]
fn some_in_between() {
    assert_success(in_child_of(refusing(), || {
        let refusal = Refusal::find();
        for first in [0, 1, 2, 3, 5, 7] {
            for many in [1, 3, 20] {
                // Threads that end at once are started again and again.
                let builder = Pool::builder().max_workers(CAP);
                let pool = forever(builder.keep_alive(Duration::ZERO).build());
                (refusal.refuse)(first, first + many);
                work(pool, CAP);
                assert!((refusal.refused)() > 0, "{many} from {first} on");
                (refusal.refuse)(0, 0);
                let all = Barrier::new(CAP);
                pool.map(0..CAP, |_| _ = all.wait()).for_each(drop);
                assert!(pool.wait_idle(support::LIMIT));
            }
        }
    }));
}

#[cfg(target_pointer_width = "64")]
#[test]
fn all_but_one_while_a_stream_is_read() {
    assert_success(in_child_of(refusing(), || {
        let refusal = Refusal::find();
        for first in [1, 2, 3] {
            let pool = Pool::new(CAP);
            (refusal.refuse)(first, i64::MAX);
            let stream = pool.map(0..200, |n| (linger(), n).1).into_stream();
            let seen: Vec<_> = future::block_on(stream.collect());
            assert_eq!(seen, Vec::from_iter(0..200));
            assert_eq!(future::block_on(pool.submit(|| 7)).unwrap(), 7);
            // A thread may be trying to start another one, and that counts until it is refused.
            support::until(|| pool.stats().threads == usize::try_from(first).unwrap());
            assert!((refusal.refused)() > 0);
            (refusal.refuse)(0, 0);
            has_recovered(&pool);
        }
    }));
}

#[cfg(target_pointer_width = "64")]
#[test]
fn the_one_that_would_wake_a_stream_for_a_call_that_hangs() {
    assert_success(in_child_of(refusing(), || {
        let refusal = Refusal::find();
        let pool = forever(Pool::new(1));
        // The worker starts, and the clock does not.
        (refusal.refuse)(1, i64::MAX);
        let gate = forever(Gate::default());
        let hangs = pool.as_completed([()], |()| {
            gate.wait();
            Ok::<_, ()>(())
        });
        let mut stream = hangs.abandon_after(Duration::from_millis(1)).into_stream();
        let told = caught(|| drop(future::block_on(stream.next()))).unwrap_err();
        assert!(told.contains("no thread can be started"), "{told}");
        gate.open();
    }));
}

/// The system itself refuses, since a user may have so many threads. Root may have any number, so the child runs as
/// another user.
#[test]
fn those_beyond_what_a_user_may_have() {
    const NOBODY: &str = "65534";
    let child = is_child();
    // SAFETY: It has no preconditions.
    if !child && unsafe { libc::geteuid() } != 0 {
        println!("not tried: only root can become another user");
        return;
    }
    let folder = env::temp_dir().join(format!("refused-threads-{}", std::process::id()));
    let program = folder.join("program");
    if !child {
        use std::os::unix::fs::PermissionsExt;
        // Where every user may run it.
        fs::create_dir_all(&folder).unwrap();
        fs::copy(env::current_exe().unwrap(), &program).unwrap();
        for path in [&folder, &program] {
            fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
        }
    }
    // Three are the test's own.
    for threads in [3, 4, 6, 9] {
        let mut command = Command::new("setpriv");
        command.args(["--reuid", NOBODY, "--regid", NOBODY, "--clear-groups", "prlimit"]);
        command.arg(format!("--nproc={threads}:{threads}")).arg(&program).current_dir("/");
        let ended = in_child_of(command, || {
            let pool = forever(Pool::new(16));
            for _ in 0..2 {
                work(pool, 16);
            }
            support::until(|| pool.stats().threads < 8);
        });
        if child {
            return;
        }
        assert_success(ended);
    }
    let _ = fs::remove_dir_all(folder);
}
