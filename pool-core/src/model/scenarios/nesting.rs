//! Calls that run batches of their own, rest or sleep.

use crate::model::meeting::hold_a_lock_across_a_nested_loop;
use crate::model::scenarios::{Capped, explore, hasty, lasting};
use shuttle::sync::mpsc::channel;
use shuttle::thread;
use std::sync::Arc;
use std::time::Duration;

#[test]
fn nested_trees_complete() {
    fn leaves(all: &Capped, depth: usize) -> usize {
        all.work();
        if depth == 0 {
            return 1;
        }
        let mut sum = 0;
        let children = all.pool.map(0..2, |_| leaves(all, depth - 1));
        match depth % 2 {
            0 => children.for_each(|n| sum += n),
            _ => sum = children.collect::<Vec<_>>().iter().sum(),
        }
        all.work();
        sum
    }
    explore(|| {
        for cap in 1..3 {
            let all = Capped::new(hasty(), cap);
            assert_eq!(leaves(&all, 3), 8);
        }
    });
}

#[test]
fn two_pools_call_each_other() {
    fn bounce(pools: [&Capped; 2], left: usize) -> usize {
        pools[1].work();
        if left == 0 {
            return 1;
        }
        pools[0]
            .pool
            .map(0..2, |_| bounce([pools[1], pools[0]], left - 1))
            .collect::<Vec<_>>()
            .iter()
            .sum()
    }
    explore(|| {
        let (one, two) = (Capped::new(lasting(), 1), Capped::new(hasty(), 1));
        let (back, forth) = (one.clone(), two.clone());
        let thread = thread::spawn(move || {
            forth.pool.map(0..1, |_| bounce([&back, &forth], 1)).collect::<Vec<_>>()
        });
        let sum: usize =
            one.pool.map(0..2, |_| bounce([&two, &one], 2)).collect::<Vec<_>>().iter().sum();
        assert_eq!((sum, thread.join().unwrap()), (8, vec![2]));
    });
}

#[test]
fn calls_feed_batches_of_their_own() {
    explore(|| {
        let pool = lasting().max_workers(2).build();
        pool.map(0..3, |_| {
            let (send, receive) = channel::<usize>();
            let inputs = std::iter::from_fn(|| receive.recv().ok());
            pool.map(inputs, |n| n).scope(|results| {
                for n in 0..3 {
                    send.send(n).unwrap();
                    assert_eq!(results.next(), Some(n));
                }
                drop(send);
                assert_eq!(results.next(), None);
            });
        })
        .for_each(drop);
    });
}

#[test]
fn sleeping_calls_wake_when_their_batch_is_dropped() {
    explore(|| {
        let pool = Arc::new(lasting().max_workers(2).build());
        let inner = Arc::clone(&pool);
        let mut batch = pool.map(0..3, move |n| {
            // Cancelling this call cancels the calls of its own batch, too.
            n == 0
                || inner.map(0..2, |_| crate::sleep(Duration::from_secs(3600))).collect::<Vec<_>>()
                    [0]
        });
        assert_eq!(batch.next(), Some(true));
        drop(batch);
        assert!(pool.wait_idle(Duration::MAX));
    });
}

#[test]
fn calls_rest_and_nest_while_their_pool_pauses() {
    explore(|| {
        let all = Capped::new(lasting(), 2);
        let (pool, inner) = (Arc::clone(&all.pool), all.clone());
        let pauses = thread::spawn(move || {
            assert!(pool.pause_for(Duration::MAX));
            thread::yield_now();
            pool.resume();
        });
        let rest = |all: &Capped| {
            all.work();
            assert!(crate::back_off(Duration::ZERO));
            all.work();
        };
        let outer = all.pool.map(0..3, |n| {
            rest(&inner);
            let leaves = inner.pool.map(0..2, |m| {
                rest(&inner);
                2 * n + m
            });
            leaves.collect::<Vec<_>>()
        });
        assert_eq!(outer.collect::<Vec<_>>(), [[0, 1], [2, 3], [4, 5]]);
        pauses.join().unwrap();
        assert!(all.pool.wait_idle(Duration::MAX));
        let stats = all.pool.stats();
        assert_eq!((stats.running, stats.resting, stats.waiting, stats.completed), (0, 0, 0, 9));
    });
}

#[test]
fn calls_that_wait_return_before_others_begin() {
    explore(|| hold_a_lock_across_a_nested_loop(lasting().max_workers(2).build()));
}

#[test]
fn calls_that_waited_elsewhere_return_within_the_cap() {
    explore(|| {
        let (all, other) = (Capped::new(lasting(), 1), Arc::new(lasting().max_workers(1).build()));
        let tasks = [0, 1].map(|_| {
            let (all, other) = (all.clone(), Arc::clone(&other));
            all.pool.clone().submit(move || {
                drop(other.submit(|| ()));
                assert!(other.wait_idle(Duration::MAX));
                all.work();
            })
        });
        all.pool.map(0..2, |_| all.work()).for_each(drop);
        tasks.into_iter().for_each(|task| task.join().unwrap());
    });
}
