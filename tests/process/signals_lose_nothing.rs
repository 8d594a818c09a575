//! A process that is interrupted all the time, or stopped and continued, loses no result and no deadline.

#![cfg(unix)]

use pool_core::{Pool, Timeout, sleep};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use support::{Gate, assert_success, forever, in_child, linger, raise};

/// Every way to wait there is, and the results.
fn work(pool: &'static Pool) {
    let call = |n: usize| (linger(), n).1;
    let nested = |n: usize| {
        let task = pool.submit(move || n);
        pool.map(0..n, call).collect::<Vec<_>>().len() + task.join().unwrap()
    };
    assert_eq!(pool.map(0..20, nested).collect::<Vec<_>>(), Vec::from_iter((0..20).map(|n| 2 * n)));
    let batch = pool.map(0..9, |n| if n == 5 { raise("call") } else { n }).start();
    assert_eq!(support::caught(|| batch.for_each(drop)), Err("call".into()));
    assert_eq!(pool.map(0..50, call).buffer(1).scope(|results| results.sum::<usize>()), 1225);
    assert!(pool.wait_idle(support::LIMIT));
}

/// Waits for what does not come: not for less than it should, and not for ever.
fn wait_in_vain(pool: &'static Pool, wait: Duration) {
    let gate = Gate::default();
    let mut batch = pool.map([1, 2, 3], {
        let gate = gate.clone();
        move |n| (gate.wait(), n).1
    });
    let begun = Instant::now();
    assert_eq!(batch.next_timeout(wait), Err(Timeout));
    assert!(begun.elapsed() >= wait, "{:?} of {wait:?}", begun.elapsed());
    let task = pool.submit(|| 7);
    if pool.max_workers() <= 3 {
        let begun = Instant::now();
        let task = task.join_timeout(wait).unwrap_err();
        assert!(begun.elapsed() >= wait, "{:?} of {wait:?}", begun.elapsed());
        assert!(!pool.wait_idle(wait));
        gate.open();
        assert_eq!(task.join().unwrap(), 7);
    }
    gate.open();
    assert_eq!(batch.collect::<Vec<_>>(), [1, 2, 3]);
    // Not cancelled, and not shorter.
    let slept = pool
        .map([wait; 3], |wait| {
            let begun = Instant::now();
            sleep(wait) && begun.elapsed() >= wait
        })
        .collect::<Vec<_>>();
    assert_eq!(slept, [true; 3]);
}

#[test]
fn one_every_200_microseconds() {
    static SIGNALS: AtomicUsize = AtomicUsize::new(0);
    extern "C" fn count(_: libc::c_int) {
        SIGNALS.fetch_add(1, Ordering::Relaxed);
    }
    fn every(microseconds: libc::suseconds_t) {
        let time = libc::timeval { tv_sec: 0, tv_usec: microseconds };
        let timer = libc::itimerval { it_interval: time, it_value: time };
        // SAFETY: Both are alive, or null where that is allowed.
        let set =
            unsafe { libc::setitimer(libc::ITIMER_REAL, &raw const timer, std::ptr::null_mut()) };
        assert_eq!(set, 0);
    }
    assert_success(in_child(|| {
        // SAFETY: Zeros are a valid `sigaction`: no flags, so that no call into the system begins again by itself, and
        // no mask. The handler does what a handler may.
        unsafe {
            let mut action: libc::sigaction = std::mem::zeroed();
            action.sa_sigaction = count as extern "C" fn(libc::c_int) as usize;
            assert_eq!(libc::sigaction(libc::SIGALRM, &raw const action, std::ptr::null_mut()), 0);
        }
        every(200);
        for pool in [Pool::new(1), Pool::new(2), Pool::new(4)].map(forever) {
            for _ in 0..10 {
                work(pool);
            }
            wait_in_vain(pool, Duration::from_millis(100));
        }
        every(0);
        let signals = SIGNALS.load(Ordering::Relaxed);
        println!("{signals} signals");
        assert!(signals > 100, "{signals} signals");
    }));
}

#[test]
fn stopped_and_continued() {
    assert_success(in_child(|| {
        for pool in [Pool::new(1), Pool::new(2), Pool::new(4)].map(forever) {
            // Stops this process, sees that it stands still, and lets it go on when every deadline has passed.
            let script = "for n in 1 2 3; do
                kill -STOP $PPID
                until grep -q '^State:.T' /proc/$PPID/status; do :; done
                sleep 0.15
                kill -CONT $PPID
                sleep 0.02
            done";
            let mut stops = Command::new("sh").args(["-c", script]).spawn().unwrap();
            let mut rounds = 0;
            let status = loop {
                work(pool);
                wait_in_vain(pool, Duration::from_millis(20));
                rounds += 1;
                if let Some(status) = stops.try_wait().unwrap() {
                    break status;
                }
            };
            println!("{rounds} rounds");
            assert!(status.success());
        }
    }));
}
