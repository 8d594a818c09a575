//! Calls of less than a microsecond keep every promise that slow ones do: what one of them has left is seen though the
//! next call or the next input takes as long as it likes, and a batch that ends among them loses nothing.

use pool_core::Pool;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex};
use std::thread;
use support::{Gate, Ledger, pools, watched};

/// How many results the consumer has seen.
#[derive(Default)]
struct Seen(Mutex<usize>, Condvar);

impl Seen {
    fn one(&self) {
        *self.0.lock().unwrap() += 1;
        self.1.notify_all();
    }

    fn wait_for(&self, results: usize) {
        drop(self.1.wait_while(self.0.lock().unwrap(), |seen| *seen < results).unwrap());
    }
}

/// Where something waits for the consumer to have seen all before it: after runs of any length.
fn waits(n: usize) -> bool {
    n % 97 == 0 || n % 1000 < 3 || (n % 640).is_power_of_two()
}

const CALLS: usize = 6_000;

#[test]
fn a_result_is_seen_while_the_next_call_waits_for_that() {
    watched(|| {
        for pool in pools() {
            for buffer in [1, 2, 70, 1000, usize::MAX] {
                let seen = Seen::default();
                let call = |n: usize| {
                    if waits(n) {
                        seen.wait_for(n);
                    }
                    n
                };
                let mut next = 0;
                // Another worker could run ahead, and its results would have to wait for this one's: one at a time.
                pool.map(0..CALLS, call).max_workers(1).buffer(buffer).for_each(|n| {
                    assert_eq!(n, next);
                    next += 1;
                    seen.one();
                });
                assert_eq!(next, CALLS);
            }
        }
    });
}

#[test]
fn a_result_is_seen_while_the_next_input_waits_for_that() {
    watched(|| {
        for pool in pools() {
            for buffer in [1, 2, 70, 1000, usize::MAX] {
                let seen = Seen::default();
                let inputs = (0..CALLS).inspect(|n| {
                    if waits(*n) {
                        seen.wait_for(*n);
                    }
                });
                let mut sum = 0;
                pool.as_completed(inputs, |n| Ok::<_, ()>(*n)).buffer(buffer).for_each(|done| {
                    sum += done.result.unwrap();
                    seen.one();
                });
                assert_eq!(sum, CALLS * (CALLS - 1) / 2);
            }
        }
    });
}

#[test]
fn whoever_is_needed_comes() {
    watched(|| {
        for workers in [2, 4] {
            let pool = Pool::new(workers);
            // Among fast calls each group of slow ones needs all workers at once.
            let (met, all) = (Mutex::new(0), Condvar::new());
            let call = |n: usize| {
                if n % 500 < workers {
                    let until = (n / 500 + 1) * workers;
                    let mut here = met.lock().unwrap();
                    *here += 1;
                    all.notify_all();
                    drop(all.wait_while(here, |here| *here < until).unwrap());
                }
                n
            };
            let results: Vec<usize> = pool.map(0..CALLS, call).collect();
            assert!(results.into_iter().eq(0..CALLS));
            *met.lock().unwrap() = 0;
            let unknown = (0..CALLS).filter(|_| true);
            assert!(pool.map(unknown, call).collect::<Vec<_>>().into_iter().eq(0..CALLS));
        }
    });
}

#[test]
fn a_stop_loses_none_of_them() {
    watched(|| {
        for pool in pools() {
            for _ in 0..20 {
                let (ran, far) = (AtomicUsize::new(0), Gate::default());
                let call = |n: &usize| {
                    ran.fetch_add(1, Ordering::Relaxed);
                    if *n == 5_000 {
                        far.open();
                    }
                    Ok::<_, ()>(())
                };
                let batch = pool.as_completed(0.., call);
                let stop = batch.stop_handle();
                let indices = thread::scope(|scope| {
                    scope.spawn(|| {
                        far.wait();
                        stop.stop();
                    });
                    let mut indices = Vec::new();
                    batch.for_each(|done| indices.push(done.index));
                    indices
                });
                let ran = ran.load(Ordering::Relaxed);
                let mut sorted = indices;
                sorted.sort_unstable();
                assert!(ran > 5_000 && sorted.into_iter().eq(0..ran));
            }
        }
    });
}

#[test]
fn what_is_left_of_them_is_dropped_once() {
    watched(|| {
        for pool in pools() {
            for taken in [0, 1, 63, 64, 65, 3_000] {
                let (inputs, results) = (Ledger::default(), Ledger::default());
                let made = (0..).map(|_| inputs.entry());
                pool.map(made, |_| results.entry()).scope(|all| all.take(taken).for_each(drop));
                assert_eq!(inputs.alive(), 0);
                assert_eq!(results.alive(), 0);
            }
        }
    });
}

#[test]
fn hints_stay_exact() {
    watched(|| {
        for pool in pools() {
            pool.map(0..CALLS, |n| n).scope(|results| {
                for left in (0..CALLS).rev() {
                    assert_eq!(results.next(), Some(CALLS - 1 - left));
                    assert_eq!(results.size_hint(), (left, Some(left)));
                }
            });
        }
    });
}
