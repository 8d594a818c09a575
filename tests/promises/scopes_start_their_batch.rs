//! `scope` starts its batch before it runs its closure. A closure that asks for no result ends the batch, inside calls
//! too.

use pool_core::Pool;
use std::sync::mpsc;
use support::watched;

#[test]
fn a_call_begins_before_the_first_result_is_asked_for() {
    watched(|| {
        let (begin, begun) = mpsc::channel();
        let results = Pool::new(1).map([7], |n| begin.send(n).map(|()| n)).scope(|results| {
            assert_eq!(begun.recv(), Ok(7));
            results.collect::<Vec<_>>()
        });
        assert_eq!(results, [Ok(7)]);
    });
}

#[test]
fn a_closure_that_asks_for_nothing_ends_the_batch() {
    watched(|| {
        let pool = Pool::new(2);
        assert_eq!(pool.map(0_u64.., |n| n).scope(|_| "nothing"), "nothing");
        assert_eq!(pool.as_completed(0_u64.., |n| Ok::<_, ()>(*n)).scope(|_| 1), 1);
    });
}

#[test]
fn inside_a_call_too_at_any_depth() {
    fn descend(pool: &Pool, level: usize) -> usize {
        match level {
            0 => 0,
            _ => pool.map([level - 1; 3], |level| descend(pool, level)).scope(|_| level),
        }
    }
    watched(|| {
        for cap in [1, 2, 3] {
            let pool = Pool::new(cap);
            let levels = pool.map([8; 100], |level| descend(&pool, level)).collect::<Vec<_>>();
            assert_eq!(levels, [8; 100]);
        }
    });
}

#[test]
fn also_where_a_call_of_it_needs_the_permit_of_the_call_that_ends_it() {
    watched(|| {
        let (outer, inner) = (Pool::new(1), Pool::new(1));
        let results = outer.map([1], |n| {
            let (begin, begun) = mpsc::channel();
            let call = |n| {
                begin.send(()).unwrap();
                // Runs only when the call of `outer` that waits for the end of its scope has made way.
                outer.map([n], |n| n + 1).collect::<Vec<i32>>()
            };
            inner.map([n], call).scope(|_| begun.recv().unwrap());
            n
        });
        assert_eq!(results.collect::<Vec<_>>(), [1]);
    });
}
