//! Where Rust itself gives up, in a call as anywhere, the process ends at once: nothing waits for a result that cannot
//! come.

#![cfg(unix)]

use pool_core::Pool;
use std::hint::black_box;
use std::os::unix::process::ExitStatusExt;
use std::panic;
use std::process::Output;
use support::{forever, in_child, raise, threadless, watched};

/// The child has been ended by `abort`, with these words.
fn assert_aborted(child: Option<Output>, words: &str) {
    if let Some(Output { status, stderr, .. }) = child {
        let stderr = String::from_utf8_lossy(&stderr);
        assert_eq!(status.signal(), Some(libc::SIGABRT), "{status}\n{stderr}");
        assert!(stderr.contains(words), "{stderr}");
    }
}

#[expect(unconditional_recursion, reason = "it overflows the stack")]
fn overflow(frame: [u64; 64]) -> [u64; 64] {
    let mut below = overflow(black_box(frame));
    below[0] += 1;
    below
}

#[test]
fn a_stack_that_overflows_on_a_worker() {
    watched(|| {
        let child = in_child(|| {
            let pool = Pool::new(2);
            pool.map(0..9, |_| overflow([0; 64])).for_each(drop);
        });
        assert_aborted(child, "has overflowed its stack");
    });
}

#[test]
fn a_stack_that_overflows_where_the_caller_helps() {
    watched(|| {
        let child = in_child(|| {
            threadless(1).map(0..9, |_| overflow([0; 64])).for_each(drop);
        });
        assert_aborted(child, "has overflowed its stack");
    });
}

#[test]
fn a_panic_hook_that_panics() {
    watched(|| {
        let child = in_child(|| {
            panic::set_hook(Box::new(|_| panic!("hook")));
            let pool = forever(Pool::new(2));
            let _ = pool.submit(|| panic!("call")).join();
        });
        assert_aborted(child, "hook");
    });
}

#[test]
fn a_panic_while_a_panic_unwinds() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("drop");
        }
    }
    watched(|| {
        let child = in_child(|| {
            let pool = Pool::new(2);
            let twice = |_| {
                let _bomb = Bomb;
                raise("call")
            };
            pool.map(0..9, twice).for_each(|()| ());
        });
        assert_aborted(child, "drop");
    });
}
