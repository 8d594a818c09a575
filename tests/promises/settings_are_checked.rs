//! What cannot be meant is refused at once, with the reason; what can be is used.

use pool_core::Pool;
use std::time::Duration;
use support::{caught, watched};

fn refused<R>(code: impl FnOnce() -> R, reason: &str) {
    let outcome = caught(code).map(|_| "accepted");
    assert!(
        outcome.as_ref().is_err_and(|text| text.contains(reason)),
        "{outcome:?} instead of {reason:?}"
    );
}

#[test]
fn zero() {
    let pool = Pool::new(1);
    refused(|| Pool::new(0), "`max_workers` is 0");
    refused(|| Pool::builder().max_workers(0), "`max_workers` is 0");
    refused(|| pool.set_max_workers(0), "`max_workers` is 0");
    refused(|| pool.map([0], |n| n).max_workers(0), "`max_workers` is 0");
    refused(|| pool.map([0], |n| n).buffer(0), "`buffer` is 0");
    refused(|| pool.as_completed([0], |n| Ok::<_, ()>(*n)).max_workers(0), "`max_workers` is 0");
    refused(|| pool.as_completed([0], |n| Ok::<_, ()>(*n)).buffer(0), "`buffer` is 0");
    assert_eq!(pool.max_workers(), 1);
}

#[test]
fn a_name_with_nul() {
    refused(|| Pool::builder().name("a\0b"), "NUL");
}

#[test]
fn too_late() {
    watched(|| {
        let (pool, other) = (Pool::new(1), Pool::new(1));
        let asked = || {
            let mut batch = pool.map(0..3, |n| n);
            assert_eq!(batch.next(), Some(0));
            batch
        };
        let reason = "comes too late";
        refused(|| asked().max_workers(1), reason);
        refused(|| asked().buffer(1), reason);
        refused(|| asked().on(&other), reason);
        refused(|| pool.map(0..3, |n| n).start().buffer(1), reason);
        refused(|| pool.map(0..3, |n| n).start().max_workers(1), reason);
        refused(|| pool.as_completed(0..3, |n| Ok::<_, ()>(*n)).start().on(&other), reason);
        assert!(pool.wait_idle(support::LIMIT));
        // Twice is not too late.
        assert_eq!(pool.map(0..3, |n| n).start().start().count(), 3);
    });
}

/// Each setting on a batch that has started in each way: refused by its own name, with what to do instead.
macro_rules! too_late {
    ($batch:expr, $other:expr) => {
        let text = |name| format!("`{name}` comes too late: the batch has started; set it before the first result is asked for");
        let (started, asked, waited) = (
            || $batch.start(),
            || {
                let mut batch = $batch;
                assert!(batch.next().is_some());
                batch
            },
            || {
                let mut batch = $batch;
                let _ = batch.next_timeout(Duration::ZERO);
                batch
            },
        );
        refused(|| started().max_workers(1), &text("max_workers"));
        refused(|| started().buffer(1), &text("buffer"));
        refused(|| started().on($other), &text("on"));
        refused(|| asked().max_workers(1), &text("max_workers"));
        refused(|| asked().buffer(1), &text("buffer"));
        refused(|| asked().on($other), &text("on"));
        refused(|| waited().max_workers(1), &text("max_workers"));
        refused(|| waited().buffer(1), &text("buffer"));
        refused(|| waited().on($other), &text("on"));
        // Also once it has ended.
        let ended = || {
            let mut batch = $batch;
            batch.by_ref().for_each(drop);
            batch
        };
        refused(|| ended().buffer(1), &text("buffer"));
    };
}

#[test]
fn too_late_each_in_its_own_words() {
    watched(|| {
        let (pool, other) = (Pool::new(2), Pool::new(1));
        too_late!(pool.map(0..3, |n| n), &other);
        too_late!(pool.as_completed(0..3, |n| Ok::<_, ()>(*n)), &other);
        assert_eq!(other.stats().completed, 0);
        // The batch that a refused setting took with it is gone like any dropped one.
        assert!(pool.wait_idle(support::LIMIT));
    });
}

