//! Measures how long a result is under way: from the end of its call until the consumer has it.

use super::{Wait, contenders, stream};
use crate::measure::{Bound, Experiment, Figure};
use crate::peers::{
    Again, Buffered, Channels, JoinSet, OneByOne, Ours, Peer, ScopedMpsc, Stream, Threadpool,
    Unblock,
};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

const WAIT: Duration = Duration::from_millis(1);

pub(super) fn experiments() -> Vec<Experiment> {
    vec![
        experiment("light", "one at a time", 1, 200),
        experiment("heavy", "32 at a time", 32, 4_000),
    ]
}

fn experiment(name: &str, job: &str, workers: usize, inputs: usize) -> Experiment {
    let p50 = Figure::new("p50", "µs");
    Experiment {
        name: format!("latency/{name}"),
        job: format!("{inputs} sleeps of 1 ms, {job}: from a call's end to who takes its result"),
        figures: vec![
            p50.goal(Bound::Ratio(1.0, ScopedMpsc::NAME), Bound::Ratio(0.7, ScopedMpsc::NAME)),
            Figure::new("p99", "µs"),
        ],
        rounds: (2, 7),
        warm_up: true,
        contenders: Box::new(move || {
            contenders!(turn(workers, inputs) of
                Ours, ScopedMpsc, OneByOne, JoinSet, Buffered, Unblock, Threadpool, Channels, Again)
        }),
    }
}

fn turn<P: Stream>(workers: usize, inputs: usize) -> impl FnMut() -> Vec<f64> {
    let (peer, epoch) = (P::new(workers), Instant::now());
    let now = move || epoch.elapsed().as_nanos() as u64;
    let call: Wait = Arc::new(move |_| {
        thread::sleep(WAIT);
        now()
    });
    move || {
        let mut latencies = Vec::with_capacity(inputs);
        stream(&peer, inputs, &call, &mut |end| latencies.push(now() - end));
        latencies.sort_unstable();
        [inputs / 2, inputs * 99 / 100].map(|place| latencies[place] as f64 / 1e3).into()
    }
}
