//! A feed: inputs that are pushed while their batch runs, until no call and no handle is left that could push more.

use pool_core::{Completion, Feed, Pool, StopHandle};
use std::collections::HashSet;
use std::mem;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::thread;
use std::time::Duration;
use support::{Entry, Gate, LIMIT, Ledger, caught, forever, pools, raise, threadless, watched};

/// The numbers below this are a tree, in which the children of n are 2n and 2n + 1.
const TREE: usize = 300;

fn children(n: usize) -> impl Iterator<Item = usize> {
    [2 * n, 2 * n + 1].into_iter().filter(|&n| n < TREE)
}

fn whole(seen: impl IntoIterator<Item = usize>) {
    let mut seen: Vec<_> = seen.into_iter().collect();
    seen.sort_unstable();
    assert_eq!(seen, Vec::from_iter(1..TREE));
}

fn nothing(_: &usize) -> Result<(), ()> {
    Ok(())
}

/// Whether a feed takes an input after its batch was stopped.
fn stop_and_push(stop: &StopHandle, feed: &Feed<usize>) -> bool {
    stop.stop();
    feed.push(9).is_ok()
}

#[test]
fn the_consumer_feeds_it() {
    watched(|| {
        for pool in pools() {
            let (feed, mut seen) = (Feed::from([1]), Vec::new());
            pool.as_completed(feed.inputs(), nothing).for_each(|done| {
                seen.push(done.input);
                children(done.input).for_each(|child| feed.push(child).unwrap());
            });
            whole(seen);
            assert_eq!(feed.push(7), Err(7));
        }
    });
}

#[test]
fn its_own_calls_feed_it_and_their_results_are_collected() {
    watched(|| {
        for pool in pools() {
            let feed = Feed::from([1]);
            let walk = |n: &usize| {
                children(*n).for_each(|child| feed.push(child).unwrap());
                Ok::<_, ()>(*n)
            };
            let all: Vec<_> = pool.as_completed(feed.inputs(), walk).collect();
            whole(all.into_iter().map(|done| done.result.unwrap()));

            let feed = Feed::from([1]);
            let walk = |n: &usize| {
                children(*n).for_each(|child| feed.push(child).unwrap());
                Ok::<_, ()>(())
            };
            let batch = pool.as_completed(feed.inputs(), walk);
            assert!(batch.scope(|results| results.find(|done| done.input == TREE)).is_none());
        }
    });
}

#[test]
fn other_threads_feed_it_or_get_their_inputs_back() {
    watched(|| {
        for pool in pools() {
            for _ in 0..20 {
                let feed = Feed::from([0]);
                let threads: Vec<_> = (1..4)
                    .map(|number| {
                        let feed = feed.clone();
                        thread::spawn(move || {
                            let inputs = (0..50).map(|n| number * 100 + n);
                            inputs
                                .filter(|&n| {
                                    feed.push(n).map_err(|back| assert_eq!(back, n)).is_ok()
                                })
                                .collect::<Vec<_>>()
                        })
                    })
                    .collect();
                let seen: Vec<_> =
                    pool.as_completed(feed.inputs(), nothing).map(|done| done.input).collect();
                let accepted = threads.into_iter().flat_map(|thread| thread.join().unwrap());
                let accepted: HashSet<_> = accepted.chain([0]).collect();
                assert_eq!(seen.len(), accepted.len());
                assert_eq!(seen.into_iter().collect::<HashSet<_>>(), accepted);
            }
        }
    });
}

#[test]
fn completions_may_be_kept_or_leaked_meanwhile() {
    watched(|| {
        for pool in pools() {
            let (feed, mut kept) = (Feed::from([1]), Vec::new());
            for done in pool.as_completed(feed.inputs(), nothing) {
                children(done.input).for_each(|child| feed.push(child).unwrap());
                kept.push(done);
            }
            whole(kept.into_iter().map(|done| done.input));

            let (feed, mut seen) = (Feed::from([1]), Vec::new());
            for done in pool.as_completed(feed.inputs(), nothing) {
                seen.push(done.input);
                children(done.input).for_each(|child| feed.push(child).unwrap());
                mem::forget(done);
            }
            whole(seen);
        }
    });
}

