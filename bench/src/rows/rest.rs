//! Measures calls that rest: what they hold up, what each of them weighs, and whether a pause costs anything.

use super::in_a_child;
use crate::measure::{Bound, Contender, Experiment, Figure, OURS};
use crate::process;
use pool_core::{Pool, back_off, sleep};
use std::convert::Infallible;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

const CAP: usize = 8;
const INPUTS: usize = 400;
/// One in so many fails once.
const FAILS: usize = 10;
const CALL: Duration = Duration::from_millis(20);
const REST: Duration = Duration::from_secs(1);
const RESTING: usize = 10_000;
const PAUSED: usize = 64;

const SLEEP: &str = "with `sleep`";

pub(super) fn experiments() -> Vec<Experiment> {
    let calls = INPUTS + INPUTS / FAILS;
    let ideal = CALL * calls as u32 / CAP as u32;
    // When the last input that fails can have rested, if nothing before it was held up.
    let bound = CALL * (INPUTS - FAILS) as u32 / CAP as u32 + CALL + REST + CALL;
    vec![
        Experiment {
            name: format!("rest/{CAP}"),
            job: format!(
                "{INPUTS} calls of 20 ms, N = {CAP}; 10 % fail once, rest for 1 s and try again: wall ÷ {} ms, which \
                 the {calls} attempts alone take, and ÷ {} ms, at which the last input that fails has rested and tried \
                 again",
                ideal.as_millis(),
                bound.as_millis()
            ),
            figures: vec![
                Figure::new("wall", "× ideal"),
                Figure::new("last", "× bound").goal(Bound::Figure(1.05), Bound::Figure(1.02)),
                Figure::new("peak", "calls at once"),
                Figure::new("threads", "at most"),
            ],
            rounds: (1, 3),
            warm_up: false,
            contenders: Box::new(move || {
                vec![
                    Contender::new(OURS, move || rests([ideal, bound], back_off)),
                    Contender::new(SLEEP, move || rests([ideal, bound], sleep)),
                ]
            }),
        },
        child(
            "resting",
            RESTING,
            "calls that rest at once: resident memory",
            Figure::new("memory", "KiB a call"),
        ),
        child(
            "paused",
            PAUSED,
            "workers of a pool that is paused, for 3 s, with as many calls waiting",
            Figure::new("switches", "in 3 s"),
        ),
    ]
}

fn child(job: &'static str, count: usize, what: &str, figure: Figure) -> Experiment {
    Experiment {
        name: format!("{job}/{count}"),
        job: format!("{count} {what}"),
        figures: vec![figure],
        rounds: (0, 3),
        warm_up: false,
        contenders: Box::new(move || vec![Contender::new(OURS, move || in_a_child(job, OURS))]),
    }
}

fn rests(to: [Duration; 2], rest: fn(Duration) -> bool) -> Vec<f64> {
    let pool = Pool::new(CAP);
    let (running, peak, threads) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
    let attempt = || {
        peak.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        std::thread::sleep(CALL);
        running.fetch_sub(1, Ordering::SeqCst);
    };
    let begun = Instant::now();
    // In the order of the inputs, the first of these calls would hold back all results after it.
    pool.as_completed(0..INPUTS, |n| {
        attempt();
        if n % FAILS == 0 {
            threads.fetch_max(pool.stats().threads, Ordering::SeqCst);
            assert!(rest(REST));
            attempt();
        }
        Ok::<_, Infallible>(())
    })
    .for_each(drop);
    let figure = |count: AtomicUsize| count.into_inner() as f64;
    let wall = begun.elapsed().as_secs_f64();
    let [ideal, bound] = to.map(|to| wall / to.as_secs_f64());
    vec![ideal, bound, figure(peak), figure(threads)]
}

/// What each call weighs that rests.
pub(super) fn resting() -> Vec<f64> {
    let (pool, before) = (Pool::new(CAP), process::resident_kib());
    let batch = pool.map(0..RESTING, |_| back_off(Duration::MAX)).buffer(RESTING).start();
    while pool.stats().resting < RESTING {
        std::thread::sleep(Duration::from_millis(10));
    }
    let weight = process::resident_kib().saturating_sub(before) as f64 / RESTING as f64;
    batch.stop_handle().stop();
    assert!(batch.count() <= RESTING);
    vec![weight]
}

/// How often the threads of a paused pool run.
pub(super) fn paused() -> Vec<f64> {
    let pool = Pool::new(PAUSED);
    pool.map(0..PAUSED, |_| std::thread::sleep(Duration::from_millis(50))).for_each(drop);
    pool.pause_for(Duration::from_secs(3_600));
    let tasks: Vec<_> = (0..PAUSED).map(|_| pool.submit(|| ())).collect();
    std::thread::sleep(Duration::from_millis(300));
    let switches = super::idle::switches_in(super::idle::WATCHED);
    pool.resume();
    tasks.into_iter().for_each(|task| task.join().expect("it ends"));
    vec![switches]
}
