//! What one worker has begun others take from it, at any speed: each call runs once, and its result is seen by the one
//! who asked.
//!
//! `FOR_SECONDS` is how long it goes on, half a second unless given: `.ci/sanitizers` gives it a minute under the
//! thread sanitizer.

use pool_core::Pool;
use std::env;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use support::forever;

/// Calls that begin batches of their own, three levels of them, whose hints lie in the deques of the workers that run
/// them.
fn leaves(pool: &'static Pool, depth: usize, ran: &AtomicUsize) -> usize {
    ran.fetch_add(1, Ordering::Relaxed);
    if depth == 0 {
        return 1;
    }
    let below = |_: usize| leaves(pool, depth - 1, ran);
    let listed: usize = pool.map(0..3, below).collect::<Vec<_>>().into_iter().sum();
    let mut looped = 0;
    pool.map(0..2, below).buffer(2).for_each(|n| looped += n);
    // Written by whoever ran it and read here: an order that the engine owes.
    let mut seen = vec![Box::new(0_usize); 3];
    pool.map(seen.iter_mut(), |place| **place = depth).for_each(drop);
    assert!(seen.iter().all(|place| **place == depth));
    ran.fetch_add(3, Ordering::Relaxed);
    let task = pool.submit(move || depth);
    assert_eq!(task.join().unwrap(), depth);
    ran.fetch_add(1, Ordering::Relaxed);
    listed + looped
}

#[test]
fn by_many_workers_for_a_while() {
    let seconds = env::var("FOR_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(0.5);
    let (begun, lasts) = (Instant::now(), Duration::from_secs_f64(seconds));
    let pools = [2, 4, 8].map(|workers| forever(Pool::new(workers)));
    let mut tasks = 0;
    while begun.elapsed() < lasts {
        for pool in pools {
            let (ran, before) = (AtomicUsize::new(0), pool.stats().completed);
            let outer = pool.map(0..6, |_| leaves(pool, 3, &ran)).collect::<Vec<_>>();
            assert_eq!(outer, [125; 6]);
            let ran = ran.into_inner();
            assert_eq!(pool.stats().completed - before, ran);
            tasks += ran;
        }
    }
    println!("{tasks} calls in {:.0?}", begun.elapsed());
}