#[test]
fn results_may_come_in_the_order_of_the_pushes() {
    watched(|| {
        for pool in pools() {
            let (feed, mut seen) = (Feed::from([1]), Vec::new());
            pool.as_completed(feed.inputs(), nothing).in_order().for_each(
                |done: Completion<_, _, _>| {
                    assert_eq!(done.index, seen.len());
                    seen.push(done.input);
                    children(done.input).for_each(|child| feed.push(child).unwrap());
                },
            );
            // Breadth first.
            assert_eq!(seen, Vec::from_iter(1..TREE));
        }
    });
}

#[test]
fn without_inputs_it_ends_at_once() {
    watched(|| {
        for pool in pools() {
            let feed = Feed::new();
            assert_eq!(pool.as_completed(feed.inputs(), nothing).count(), 0);
            let feed = Feed::new();
            let mut ahead = pool.as_completed(feed.inputs(), nothing).start();
            // It ends when its consumer asks, not before.
            feed.push(5).unwrap();
            assert_eq!(ahead.next_timeout(LIMIT).unwrap().unwrap().input, 5);
            assert!(ahead.next_timeout(LIMIT).unwrap().is_none());
            assert!(pool.wait_idle(LIMIT));
            assert_eq!(feed.push(6), Err(6));
        }
    });
}

#[test]
fn a_wait_that_ends_leaves_it_open() {
    watched(|| {
        let (pool, feed, gate) = (Pool::new(2), Feed::from([1]), Gate::default());
        let waits = gate.clone();
        let mut batch = pool.as_completed(feed.inputs(), move |n| {
            if *n == 1 {
                waits.wait();
            }
            Ok::<_, ()>(())
        });
        // The call that runs may push: this is no end.
        batch.next_timeout(Duration::from_millis(5)).unwrap_err();
        feed.push(2).unwrap();
        assert_eq!(batch.next().unwrap().input, 2);
        batch.next_timeout(Duration::from_millis(5)).unwrap_err();
        gate.open();
        assert_eq!(batch.next().unwrap().input, 1);
        assert!(batch.next().is_none());
    });
}

#[test]
fn nested_ones_need_no_worker_of_their_own() {
    fn walk(pool: &'static Pool, depth: u32) -> usize {
        let feed = Feed::from([1]);
        let batch = pool.as_completed(feed.inputs(), |n: &usize| {
            if *n < 4 {
                feed.push(n + 1).unwrap();
            }
            Ok::<_, ()>(if depth > 0 { walk(pool, depth - 1) } else { 1 })
        });
        batch.collect::<Vec<_>>().into_iter().map(|done| done.result.unwrap()).sum()
    }
    watched(|| {
        for pool in pools() {
            assert_eq!(walk(forever(pool), 2), 64);
        }
    });
}

#[test]
fn a_dry_one_holds_no_worker() {
    watched(|| {
        let (pool, feed) = (Pool::new(1), Feed::from([1]));
        let mut batch = pool.as_completed(feed.inputs(), nothing);
        assert_eq!(batch.next().unwrap().input, 1);
        // The consumer may still push, and the only worker runs other calls.
        assert_eq!(pool.submit(|| 2).join().unwrap(), 2);
        assert_eq!(pool.map([3], |n| n).collect::<Vec<_>>(), [3]);
        feed.push(4).unwrap();
        assert_eq!(batch.next().unwrap().input, 4);
        assert!(batch.next().is_none());
    });
}

