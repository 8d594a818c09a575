//! Measures short batches one after the other on a pool whose threads are there.

use super::{collectors, microseconds, no_op};
use crate::measure::{Bound, Experiment, Figure};
use crate::peers::{Collect, OneByOne, Peer};
use crate::process::Usage;
use std::time::{Duration, Instant};

const WORKERS: usize = 8;
const INPUTS: usize = 10;
/// A turn lasts so long at least.
const TURN: Duration = Duration::from_millis(30);

pub(super) fn experiments() -> Vec<Experiment> {
    let wall = Figure::new("wall", "µs a batch");
    vec![Experiment {
        name: "warm/10".into(),
        job: format!(
            "batches of {INPUTS} calls that do nothing, back to back, N = {WORKERS}; threads that belong to \
             a batch are started anew"
        ),
        figures: vec![
            wall.goal(Bound::Ratio(1.0, OneByOne::NAME), Bound::Ratio(0.8, OneByOne::NAME)),
            Figure::new("cpu", "µs a batch"),
        ],
        rounds: (5, 11),
        warm_up: true,
        contenders: Box::new(|| collectors!(batches())),
    }]
}

fn batches<P: Collect>() -> impl FnMut() -> Vec<f64> {
    let peer = P::new(WORKERS);
    move || {
        let before = Usage::now();
        let (begun, mut batches) = (Instant::now(), 0);
        while begun.elapsed() < TURN {
            // So seldom is the clock looked at that it does not count.
            for _ in 0..20 {
                let results = peer.collect(INPUTS, no_op);
                assert!(results.into_iter().eq(0..INPUTS as u64), "{}", P::NAME);
                batches += 1;
            }
        }
        let used = before.since();
        [used.wall, used.cpu].map(|time| microseconds(time) / f64::from(batches)).into()
    }
}
