//! Measures calls beside another that takes all it gets of the only core: a thread that gives the core away between two
//! calls gets it back a time slice later. In processes of their own.

use super::{in_a_child, no_op};
use crate::measure::{AGAIN, Bound, Contender, Experiment, Figure, OURS};
use crate::peers::{
    Buffer, Channels, Collect, JoinSet, OneByOne, Ours, Peer, ScopedBounded, Stream,
};
use crate::process;
use std::hint;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

const WORKERS: usize = 2;
const MOST_CALLS: usize = 20_000;

pub(super) fn experiments() -> Vec<Experiment> {
    let experiment = |job: &'static str, how: &str, names: Vec<&'static str>| Experiment {
        name: job.replace('-', "/"),
        job: format!(
            "calls that do nothing on one core, N = {WORKERS}, {how}: wall beside a thread that never rests \
             ÷ wall alone; 2 is its fair share"
        ),
        figures: vec![
            Figure::new("wall", "× alone")
                .goal(Bound::Ratio(1.0, Channels::NAME), Bound::Ratio(1.0, OneByOne::NAME)),
            Figure::new("alone", "ns a call"),
        ],
        rounds: (0, 5),
        warm_up: false,
        contenders: Box::new(move || {
            let contender = |name| Contender::new(name, move || in_a_child(job, name));
            names.into_iter().map(contender).collect()
        }),
    };
    let (rayon, channels, tokio) = (OneByOne::NAME, Channels::NAME, JoinSet::NAME);
    vec![
        experiment(
            "hog-collect",
            "all results in order",
            vec![OURS, rayon, channels, tokio, AGAIN],
        ),
        experiment(
            "hog-stream",
            "results as they finish",
            vec![OURS, ScopedBounded::NAME, rayon, channels, tokio, AGAIN],
        ),
    ]
}

pub(super) fn child(job: &str, contender: &str) -> Option<Vec<f64>> {
    process::pin();
    fn collect<P: Collect>() -> Vec<f64> {
        let (peer, calls) = (P::new(WORKERS), P::CALLS.min(MOST_CALLS));
        beside(calls, || assert_eq!(peer.collect(calls, no_op).len(), calls))
    }
    fn stream<P: Stream>() -> Vec<f64> {
        let (peer, calls) = (P::new(WORKERS), P::STREAMED.min(MOST_CALLS));
        beside(calls, || {
            let mut count = 0;
            peer.stream(calls, Buffer::Bounded, no_op, |_| count += 1);
            assert_eq!(count, calls);
        })
    }
    Some(match (job, contender) {
        ("hog-collect", OURS | AGAIN) => collect::<Ours>(),
        ("hog-collect", OneByOne::NAME) => collect::<OneByOne>(),
        ("hog-collect", Channels::NAME) => collect::<Channels>(),
        ("hog-collect", JoinSet::NAME) => collect::<JoinSet>(),
        ("hog-stream", OURS | AGAIN) => stream::<Ours>(),
        ("hog-stream", ScopedBounded::NAME) => stream::<ScopedBounded>(),
        ("hog-stream", OneByOne::NAME) => stream::<OneByOne>(),
        ("hog-stream", Channels::NAME) => stream::<Channels>(),
        ("hog-stream", JoinSet::NAME) => stream::<JoinSet>(),
        _ => return None,
    })
}

/// The wall of `batch` beside a hog ÷ that alone, and alone for each call. Every thread that is started from here on is
/// on one core.
fn beside(calls: usize, batch: impl Fn()) -> Vec<f64> {
    let time = || {
        let begun = Instant::now();
        batch();
        begun.elapsed()
    };
    let alone = super::median(5, || time().as_secs_f64());
    let over = AtomicBool::new(false);
    let beside = thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                hint::spin_loop();
            }
        });
        // Until it has had its first turn.
        thread::sleep(Duration::from_millis(20));
        let beside = time();
        over.store(true, Ordering::Relaxed);
        beside.as_secs_f64()
    });
    vec![beside / alone, alone * 1e9 / calls as f64]
}