#[test]
fn a_dry_one_leaves_the_other_workers_to_others() {
    watched(|| {
        let (pool, feed, gate) = (Pool::new(2), Feed::from([1]), Gate::default());
        let (waits, entered) = (gate.clone(), Gate::default());
        let inside = entered.clone();
        let batch = pool.as_completed(feed.inputs(), move |_: &usize| {
            inside.open();
            waits.wait();
            Ok::<_, ()>(())
        });
        let batch = batch.start();
        entered.wait();
        // The call may push more, and nothing is there: the second worker does not wait for that.
        assert_eq!(pool.submit(|| 2).join().unwrap(), 2);
        gate.open();
        assert_eq!(batch.count(), 1);
    });
}

#[test]
fn a_panic_of_a_call_ends_nothing() {
    watched(|| {
        for pool in pools() {
            let (feed, mut panics, mut seen) = (Feed::from([1]), 0, Vec::new());
            let call = |n: &usize| if n % 3 == 0 { raise("three") } else { Ok::<_, ()>(()) };
            pool.as_completed(feed.inputs(), call).for_each(|done| {
                panics += usize::from(done.result.is_err());
                seen.push(done.input);
                children(done.input).for_each(|child| feed.push(child).unwrap());
            });
            assert_eq!(panics, (1..TREE).filter(|n| n % 3 == 0).count());
            whole(seen);
        }
    });
}

#[test]
fn the_end_of_the_batch_closes_it_however_it_comes() {
    watched(|| {
        for pool in pools() {
            let closed = |feed: Feed<usize>| assert_eq!(feed.push(9), Err(9));
            let feed = Feed::from([1, 2, 3]);
            let panic = caught(|| {
                pool.as_completed(feed.inputs(), nothing).for_each(|_| raise("consumer"))
            });
            assert_eq!(panic, Err("consumer".to_owned()));
            closed(feed);

            let feed = Feed::from([1, 2, 3]);
            let batch = pool.as_completed(feed.inputs(), nothing);
            let stop = batch.stop_handle();
            batch.for_each(|_| stop.stop());
            closed(feed);

            let feed = Feed::from([1, 2, 3]);
            drop(pool.as_completed(feed.inputs(), nothing));
            closed(feed);

            let feed = Feed::from([1, 2, 3]);
            let mut batch = pool.as_completed(feed.inputs(), nothing);
            batch.next().unwrap();
            drop(batch);
            assert!(pool.wait_idle(LIMIT));
            closed(feed);

            let feed = Feed::from([1, 2, 3]);
            drop(feed.inputs());
            closed(feed);
        }
    });
}

#[test]
fn a_stop_closes_it_while_calls_still_run() {
    watched(|| {
        for pool in pools() {
            let feed = Feed::from([1]);
            let mut batch = pool.as_completed(feed.inputs(), nothing).start();
            let stop = batch.stop_handle();
            batch.next().unwrap();
            feed.push(2).unwrap();
            batch.next().unwrap();
            assert!(!stop_and_push(&stop, &feed), "while nothing runs");
            assert!(batch.next().is_none());

            let feed = Feed::from([1]);
            let (running, gate) = (Gate::default(), Gate::default());
            let (runs, waits) = (running.clone(), gate.clone());
            let mut batch = pool
                .as_completed(feed.inputs(), move |_: &usize| {
                    runs.open();
                    waits.wait();
                    Ok::<_, ()>(())
                })
                .start();
            running.wait();
            assert!(!stop_and_push(&batch.stop_handle(), &feed), "while a call runs");
            gate.open();
            assert_eq!(batch.next().unwrap().input, 1);
            assert!(batch.next().is_none());
        }
    });
}

#[test]
fn its_handle_may_go_first() {
    watched(|| {
        for pool in pools() {
            let feed = Feed::from(vec![1, 2, 3]);
            let batch = pool.as_completed(feed.inputs(), nothing);
            drop(feed);
            assert_eq!(batch.count(), 3);
        }
    });
}

#[test]
fn its_inputs_go_to_one_batch() {
    let feed = Feed::from([1]);
    let _inputs = feed.inputs();
    let again = caught(|| drop(feed.inputs())).unwrap_err();
    assert!(again.contains("go to one batch"), "{again}");
}

