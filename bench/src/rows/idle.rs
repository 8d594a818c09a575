//! Measures threads that have nothing to do: what they cost in time, and in memory. In processes of their own.

use super::{Wait, collect, in_a_child, results, wait};
use crate::measure::{AGAIN, Bound, Contender, Experiment, Figure, OURS};
use crate::peers::{
    Buffered, Channels, Collect, OneByOne, Ours, Pariter, Peer, Scoped, Threadpool, Unblock,
};
use crate::process::{self, Usage};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

const IDLE: usize = 64;
pub(super) const WATCHED: Duration = Duration::from_secs(3);
const WIDE: usize = 256;

pub(super) fn experiments() -> Vec<Experiment> {
    let children = |job: &'static str, names: Vec<&'static str>| {
        names.into_iter().map(|name| Contender::new(name, move || in_a_child(job, name))).collect()
    };
    let switches = Figure::new("switches", "in 3 s");
    vec![
        Experiment {
            name: format!("idle/{IDLE}"),
            job: format!("{IDLE} threads without work, for 3 s"),
            figures: vec![
                switches.goal(Bound::Figure(2.0), Bound::Figure(0.0)),
                Figure::new("cpu", "µs in 3 s"),
                Figure::new("threads", "at the end"),
            ],
            rounds: (0, 2),
            warm_up: false,
            contenders: Box::new(move || {
                children(
                    "idle",
                    vec![
                        OURS,
                        OneByOne::NAME,
                        Buffered::NAME,
                        Unblock::NAME,
                        Threadpool::NAME,
                        AGAIN,
                    ],
                )
            }),
        },
        Experiment {
            name: format!("thread/{WIDE}"),
            job: format!(
                "{WIDE} threads, each in a call that sleeps: resident memory above that of the process before"
            ),
            figures: vec![Figure::new("memory", "KiB a thread")],
            rounds: (0, 3),
            warm_up: false,
            contenders: Box::new(move || {
                children(
                    "thread",
                    vec![
                        OURS,
                        Scoped::NAME,
                        OneByOne::NAME,
                        Buffered::NAME,
                        Threadpool::NAME,
                        Channels::NAME,
                        Pariter::NAME,
                        AGAIN,
                    ],
                )
            }),
        },
    ]
}

pub(super) fn idle(contender: &str) -> Option<Vec<f64>> {
    fn watch<P: Collect>() -> Vec<f64> {
        let pool = P::new(IDLE);
        collect(&pool, IDLE, &wait(|_| thread::sleep(Duration::from_millis(50))));
        thread::sleep(Duration::from_millis(300));
        let usage = Usage::now();
        let switches = switches_in(WATCHED);
        let cpu = usage.since().cpu;
        let threads = process::switches_by_thread().len() - 1;
        drop(pool);
        vec![switches, cpu.as_secs_f64() * 1e6, threads as f64]
    }
    Some(match contender {
        OURS | AGAIN => watch::<Ours>(),
        OneByOne::NAME => watch::<OneByOne>(),
        Buffered::NAME => watch::<Buffered>(),
        Unblock::NAME => watch::<Unblock>(),
        Threadpool::NAME => watch::<Threadpool>(),
        _ => return None,
    })
}

/// How often the threads of this process run in that time, but for the one that looks.
pub(super) fn switches_in(time: Duration) -> f64 {
    let before = process::switches_by_thread();
    thread::sleep(time);
    let main = u64::from(std::process::id());
    let after = process::switches_by_thread();
    let others = after.iter().filter(|(thread, _)| **thread != main);
    let switches: u64 = others
        .map(|(thread, switches)| switches - before.get(thread).copied().unwrap_or_default())
        .sum();
    switches as f64
}

pub(super) fn thread(contender: &str) -> Option<Vec<f64>> {
    fn weigh<P: Collect>() -> Vec<f64> {
        let before = process::resident_kib();
        let call: Wait = Arc::new(|input| {
            thread::sleep(Duration::from_millis(100));
            // By one of them, while all are inside.
            let weight = if input == 0 { process::resident_kib() } else { 0 };
            thread::sleep(Duration::from_millis(100));
            weight
        });
        let (weights, _) = results(&P::new(WIDE), WIDE, &call);
        vec![weights[0].saturating_sub(before) as f64 / WIDE as f64]
    }
    Some(match contender {
        OURS | AGAIN => weigh::<Ours>(),
        Scoped::NAME => weigh::<Scoped>(),
        OneByOne::NAME => weigh::<OneByOne>(),
        Buffered::NAME => weigh::<Buffered>(),
        Threadpool::NAME => weigh::<Threadpool>(),
        Channels::NAME => weigh::<Channels>(),
        Pariter::NAME => weigh::<Pariter>(),
        _ => return None,
    })
}
