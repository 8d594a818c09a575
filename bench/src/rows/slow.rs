//! Measures what a few slow calls do to a batch, wherever they are: a worker that claims several inputs at once puts
//! fast ones behind slow ones.

use super::overlap::{SLEEP_ALONE, each_alone};
use super::{collectors, to_ideal, wait};
use crate::measure::{Bound, Experiment, Figure};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::thread;
use std::time::Duration;

const WORKERS: usize = 64;
const INPUTS: usize = 2_000;
const SLOW: usize = INPUTS / 100;
const FAST_WAIT: Duration = Duration::from_millis(5);
const SLOW_WAIT: Duration = Duration::from_millis(100);

pub(super) fn experiments() -> Vec<Experiment> {
    let waits = |slow: fn(usize) -> bool| {
        (0..INPUTS).map(|input| if slow(input) { SLOW_WAIT } else { FAST_WAIT }).collect::<Vec<_>>()
    };
    // Fast ones that are over at once teach a scheduler that adapts to take many.
    let after_a_run =
        (0..10_100).map(|input| if input < 10_000 { Duration::ZERO } else { SLOW_WAIT }).collect();
    vec![
        experiment("start", "the first ones", 1, waits(|input| input < SLOW)),
        experiment("random", "scattered ones", 0, waits(|input| input * 7_919 % INPUTS < SLOW)),
        experiment(
            "clustered",
            "one run in the middle",
            0,
            waits(|input| (900..900 + SLOW).contains(&input)),
        ),
        experiment("end", "the last ones", 0, waits(|input| input >= INPUTS - SLOW)),
        experiment("after a run", "100 after 10,000 that return at once", 0, after_a_run),
    ]
}

fn experiment(place: &str, which: &str, quick: usize, waits: Vec<Duration>) -> Experiment {
    let schedule = schedule(&waits);
    let bound = schedule.iter().map(|own| own.iter().sum::<Duration>()).max().unwrap_or_default();
    Experiment {
        name: format!("slow/{}", place.replace(' ', "-")),
        job: format!(
            "1 % of the calls sleep {} ms, {which}; the others {} ms; N = {WORKERS}: wall ÷ {:.0} ms, what \
             their order allows; `{SLEEP_ALONE}`: {WORKERS} threads that share nothing, and know their waits before",
            SLOW_WAIT.as_millis(),
            waits.iter().min().map_or(0, Duration::as_millis),
            bound.as_secs_f64() * 1e3,
        ),
        figures: vec![
            Figure::new("wall", "× bound")
                .goal(Bound::Ratio(1.03, SLEEP_ALONE), Bound::Ratio(1.0, SLEEP_ALONE)),
        ],
        rounds: (quick, 5),
        warm_up: true,
        contenders: Box::new(move || {
            let inputs = waits.len();
            let call = wait(move |input| {
                if !waits[input].is_zero() {
                    thread::sleep(waits[input]);
                }
            });
            let mut contenders = collectors!(to_ideal(WORKERS, inputs, bound, &call));
            contenders.push(each_alone(schedule));
            contenders
        }),
    }
}

/// The waits of each worker, if each input in its turn goes to the worker that is free first, and nothing else takes
/// time. A scheduler that does not know how long calls take does better only by luck.
fn schedule(waits: &[Duration]) -> Vec<Vec<Duration>> {
    let mut free: BinaryHeap<_> =
        (0..WORKERS).map(|worker| Reverse((Duration::ZERO, worker))).collect();
    let mut schedule = vec![Vec::new(); WORKERS];
    for wait in waits {
        if let Some(mut first) = free.peek_mut() {
            let Reverse((at, worker)) = &mut *first;
            *at += *wait;
            if !wait.is_zero() {
                schedule[*worker].push(*wait);
            }
        }
    }
    schedule
}
