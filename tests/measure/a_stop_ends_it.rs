use crate::alone;
use pool_core::measure::{Doubt, Verdict};
use pool_core::{Measure, Pool, is_cancelled, sleep};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

#[test]
fn a_stop_gives_the_table_so_far() {
    alone(|| {
        let (pool, level) = (Pool::new(1), AtomicUsize::new(0));
        let (begun, begins) = mpsc::channel();
        // The calls of the third level wait until they are stopped.
        let call = |n: usize| {
            if level.load(Ordering::SeqCst) == 3 {
                begun.send(()).unwrap();
                assert!(!sleep(Duration::from_secs(3600)));
            }
            Ok::<_, ()>(n)
        };
        let build = || {
            level.fetch_add(1, Ordering::SeqCst);
            pool.map(0..50, call)
        };
        let measure = Measure::new(build).levels(1..).at_most(Duration::from_secs(3600));
        let stop = measure.stop_handle();
        thread::spawn(move || {
            begins.recv().unwrap();
            stop.stop();
        });
        let found = measure.run();
        assert_eq!(found.rows().len(), 2, "{found}");
        assert_eq!(found.verdict(), Verdict::Unclear(Doubt::Stopped), "{found}");
        assert_eq!(level.into_inner(), 3, "no level begins after the stop");
    });
}

#[test]
fn a_stop_before_the_first_level_leaves_no_row() {
    let pool = Pool::new(1);
    let mut measure =
        Measure::new(|| -> pool_core::Map<'_, Result<(), ()>> { unreachable!("{pool:?}") });
    measure.stop_handle().stop();
    assert!(measure.next().is_none());
    assert_eq!(measure.run().to_string(), "Stopped before there was an answer.");
}

#[test]
fn a_call_that_is_cancelled_measures_no_further() {
    alone(|| {
        let (inner, level) = (Pool::new(1), AtomicUsize::new(0));
        let outer = Pool::new(1);
        let (begun, begins) = mpsc::channel();
        let batch = outer.map([()], |()| {
            let call = |n: usize| {
                if level.load(Ordering::SeqCst) == 2 && n == 0 {
                    begun.send(()).unwrap();
                    while !is_cancelled() {
                        thread::yield_now();
                    }
                }
                Ok::<_, ()>(n)
            };
            let build = || {
                level.fetch_add(1, Ordering::SeqCst);
                inner.map(0..50, call)
            };
            Measure::new(build).levels(1..).count()
        });
        let stop = batch.stop_handle();
        thread::spawn(move || {
            begins.recv().unwrap();
            stop.stop();
        });
        assert_eq!(batch.collect::<Vec<_>>(), [1]);
    });
}
