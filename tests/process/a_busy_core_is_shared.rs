//! Beside a thread that is always busy on the same core, cheap calls get their share of it.

use pool_core::Pool;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use std::{mem, thread};
use support::{assert_success, in_child};

/// Keeps this thread, and those that it starts, on one core.
fn stay_on_one_core() {
    // SAFETY: An empty set is all zeros, and the call reads no more of it than it is told.
    let status = unsafe {
        let mut cores: libc::cpu_set_t = mem::zeroed();
        libc::CPU_SET(0, &mut cores);
        libc::sched_setaffinity(0, mem::size_of_val(&cores), &cores)
    };
    assert_eq!(status, 0);
}

#[test]
fn by_cheap_calls_with_a_small_buffer() {
    assert_success(in_child(|| {
        stay_on_one_core();
        let over = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    std::hint::spin_loop();
                }
            });
            let begun = Instant::now();
            let mut sum = 0;
            Pool::new(4).map(0..200_000_u64, |n| n).buffer(5).for_each(|n| sum += n);
            over.store(true, Ordering::Relaxed);
            assert_eq!(sum, 199_999 * 100_000);
            // A second, or three. A thread that gave its core away at each look would need a minute.
            assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
        });
    }));
}