#[test]
fn what_is_left_is_dropped_once() {
    watched(|| {
        for pool in pools() {
            let ledger = Ledger::default();
            let feed: Feed<Entry> = (0..50).map(|_| ledger.entry()).collect();
            let mut batch = pool.as_completed(feed.inputs(), |_| Ok::<_, ()>(())).buffer(2);
            drop(batch.next());
            drop(batch);
            assert!(pool.wait_idle(LIMIT));
            assert_eq!((ledger.made(), ledger.alive()), (50, 0));

            let feed: Feed<Entry> = (0..3).map(|_| ledger.bomb()).collect();
            let batch = pool.as_completed(feed.inputs(), |_| Ok::<_, ()>(()));
            assert_eq!(caught(|| drop(batch)), Ok(()));
            assert_eq!(ledger.alive(), 0);

            // Two panics do not meet.
            let feed: Feed<Entry> = (0..3).map(|_| ledger.bomb()).collect();
            assert_eq!(caught(|| drop(feed.inputs())), Err("drop".to_owned()));
            assert_eq!(ledger.alive(), 0);
        }
    });
}

#[test]
fn a_long_chain_takes_little_memory() {
    watched(|| {
        let (pool, ledger, mut most) = (Pool::new(2), Ledger::default(), 0);
        let feed = Feed::from([(0, ledger.entry())]);
        pool.as_completed(feed.inputs(), |_| Ok::<_, ()>(())).for_each(|done| {
            let (number, entry) = done.input;
            entry.touch();
            drop(entry);
            if number < 20_000 {
                assert!(feed.push((number + 1, ledger.entry())).is_ok());
            }
            let shown = format!("{feed:?}");
            let waiting = shown.split("waiting: ").nth(1).unwrap();
            most = most.max(waiting.split(',').next().unwrap().parse::<usize>().unwrap());
        });
        assert!(most <= 1, "{most} inputs waited");
        // What was taken is gone when its completion is.
        assert_eq!((ledger.made(), ledger.most()), (20_001, 1));
    });
}

#[test]
fn a_pool_without_threads_runs_it_too() {
    watched(|| {
        let (pool, feed, mut seen) = (threadless(2), Feed::from([1]), Vec::new());
        pool.as_completed(feed.inputs(), nothing).for_each(|done| {
            seen.push(done.input);
            children(done.input).for_each(|child| feed.push(child).unwrap());
        });
        whole(seen);
    });
}

/// A task that may bring others.
struct Job(Box<Run>);

type Run = dyn Fn(&Feed<Job>) -> usize + Send + Sync;

#[test]
fn tasks_of_many_kinds_are_a_batch_that_grows() {
    watched(|| {
        let (pool, feed) = (Pool::new(2), Feed::new());
        let counter = Arc::new(AtomicUsize::new(0));
        let counts = Arc::clone(&counter);
        let push = |feed: &Feed<Job>, job: Box<Run>| assert!(feed.push(Job(job)).is_ok());
        push(&feed, Box::new(move |_| counts.fetch_add(1, SeqCst)));
        push(
            &feed,
            Box::new(|more| {
                assert!(more.push(Job(Box::new(|_| 40))).is_ok());
                2
            }),
        );
        let batch = pool.as_completed(feed.inputs(), |job: &Job| Ok::<_, ()>(job.0(&feed)));
        let sum: usize =
            batch.collect::<Vec<_>>().into_iter().map(|done| done.result.unwrap()).sum();
        assert_eq!((sum, counter.load(SeqCst)), (42, 1));
    });
}

#[test]
fn a_feed_takes_nothing_after_its_batch_was_dropped() {
    let pool = Pool::new(2);
    for _ in 0..20_000 {
        let feed = Feed::from_iter(0..50);
        let mut batch = pool.as_completed(feed.inputs(), |_: &i32| Ok::<_, ()>(())).start();
        batch.next();
        drop(batch);
        assert_eq!(feed.push(7), Err(7));
    }
}
