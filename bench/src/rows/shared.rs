//! Measures two batches on one pool: a short one behind a long one, and two alike.

use super::{collect, contenders, milliseconds, wait};
use crate::measure::{Bound, Experiment, Figure};
use crate::peers::{Again, Collect, FewThreads, OneByOne, Ours, Plain, Threadpool};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::{Duration, Instant};

const WORKERS: usize = 8;
const MILLISECOND: Duration = Duration::from_millis(1);
const LONG: usize = 4_000;
const EACH: usize = 400;

pub(super) fn experiments() -> Vec<Experiment> {
    let ideal = MILLISECOND * (2 * EACH / WORKERS) as u32;
    vec![
        Experiment {
            name: "behind".into(),
            job: format!(
                "10 sleeps of 1 ms while {LONG} of 2 ms run on the same pool, N = {WORKERS}: until the ten are done"
            ),
            figures: vec![Figure::new("wall", "ms").goal(Bound::Figure(5.0), Bound::Figure(2.2))],
            rounds: (1, 3),
            warm_up: false,
            contenders: Box::new(
                || contenders!(behind() of Ours, Plain, OneByOne, FewThreads, Threadpool, Again),
            ),
        },
        Experiment {
            name: "two-callers".into(),
            job: format!(
                "two threads with {EACH} sleeps of 1 ms each on one pool, N = {WORKERS}: the last one's \
                 wall ÷ {} ms, and the first one's wall ÷ the last one's, 1 if they share alike",
                ideal.as_millis()
            ),
            figures: vec![
                Figure::new("wall", "× ideal"),
                Figure::new("share", "× the last").more_is_better(),
            ],
            rounds: (0, 5),
            warm_up: true,
            contenders: Box::new(
                move || contenders!(two_callers(ideal) of Ours, Plain, OneByOne, FewThreads, Threadpool, Again),
            ),
        },
    ]
}

fn behind<P: Collect + Sync>() -> impl FnMut() -> Vec<f64> {
    let (peer, sleep) = (P::new(WORKERS), wait(|_| thread::sleep(MILLISECOND)));
    move || {
        let over = Arc::new(AtomicBool::new(false));
        let wall = thread::scope(|scope| {
            let (peer, done) = (&peer, over.clone());
            scope.spawn(move || {
                let long = wait(move |_| {
                    // The rest is not needed when the ten are done.
                    if !done.load(Ordering::Relaxed) {
                        thread::sleep(2 * MILLISECOND);
                    }
                });
                collect(peer, LONG, &long)
            });
            thread::sleep(30 * MILLISECOND);
            let wall = collect(peer, 10, &sleep);
            over.store(true, Ordering::Relaxed);
            wall
        });
        vec![milliseconds(wall)]
    }
}

fn two_callers<P: Collect + Sync>(ideal: Duration) -> impl FnMut() -> Vec<f64> {
    let (peer, sleep) = (P::new(WORKERS), wait(|_| thread::sleep(MILLISECOND)));
    move || {
        let both = Barrier::new(2);
        let caller = || {
            both.wait();
            let begun = Instant::now();
            collect(&peer, EACH, &sleep);
            begun.elapsed()
        };
        let (one, other) = thread::scope(|scope| {
            let other = scope.spawn(caller);
            (caller(), other.join().expect("the other caller"))
        });
        let (first, last) = (one.min(other).as_secs_f64(), one.max(other).as_secs_f64());
        vec![last / ideal.as_secs_f64(), first / last]
    }
}
