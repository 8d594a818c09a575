//! Measures how well waits overlap: many sleeps at once, against a machine on which they would be exact.

use super::{collectors, milliseconds, to_ideal};
use crate::measure::{Bound, Contender, Experiment, Figure};
use crate::peers::python;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

pub(super) fn experiments() -> Vec<Experiment> {
    vec![experiment(64, 2_000, 1, 3), experiment(256, 20_000, 5, 0)]
}

fn experiment(workers: usize, inputs: usize, wait: u64, quick: usize) -> Experiment {
    let wait = Duration::from_millis(wait);
    let turns = inputs.div_ceil(workers);
    let ideal = wait * turns as u32;
    let wait_ms = milliseconds(wait);
    Experiment {
        name: format!("overlap/{workers}"),
        job: format!(
            "{inputs} sleeps of {wait_ms} ms, N = {workers}: wall ÷ {} ms; `{SLEEP_ALONE}`: {turns} sleeps \
             in each of {workers} threads that share nothing",
            milliseconds(ideal)
        ),
        figures: vec![
            Figure::new("wall", "× ideal")
                .goal(Bound::Ratio(1.05, SLEEP_ALONE), Bound::Ratio(1.0, SLEEP_ALONE)),
        ],
        rounds: (quick, 5),
        warm_up: true,
        contenders: Box::new(move || {
            let sleep = super::wait(move |_| thread::sleep(wait));
            let mut contenders = collectors!(to_ideal(workers, inputs, ideal, &sleep));
            contenders.push(sleep_alone(workers, turns, wait));
            contenders.extend(python("overlap", &[workers as f64, inputs as f64, wait_ms]));
            contenders
        }),
    }
}

/// The lateness of this machine: threads that share nothing but the start.
pub(super) const SLEEP_ALONE: &str = "sleep alone";

/// So many threads sleep so often: wall ÷ what they asked for, without the threads' start.
pub(super) fn sleep_alone(threads: usize, sleeps: usize, wait: Duration) -> Contender {
    each_alone(vec![vec![wait; sleeps]; threads])
}

/// A thread for each list of waits: wall ÷ the longest list.
pub(super) fn each_alone(waits: Vec<Vec<Duration>>) -> Contender {
    let ideal = waits.iter().map(|own| own.iter().sum::<Duration>()).max().unwrap_or_default();
    Contender::new(SLEEP_ALONE, move || {
        let all = Barrier::new(waits.len() + 1);
        let wall = thread::scope(|scope| {
            for own in &waits {
                let all = &all;
                scope.spawn(move || {
                    all.wait();
                    own.iter().for_each(|wait| thread::sleep(*wait));
                    all.wait();
                });
            }
            all.wait();
            let begun = Instant::now();
            all.wait();
            begun.elapsed()
        });
        vec![wall.as_secs_f64() / ideal.as_secs_f64()]
    })
}
