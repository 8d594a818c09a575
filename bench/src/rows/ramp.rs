//! Measures how soon all of a wide pool's workers are at work.

use super::{Wait, contenders, results};
use crate::measure::{Experiment, Figure};
use crate::peers::{
    Again, Buffered, Channels, Collect, JoinSet, OneByOne, Ours, Pariter, Plain, Scoped,
    Threadpool, Unblock,
};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

const WORKERS: usize = 256;
/// Longer than any ramp, so that every call needs a thread of its own.
const CALL: Duration = Duration::from_millis(100);

pub(super) fn experiments() -> Vec<Experiment> {
    let experiment = |name: &str, job, contenders| Experiment {
        name: format!("ramp/{WORKERS}/{name}"),
        job: format!(
            "{WORKERS} sleeps of {} ms, N = {WORKERS}, {job}: until the last of them has begun",
            CALL.as_millis()
        ),
        figures: vec![Figure::new("wall", "ms")],
        rounds: (0, 5),
        warm_up: true,
        contenders,
    };
    vec![
        experiment(
            "cold",
            "a new pool",
            Box::new(|| {
                contenders!(cold() of
                    Ours, Scoped, Plain, OneByOne, JoinSet, Buffered, Threadpool, Channels, Pariter, Again)
            }),
        ),
        experiment(
            "warm",
            "threads that are there",
            Box::new(
                || contenders!(warm() of Ours, Plain, OneByOne, JoinSet, Buffered, Unblock, Threadpool, Again),
            ),
        ),
    ]
}

fn cold<P: Collect>() -> impl FnMut() -> Vec<f64> {
    || {
        let begun = Instant::now();
        vec![last(&P::new(WORKERS), begun)]
    }
}

fn warm<P: Collect>() -> impl FnMut() -> Vec<f64> {
    let peer = P::new(WORKERS);
    move || {
        last(&peer, Instant::now());
        vec![last(&peer, Instant::now())]
    }
}

fn last<P: Collect>(peer: &P, begun: Instant) -> f64 {
    let call: Wait = Arc::new(move |_| {
        let start = begun.elapsed();
        thread::sleep(CALL);
        start.as_nanos() as u64
    });
    let (starts, _) = results(peer, WORKERS, &call);
    starts.into_iter().max().map_or(f64::NAN, |last| last as f64 / 1e6)
}
