//! Measures batches inside calls when all workers are busy with such calls. Most pools wait for ever here.

use super::overlap::{SLEEP_ALONE, sleep_alone};
use crate::measure::{AGAIN, Bound, Contender, Experiment, Figure, OURS};
use crate::peers::{OneByOne, Peer};
use pool_core::Pool;
use rayon::iter::{IndexedParallelIterator, IntoParallelIterator, ParallelIterator};
use std::thread;
use std::time::{Duration, Instant};

const WORKERS: usize = 8;
const INNER: usize = 40;
const WAIT: Duration = Duration::from_millis(1);

pub(super) fn experiments() -> Vec<Experiment> {
    vec![Experiment {
        name: "nested".into(),
        job: format!(
            "{WORKERS} calls that each run {INNER} sleeps of 1 ms on the same pool, N = {WORKERS}: wall ÷ {INNER} ms"
        ),
        figures: vec![
            Figure::new("wall", "× ideal")
                .goal(Bound::Ratio(1.15, SLEEP_ALONE), Bound::Ratio(1.0, SLEEP_ALONE)),
        ],
        rounds: (3, 7),
        warm_up: true,
        contenders: Box::new(|| {
            let [ours, again] = [OURS, AGAIN].map(|name| {
                let pool = Pool::new(WORKERS);
                Contender::new(name, move || {
                    timed(|| {
                        let inner = |_| pool.map(0..INNER, sleep).collect::<Vec<_>>().len();
                        pool.map(0..WORKERS, inner).collect::<Vec<_>>().into_iter().sum()
                    })
                })
            });
            let pool = OneByOne::new(WORKERS).0;
            let rayon = Contender::new(OneByOne::NAME, move || {
                timed(|| {
                    let one_by_one = |inputs| (0..inputs).into_par_iter().with_max_len(1);
                    let inner = |_| one_by_one(INNER).map(sleep).collect::<Vec<_>>().len();
                    pool.install(|| one_by_one(WORKERS).map(inner).collect::<Vec<_>>())
                        .into_iter()
                        .sum()
                })
            });
            vec![ours, rayon, sleep_alone(WORKERS, INNER, WAIT), again]
        }),
    }]
}

fn sleep(_: usize) {
    thread::sleep(WAIT);
}

fn timed(run: impl FnOnce() -> usize) -> Vec<f64> {
    let begun = Instant::now();
    let results = run();
    let wall = begun.elapsed();
    assert_eq!(results, WORKERS * INNER);
    vec![wall.as_secs_f64() / (WAIT * INNER as u32).as_secs_f64()]
}
