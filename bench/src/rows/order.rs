//! Measures how far the calls' starts are from the order of the inputs.

use super::{Wait, collectors, results};
use crate::measure::{Experiment, Figure};
use crate::peers::Collect;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

const WORKERS: usize = 8;
const INPUTS: usize = 800;

pub(super) fn experiments() -> Vec<Experiment> {
    vec![Experiment {
        name: "order".into(),
        job: format!(
            "{INPUTS} sleeps of 1 ms, N = {WORKERS}: how far the start of a call is from its turn, at most"
        ),
        figures: vec![Figure::new("displacement", "places")],
        rounds: (0, 5),
        warm_up: true,
        contenders: Box::new(|| collectors!(turn())),
    }]
}

fn turn<P: Collect>() -> impl FnMut() -> Vec<f64> {
    let peer = P::new(WORKERS);
    move || {
        let starts = AtomicU64::new(0);
        let call: Wait = Arc::new(move |_| {
            let turn = starts.fetch_add(1, Ordering::Relaxed);
            thread::sleep(Duration::from_millis(1));
            turn
        });
        let (turns, _) = results(&peer, INPUTS, &call);
        let displacement = (0..).zip(turns).map(|(input, turn)| turn.abs_diff(input)).max();
        vec![displacement.unwrap_or_default() as f64]
    }
}
