//! A call with a time limit sees its deadline, and that it is cancelled after it.

use pool_core::{Pool, back_off, deadline, is_cancelled, retry, sleep};
use std::panic::catch_unwind;
use std::time::{Duration, Instant};
use support::{forever, pools, watched};

const HOUR: Duration = Duration::from_secs(3_600);
const MOMENT: Duration = Duration::from_millis(20);

#[test]
fn it_counts_from_the_start_of_each_call() {
    watched(|| {
        for pool in pools() {
            let call = |_| {
                let (start, end) = (Instant::now(), deadline().unwrap());
                assert!(end <= start + HOUR && end > start + HOUR / 2);
                std::thread::sleep(Duration::from_millis(1));
                end
            };
            let mut ends = pool.map(0..70, call).timeout(HOUR).max_workers(1).collect::<Vec<_>>();
            assert!(ends.is_sorted());
            ends.dedup();
            assert_eq!(ends.len(), 70);
        }
    });
}

#[test]
fn after_it_the_call_is_cancelled_and_its_rests_end() {
    watched(|| {
        for pool in pools() {
            let call = |n: &i32| {
                let begun = Instant::now();
                assert!(!is_cancelled());
                let rested = match n % 3 {
                    0 => sleep(HOUR),
                    1 => back_off(HOUR),
                    _ => retry([HOUR; 2], || Err::<(), _>(()), |_, delay| Some(delay)).is_ok(),
                };
                assert!(begun.elapsed() >= MOMENT / 2);
                assert!(is_cancelled() && !sleep(Duration::ZERO) && !back_off(Duration::ZERO));
                if rested { Ok(*n) } else { Err(*n) }
            };
            let batch = pool.as_completed(0..6, call).timeout(MOMENT);
            batch.for_each(|done| assert_eq!(done.result.unwrap_err().failed(), Some(&done.input)));
        }
    });
}

#[test]
fn the_outcome_is_what_the_call_returns() {
    watched(|| {
        let late = |n| {
            std::thread::sleep(MOMENT);
            (n, is_cancelled())
        };
        let batch = Pool::new(2).map([1, 2], late).timeout(Duration::from_millis(1));
        assert_eq!(batch.collect::<Vec<_>>(), [(1, true), (2, true)]);
    });
}

#[test]
fn a_nested_batch_has_the_sooner_one() {
    watched(|| {
        for pool in pools() {
            let (pool, other) = (forever(pool), forever(Pool::new(2)));
            for inner in [pool, other] {
                let call = move |_| {
                    let own = deadline().unwrap();
                    let inherited = inner.map([0], |_| deadline()).next().unwrap();
                    let later = inner.map([0], |_| deadline()).timeout(2 * HOUR).next().unwrap();
                    let sooner = inner.map([0], |_| deadline()).timeout(MOMENT).next().unwrap();
                    assert_eq!((inherited, later), (Some(own), Some(own)));
                    assert!(sooner.unwrap() < own);
                    assert_eq!(deadline(), Some(own));
                    // A task goes on without the call.
                    assert_eq!(inner.submit(deadline).join().unwrap(), None);
                };
                pool.map([1], call).timeout(HOUR).for_each(drop);
            }
        }
    });
}

#[test]
fn the_inputs_and_the_next_batch_have_none() {
    watched(|| {
        let pool = Pool::new(1);
        let inputs = (0..3).inspect(|_| assert_eq!(deadline(), None));
        pool.map(inputs, |_| assert!(deadline().is_some())).timeout(HOUR).for_each(drop);
        pool.map(0..3, |_| assert_eq!(deadline(), None)).for_each(drop);
        assert_eq!(deadline(), None);
    });
}

#[test]
fn one_of_for_ever_is_none() {
    watched(|| {
        let pool = Pool::new(1);
        assert_eq!(pool.map([0], |_| deadline()).timeout(Duration::MAX).next(), Some(None));
    });
}

#[test]
fn zero_and_one_that_comes_too_late_are_refused() {
    let zero = catch_unwind(|| Pool::new(1).map([0], |n| n).timeout(Duration::ZERO));
    let message = *zero.unwrap_err().downcast::<&str>().unwrap();
    assert_eq!(message, "`timeout` is zero; each call would be cancelled before it starts");
    let late = catch_unwind(|| Pool::new(1).map([0], |n| n).start().timeout(HOUR));
    let message = *late.unwrap_err().downcast::<String>().unwrap();
    assert!(message.starts_with("`timeout` comes too late"), "{message}");
}
