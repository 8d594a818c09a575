//! A call that rests in `back_off` gives its place to another one, and goes on with a place of its own.

use pool_core::{Pool, back_off, is_cancelled, retry, sleep};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};
use support::{Gate, Meter, forever, linger, pools, until, watched};

const HOUR: Duration = Duration::from_secs(3_600);
const MOMENT: Duration = Duration::from_millis(1);

#[test]
fn others_run_meanwhile_and_the_cap_holds() {
    watched(|| {
        for pool in pools() {
            let meter = Meter::default();
            let batch = pool.as_completed(0..120, |n| {
                meter.run(linger);
                if n % 3 == 0 {
                    assert!(back_off(MOMENT));
                }
                meter.run(linger);
                Ok::<_, ()>(())
            });
            let mut indices: Vec<_> = batch.scope(|done| done.map(|done| done.index).collect());
            indices.sort_unstable();
            assert!(indices.into_iter().eq(0..120));
            assert!(meter.most() <= pool.max_workers());
        }
    });
}

#[test]
fn as_many_rest_as_the_buffer_holds() {
    watched(|| {
        let pool = forever(Pool::new(2));
        let batch = pool.map(0.., |_| back_off(HOUR)).buffer(20).start();
        until(|| pool.stats().resting == 20);
        let stats = pool.stats();
        assert_eq!((stats.running, stats.waiting), (0, 0));
        assert!(stats.threads <= 22, "{stats:?}");
        // The cap is free.
        let (one, two) = (pool.submit(|| sleep(MOMENT)), pool.submit(|| sleep(MOMENT)));
        assert!(one.join().unwrap() && two.join().unwrap());
        // A stop ends all rests at once.
        batch.stop_handle().stop();
        assert_eq!(batch.collect::<Vec<_>>(), [false; 20]);
        until(|| pool.stats().resting == 0);
    });
}

#[test]
fn a_call_that_is_cancelled_does_not_rest() {
    watched(|| {
        let pool = Pool::new(1);
        let gate = Gate::default();
        let waits = gate.clone();
        let task =
            pool.submit(move || (waits.wait(), back_off(HOUR), back_off(HOUR), is_cancelled()));
        task.stop_handle().stop();
        gate.open();
        assert_eq!(task.join().unwrap(), ((), false, false, true));
    });
}

#[test]
fn a_rest_goes_on_at_the_next_free_place() {
    watched(|| {
        let pool = Pool::new(1);
        let (gate, rests) = (Gate::default(), Gate::default());
        let may_rest = rests.clone();
        let first = pool.submit(move || {
            may_rest.wait();
            assert!(back_off(MOMENT));
            Instant::now()
        });
        // It waits for the place, and so gets it when the first call rests, however long that takes.
        let waits = gate.clone();
        let blocker = pool.submit(move || waits.wait());
        rests.open();
        until(|| blocker.has_started());
        let later = pool.submit(Instant::now);
        // Its time is over, and the place is taken.
        until(|| pool.stats().resting == 0 && pool.stats().waiting == 1);
        gate.open();
        // It goes before a call that has not started.
        assert!(first.join().unwrap() < later.join().unwrap());
    });
}

#[test]
fn calls_of_nested_batches_rest_too() {
    watched(|| {
        for pool in pools() {
            let pool = forever(pool);
            let sums = pool.map(0..6, |n| {
                let mut sum = 0;
                pool.map(0..4, move |m| (back_off(MOMENT), n * m)).for_each(|(rested, product)| {
                    assert!(rested);
                    sum += product;
                });
                sum
            });
            assert_eq!(sums.collect::<Vec<_>>(), [0, 6, 12, 18, 24, 30]);
        }
    });
}

#[test]
fn inputs_rest_too() {
    watched(|| {
        for pool in pools() {
            let inputs = (0..5).inspect(|_| assert!(back_off(MOMENT)));
            assert_eq!(pool.map(inputs, |n| n).collect::<Vec<_>>(), [0, 1, 2, 3, 4]);
        }
    });
}

#[test]
fn a_call_that_could_have_no_thread_rests_on_the_consumers_one() {
    watched(|| {
        let pool = support::threadless(1);
        assert_eq!(
            pool.map([1, 2], |n| (back_off(MOMENT), n)).collect::<Vec<_>>(),
            [(true, 1), (true, 2)]
        );
    });
}

#[test]
fn outside_calls_it_sleeps() {
    let begun = Instant::now();
    assert!(back_off(MOMENT));
    assert!(begun.elapsed() >= MOMENT);
}

#[test]
fn the_pool_is_not_idle_while_a_call_rests() {
    watched(|| {
        let pool = Pool::new(1);
        let task = pool.submit(|| back_off(HOUR));
        until(|| pool.stats().resting == 1);
        assert!(!pool.wait_idle(MOMENT));
        task.stop_handle().stop();
        assert!(pool.wait_idle(Duration::MAX));
        assert!(!task.join().unwrap());
    });
}

#[test]
fn a_retry_makes_one_attempt_more_than_there_are_delays() {
    watched(|| {
        let pool = Pool::new(2);
        let attempts = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&attempts);
        let fails = move || Err::<(), _>(count.fetch_add(1, Ordering::Relaxed));
        let task = pool.submit(move || retry([MOMENT; 3], fails, |_, delay| Some(delay)));
        assert_eq!(task.join().unwrap(), Err(3));
        assert_eq!(attempts.load(Ordering::Relaxed), 4);
    });
}

#[test]
fn a_retry_asks_whether_and_how_long_to_rest() {
    let mut asked = Vec::new();
    let mut attempts = 0..;
    let answer = retry(
        [MOMENT, HOUR, MOMENT],
        || Err::<(), _>(attempts.next().unwrap()),
        |error, delay| {
            asked.push((*error, delay));
            match error {
                // A `Retry-After` instead of the planned hour.
                1 => Some(Duration::ZERO),
                2 => None,
                _ => Some(delay),
            }
        },
    );
    assert_eq!(answer, Err(2));
    assert_eq!(asked, [(0, MOMENT), (1, HOUR), (2, MOMENT)]);
}

#[test]
fn a_retry_that_is_stopped_makes_no_further_attempt() {
    watched(|| {
        let pool = Pool::new(1);
        let (attempt, attempts) = mpsc::channel();
        let task = pool.submit(move || {
            retry(
                [HOUR, HOUR],
                || attempt.send(()).map(|()| Err::<(), _>("503")).unwrap(),
                |_, delay| Some(delay),
            )
        });
        attempts.recv().unwrap();
        task.stop_handle().stop();
        assert_eq!(task.join().unwrap(), Err("503"));
        assert_eq!(attempts.try_recv(), Err(mpsc::TryRecvError::Disconnected));
    });
}
