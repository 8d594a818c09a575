//! How much longer something takes beside others, in figures: `cargo test --test promises shares_have_bounds -- --nocapture` prints them.
//!
//! Times are medians of five. The calls sleep, so that the number of processors does not matter.

use pool_core::Pool;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use support::{Gate, watched};

/// One at a time: two would measure each other.
static ALONE: Mutex<()> = Mutex::new(());

fn alone(test: impl FnOnce() + Send + 'static) {
    let _alone = ALONE.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    watched(test);
}

fn median<T: Ord + Copy>(mut measure: impl FnMut() -> T) -> T {
    let mut all = [(); 5].map(|()| measure());
    all.sort();
    all[2]
}

fn time(code: impl FnOnce()) -> Duration {
    let begun = Instant::now();
    code();
    begun.elapsed()
}

/// Runs `code` while a batch of `length` calls of `lasting` is under way on the pool.
fn beside<R>(pool: &Pool, length: usize, lasting: Duration, code: impl FnOnce() -> R) -> R {
    let running = Gate::default();
    let long = pool.map(0..length, |_| {
        running.open();
        thread::sleep(lasting);
    });
    let stop = long.stop_handle();
    thread::scope(|scope| {
        scope.spawn(|| long.for_each(drop));
        running.wait();
        let result = code();
        stop.stop();
        result
    })
}

const SHORT: Duration = Duration::from_millis(2);

#[test]
fn ten_calls_beside_4000_take_less_than_three_times_their_time() {
    alone(|| {
        for workers in [1, 2, 4, 8] {
            let pool = Pool::new(workers);
            let ten = || time(|| pool.map(0..10, |_| thread::sleep(SHORT)).for_each(drop));
            let (own, shared) = (median(ten), median(|| beside(&pool, 4000, SHORT, ten)));
            let factor = shared.as_secs_f64() / own.as_secs_f64();
            println!(
                "{workers} workers: ten calls {own:.1?}, beside 4000 {shared:.1?}, × {factor:.2}"
            );
            assert!(factor < 3.0, "{shared:?} instead of {own:?}");
        }
    });
}

#[test]
fn two_endless_batches_differ_by_less_than_a_tenth() {
    alone(|| {
        for (workers, second) in [(2, 1), (4, 1), (2, 2)] {
            let (pool, over) = (Pool::new(workers), AtomicBool::new(false));
            // For how many microseconds the workers were with either one.
            let spent = [const { AtomicUsize::new(0) }; 2];
            thread::scope(|scope| {
                for (own, times) in spent.iter().zip([1, second]) {
                    let (pool, over) = (&pool, &over);
                    let call = move |_| {
                        let took = time(|| thread::sleep(times * Duration::from_millis(1)));
                        own.fetch_add(took.as_micros() as usize, Ordering::Relaxed);
                    };
                    let inputs = (0..).take_while(|_| !over.load(Ordering::Relaxed));
                    scope.spawn(move || pool.map(inputs, call).for_each(drop));
                }
                thread::sleep(Duration::from_secs(1));
                over.store(true, Ordering::Relaxed);
            });
            let [one, two] = spent.map(AtomicUsize::into_inner);
            let percent = 200 * one.abs_diff(two) / (one + two);
            println!("{workers} workers, calls of 1 ms and of {second} ms: {percent} % apart");
            // Workers go from one batch to the other after each call, so that longer calls get more of the time.
            if second == 1 {
                assert!(percent <= 10, "{percent} %");
            }
        }
    });
}

/// How long a call waits for a batch of its own, of ten short calls.
fn nested(pool: &Pool, gather: bool) -> Duration {
    let waited = pool.map([()], |()| {
        time(|| {
            let batch = pool.map(0..10, |_| thread::sleep(SHORT));
            if gather {
                drop(batch.collect::<Vec<_>>());
            } else {
                batch.for_each(drop);
            }
        })
    });
    waited.collect::<Vec<_>>()[0]
}

#[test]
fn a_call_that_waits_is_not_held_up_by_long_ones() {
    const LONG: Duration = Duration::from_millis(60);
    alone(|| {
        for workers in [1, 2, 4] {
            for gather in [true, false] {
                let pool = Pool::new(workers);
                let (own, shared) = (
                    median(|| nested(&pool, gather)),
                    median(|| beside(&pool, 4000, LONG, || nested(&pool, gather))),
                );
                let how = if gather { "collect" } else { "for_each" };
                println!(
                    "{workers} workers, {how}: {own:.1?}, beside calls of {LONG:?} {shared:.1?}"
                );
                // Alone it ran them on one worker; the others have long ones to do now.
                let bound = 10 * SHORT + LONG / 2;
                assert!(shared < bound, "{how}: {shared:?} instead of {own:?}");
            }
        }
    });
}