#[test]
fn a_stop_handle_is_no_start() {
    watched(|| {
        let (pool, other) = (Pool::new(2), Pool::new(1));
        let batch = pool.map(0.., |n| n);
        let stop = batch.stop_handle();
        // What was handed out before a setting stops the batch as it then is.
        let batch = batch.on(&other).buffer(3).max_workers(1);
        let mut seen = 0;
        batch.for_each(|_| {
            seen += 1;
            if seen == 5 {
                stop.stop();
            }
        });
        assert!(seen >= 5);
        assert_eq!((pool.stats().completed, other.stats().completed), (0, seen));
        let (batch, done) = (pool.map([0], |n| n), pool.as_completed([0], |n| Ok::<_, ()>(*n)));
        batch.stop_handle().stop();
        done.stop_handle().stop();
        assert_eq!(batch.on(&other).buffer(1).count() + done.max_workers(1).count(), 0);
    });
}

#[test]
fn all_of_them_in_a_static() {
    use pool_core::PoolBuilder;

    const NARROW: PoolBuilder =
        Pool::builder().max_workers(2).name("narrow").keep_alive(Duration::from_secs(60));
    static FIRST: Pool = NARROW.stack_size(1 << 20).build();
    static SECOND: Pool = NARROW.name("second").max_workers(3).build();
    static PLAIN: Pool = Pool::builder().build();
    static SHORT: Pool = Pool::new(5);

    watched(|| {
        let name = |pool: &'static Pool| {
            pool.submit(|| std::thread::current().name().unwrap().to_owned()).join().unwrap()
        };
        assert_eq!((name(&FIRST), FIRST.max_workers()), ("narrow-0".into(), 2));
        assert_eq!((name(&SECOND), SECOND.max_workers()), ("second-0".into(), 3));
        assert_eq!(
            (name(&PLAIN), PLAIN.max_workers()),
            ("pool-0".into(), Pool::default().max_workers())
        );
        assert_eq!((name(&SHORT), SHORT.max_workers()), ("pool-0".into(), 5));
        // One builder makes as many pools as one likes, each with workers of its own.
        assert_eq!((FIRST.stats().completed, SECOND.stats().completed), (1, 1));
    });
}

#[test]
fn on_moves_both_batches_whole() {
    #[pool_core::concurrent(max_workers = 1)]
    fn thread(_: u32) -> String {
        std::thread::current().name().unwrap().to_owned()
    }
    watched(|| {
        let other = Pool::builder().max_workers(3).name("other").build();
        let names: Vec<String> = thread::map(0..20).on(&other).collect();
        assert!(names.iter().all(|name| name.starts_with("other-")), "{names:?}");
        thread::as_completed(0..20)
            .on(&other)
            .for_each(|done| assert!(done.result.unwrap().starts_with("other-")));
        assert_eq!((thread::pool().stats().completed, other.stats().completed), (0, 40));
        // A batch keeps what it needs of the pool that it was moved to.
        let batch = thread::map(0..20).on(&Pool::new(2));
        assert_eq!(batch.count(), 20);
    });
}

#[test]
fn the_largest_there_are() {
    watched(|| {
        let pool = Pool::builder().max_workers(usize::MAX).keep_alive(Duration::MAX).build();
        let most = usize::MAX;
        assert_eq!(
            pool.map(0..9, |n| n).max_workers(most).buffer(most).collect::<Vec<_>>().len(),
            9
        );
        assert_eq!(
            pool.as_completed(0..9, |n| Ok::<_, ()>(*n)).max_workers(most).buffer(most).count(),
            9
        );
        assert_eq!(pool.map(0.., |n| n).buffer(9).take(9).count(), 9);
        pool.set_max_workers(1);
        pool.set_max_workers(most);
        assert_eq!((pool.max_workers(), pool.map(0..9, |n| n).count()), (most, 9));
    });
}

#[test]
fn the_last_one_counts() {
    watched(|| {
        let (pool, other) = (Pool::new(4), Pool::new(4));
        let batch = pool
            .map(0..9, |n| n)
            .buffer(1)
            .buffer(9)
            .max_workers(1)
            .max_workers(2)
            .on(&other)
            .on(&pool);
        assert_eq!(batch.collect::<Vec<_>>().len(), 9);
        assert_eq!((pool.stats().completed, other.stats().completed), (9, 0));
    });
}
