//! A consumer that has seen the end of a batch finds nothing of it alive, and what is cancelled leaves nothing behind.

use pool_core::{Pool, sleep};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;
use support::{raise, watched};

/// Runs batches whose call holds a value, and sees that value alone when `consume` has seen the end.
fn gone_after(consume: impl Fn(&Pool, Arc<()>)) {
    for workers in [1, 2, 4] {
        let pool = Pool::new(workers);
        for round in 0..300 {
            let held = Arc::new(());
            consume(&pool, Arc::clone(&held));
            assert!(Arc::into_inner(held).is_some(), "held after the end of round {round}");
        }
    }
}

#[test]
fn after_a_for_loop() {
    watched(|| {
        gone_after(|pool, held| {
            let call = move |n| {
                let _held = &held;
                n
            };
            for n in pool.map(0..5, call) {
                assert!(n < 5);
            }
        });
    });
}

#[test]
fn after_the_end_of_an_iterator_that_is_kept() {
    watched(|| {
        let kept = std::cell::RefCell::new(Vec::new());
        gone_after(|pool, held| {
            let inputs = (0..5).map({
                let held = Arc::clone(&held);
                move |n| {
                    let _held = &held;
                    n
                }
            });
            let mut batch = pool.as_completed(inputs, move |_| {
                let _held = &held;
                Ok::<_, ()>(())
            });
            assert_eq!(batch.by_ref().count(), 5);
            kept.borrow_mut().push(batch);
        });
    });
}

#[test]
fn a_map_takes_no_input_after_a_panic_that_ends_it() {
    watched(|| {
        let taken = AtomicUsize::new(0);
        let inputs = (0..1000).inspect(|_| {
            taken.fetch_add(1, Ordering::SeqCst);
        });
        let pool = Pool::new(2);
        let (panics, over) = mpsc::channel::<()>();
        let (panics, over) = (std::sync::Mutex::new(Some(panics)), std::sync::Mutex::new(over));
        let batch = pool.map(inputs, |n| match n {
            // Until the other call has panicked and a moment after that.
            0 => {
                let _ = over.lock().unwrap().recv();
                sleep(Duration::from_millis(50));
            }
            1 => {
                drop(panics.lock().unwrap().take());
                raise("it ends here");
            }
            _ => {}
        });
        let ended = catch_unwind(AssertUnwindSafe(|| batch.collect::<Vec<_>>()));
        assert_eq!(*ended.unwrap_err().downcast::<&str>().unwrap(), "it ends here");
        // The one that was taken while the call panicked, at most.
        assert!(taken.into_inner() <= 3);
    });
}

#[test]
fn one_task_at_a_time_needs_one_thread() {
    watched(|| {
        for _ in 0..300 {
            let pool = Pool::new(8);
            for n in 0..3 {
                assert_eq!(pool.submit(move || n).join().unwrap(), n);
            }
            assert_eq!(pool.stats().threads, 1);
        }
    });
}

#[test]
fn one_batch_of_one_input_at_a_time_needs_one_thread() {
    watched(|| {
        for _ in 0..300 {
            let pool = Pool::new(8);
            for n in 0..3 {
                assert_eq!(pool.map([n], |n| n).collect::<Vec<_>>(), [n]);
            }
            assert_eq!(pool.stats().threads, 1);
        }
    });
}
