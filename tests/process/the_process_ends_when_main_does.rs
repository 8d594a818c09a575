//! `main` may return while calls run, a process may fork, and thread-locals may use a pool while they are dropped:
//! nothing hangs.

use pool_core::Pool;
use std::cell::RefCell;
use std::sync::Mutex;
use std::thread;
use support::{Gate, LIMIT, assert_success, forever, in_child, threadless, watched};

#[test]
fn though_calls_run() {
    assert_success(in_child(|| {
        for pool in support::pools() {
            let entered = Gate::default();
            let pool = forever(pool);
            let batch = pool
                .map(0.., {
                    let entered = entered.clone();
                    move |_| {
                        entered.open();
                        Gate::default().wait();
                    }
                })
                .start();
            entered.wait();
            std::mem::forget(batch);
            drop(pool.submit(|| Gate::default().wait()));
            std::mem::forget(
                pool.map(std::iter::repeat_with(|| Gate::default().wait()), |()| ()).start(),
            );
        }
    }));
}

#[test]
fn though_a_call_ends_it() {
    assert_success(in_child(|| {
        let pool = Pool::new(2);
        drop(pool.map(0..9, |_| std::process::exit(0)).collect::<Vec<()>>());
    }));
}

/// Uses a pool when its thread ends.
struct Last(&'static Pool, &'static Mutex<Vec<usize>>);

impl Drop for Last {
    fn drop(&mut self) {
        let all: Vec<usize> = self.0.map(0..5, |n| n).collect();
        let task = self.0.submit(|| 5).join().unwrap();
        drop(self.0.submit(|| ()));
        let mut kept = self.0.map(0.., |n| n);
        let first = kept.next().unwrap();
        assert!(!pool_core::is_cancelled() && self.0.wait_idle(std::time::Duration::ZERO) | true);
        self.1.lock().unwrap().push(all.len() + task + first);
    }
}

thread_local!(static LAST: RefCell<Option<Last>> = const { RefCell::new(None) });

fn use_in_a_destructor(pool: &'static Pool, first: bool) {
    let seen = forever(Mutex::new(Vec::new()));
    let before = || assert_eq!(pool.map(0..3, |n| n).collect::<Vec<_>>(), [0, 1, 2]);
    // The pool's own thread-locals may be older or younger than that of the user, and so gone or not.
    thread::spawn(move || {
        if first {
            before();
        }
        LAST.set(Some(Last(pool, seen)));
        before();
    })
    .join()
    .unwrap();
    assert_eq!(*seen.lock().unwrap(), [10]);
}

#[test]
fn destructors_of_thread_locals_may_use_a_pool() {
    assert_success(in_child(|| {
        for first in [true, false] {
            support::pools().into_iter().for_each(|pool| use_in_a_destructor(forever(pool), first));
        }
    }));
}

#[test]
fn destructors_of_thread_locals_may_use_a_pool_without_threads() {
    assert_success(in_child(|| {
        for first in [true, false] {
            use_in_a_destructor(forever(threadless(1)), first);
        }
    }));
}

#[test]
fn destructors_on_the_pool_s_own_threads_may_use_it() {
    assert_success(in_child(|| {
        let pool =
            forever(Pool::builder().max_workers(1).keep_alive(std::time::Duration::ZERO).build());
        let seen = forever(Mutex::new(Vec::new()));
        pool.submit(|| LAST.set(Some(Last(pool, seen)))).join().unwrap();
        support::until(|| seen.lock().unwrap().len() == 1);
        assert!(pool.wait_idle(LIMIT));
    }));
}

#[test]
fn statics_and_thread_locals_may_hold_pools() {
    static SHARED: Pool = Pool::builder().max_workers(2).name("static").build();
    thread_local!(static OWN: Pool = const { Pool::builder().max_workers(2).name("local").build() });
    watched(|| {
        let lengths: Vec<_> = (0..4)
            .map(|n| {
                thread::spawn(move || {
                    OWN.with(|own| own.map(SHARED.map(0..n, |n| n), |n| n).count())
                })
            })
            .collect();
        assert_eq!(
            lengths.into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<_>>(),
            [0, 1, 2, 3]
        );
        support::until(|| support::threads("local") == 0);
    });
}

#[cfg(unix)]
mod fork {
    unsafe extern "C" {
        fn fork() -> i32;
        fn waitpid(pid: i32, status: *mut i32, options: i32) -> i32;
        fn alarm(seconds: u32) -> u32;
        fn _exit(status: i32) -> !;
    }

    /// Runs `code` in a child after `fork`, and returns the status it ended with; a child that hangs ends by a signal.
    pub(crate) fn after_fork(code: impl FnOnce() -> bool) -> i32 {
        // SAFETY: The child calls what another library would call in it, too: the allocator and threads, which glibc
        // makes good for a child, and ends without running what the parent has registered.
        unsafe {
            match fork() {
                0 => {
                    alarm(30);
                    let done = support::caught(code);
                    _exit(if done == Ok(true) { 0 } else { 1 })
                }
                child => {
                    let mut status = -1;
                    assert_eq!(waitpid(child, &mut status, 0), child);
                    status
                }
            }
        }
    }
}

#[cfg(unix)]
#[test]
fn a_child_after_fork_does_not_hang() {
    assert_success(in_child(|| {
        let (fresh, used) = (forever(Pool::new(2)), forever(Pool::new(2)));
        assert_eq!(used.map(0..9, |n| n).collect::<Vec<_>>().len(), 9);
        assert!(used.wait_idle(LIMIT));
        support::until(|| used.stats().running == 0);
        let works = |pool: &'static Pool| {
            // A result, or an error that says so: a hang is neither.
            fork::after_fork(move || {
                match support::caught(|| pool.map(0..9, |n| n).collect::<Vec<_>>().len()) {
                    Ok(length) => length == 9,
                    Err(text) => text.contains("fork"),
                }
            })
        };
        assert_eq!(works(fresh), 0, "a pool that the parent has not used");
        assert_eq!(works(used), 0, "a pool with threads in the parent");
        // The parent has lost nothing.
        assert_eq!(used.map(0..9, |n| n).collect::<Vec<_>>().len(), 9);
    }));
}
