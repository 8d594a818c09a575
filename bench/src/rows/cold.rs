//! Measures a pool that did not exist a moment ago: its first result, and a short batch.

use super::{collect, contenders, median, microseconds, stream, wait};
use crate::measure::{Bound, Experiment, Figure};
use crate::peers::{
    Again, Buffered, Channels, Collect, JoinSet, OneByOne, Ours, Pariter, Peer, Plain, Scoped,
    ScopedMpsc, Stream, Threadpool, python,
};
use std::thread;
use std::time::{Duration, Instant};

const WORKERS: usize = 8;
/// New pools in one turn; the middle one counts.
const POOLS: usize = 31;
/// Between two of them, for the threads of the one before to end.
const PAUSE: Duration = Duration::from_millis(1);

pub(super) fn experiments() -> Vec<Experiment> {
    let goal = |peer| (Bound::Ratio(1.1, peer), Bound::Ratio(1.0, peer));
    let (first_least, first_aim) = goal(ScopedMpsc::NAME);
    let (least, aim) = goal(Scoped::NAME);
    vec![
        Experiment {
            name: "cold/first".into(),
            job: format!(
                "a new pool, N = {WORKERS}, {WORKERS} calls that do nothing: until the first result is there"
            ),
            figures: vec![Figure::new("wall", "µs").goal(first_least, first_aim)],
            rounds: (3, 9),
            warm_up: true,
            contenders: Box::new(|| {
                let mut contenders = contenders!(first() of
                    Ours, ScopedMpsc, OneByOne, JoinSet, Buffered, Threadpool, Channels, Again);
                contenders.extend(python("first", &[WORKERS as f64, POOLS as f64]));
                contenders
            }),
        },
        Experiment {
            name: "cold/8".into(),
            job: format!(
                "a new pool, N = {WORKERS}, {WORKERS} sleeps of 1 ms: until all results are there"
            ),
            figures: vec![Figure::new("wall", "µs").goal(least, aim)],
            rounds: (3, 9),
            warm_up: true,
            contenders: Box::new(|| {
                let mut contenders = contenders!(short() of
                    Ours, Scoped, Plain, OneByOne, JoinSet, Buffered, Threadpool, Channels, Pariter, Again);
                contenders.extend(python("cold", &[WORKERS as f64, POOLS as f64]));
                contenders
            }),
        },
    ]
}

fn first<P: Stream>() -> impl FnMut() -> Vec<f64> {
    let nothing = wait(|_| ());
    move || {
        vec![median(POOLS, || {
            thread::sleep(PAUSE);
            let begun = Instant::now();
            let mut first = None;
            let peer = P::new(WORKERS);
            stream(&peer, WORKERS, &nothing, &mut |_| {
                _ = first.get_or_insert_with(|| begun.elapsed())
            });
            first.map_or(f64::NAN, microseconds)
        })]
    }
}

fn short<P: Collect>() -> impl FnMut() -> Vec<f64> {
    let sleep = wait(|_| thread::sleep(Duration::from_millis(1)));
    move || {
        vec![median(POOLS, || {
            thread::sleep(PAUSE);
            let begun = Instant::now();
            let peer = P::new(WORKERS);
            collect(&peer, WORKERS, &sleep);
            microseconds(begun.elapsed())
        })]
    }
}
