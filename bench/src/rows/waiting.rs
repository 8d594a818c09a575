//! Measures many calls that all wait at once: what each of them weighs, how soon the last one has begun, and how often
//! they are disturbed. In processes of their own.

use super::{in_a_child, milliseconds, wait};
use crate::measure::{AGAIN, Bound, Contender, Experiment, Figure, OURS};
use crate::peers::{Channels, Collect, FewThreads, OneByOne, Ours, Peer, Scoped, Threadpool};
use crate::process;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

const WIDTHS: [(&str, usize); 3] =
    [("waiting-64", 64), ("waiting-512", 512), ("waiting-4096", 4_096)];
const WATCHED: Duration = Duration::from_secs(1);

pub(super) fn experiments() -> Vec<Experiment> {
    let experiment = |(job, workers): (&'static str, usize)| Experiment {
        name: job.replace('-', "/"),
        job: format!("{workers} calls that wait, all at once, N = {workers}"),
        figures: vec![
            Figure::new("memory", "KiB a call"),
            Figure::new("ramp", "ms until the last one waits")
                .goal(Bound::Ratio(1.1, Scoped::NAME), Bound::Ratio(1.0, Scoped::NAME)),
            Figure::new("switches", "in 1 s"),
        ],
        rounds: (0, 3),
        warm_up: false,
        contenders: Box::new(move || {
            let mut names =
                vec![OURS, Scoped::NAME, FewThreads::NAME, Threadpool::NAME, Channels::NAME, AGAIN];
            // Each thread that it starts looks at all others, which takes minutes where there are thousands.
            if workers < 1_000 {
                names.push(OneByOne::NAME);
            }
            let contender = |name| Contender::new(name, move || in_a_child(job, name));
            names.into_iter().map(contender).collect()
        }),
    };
    WIDTHS.map(experiment).into()
}

pub(super) fn child(job: &str, contender: &str) -> Option<Vec<f64>> {
    let (_, workers) = WIDTHS.iter().find(|(name, _)| *name == job)?;
    Some(match contender {
        OURS | AGAIN => watch::<Ours>(*workers),
        Scoped::NAME => watch::<Scoped>(*workers),
        OneByOne::NAME => watch::<OneByOne>(*workers),
        FewThreads::NAME => watch::<FewThreads>(*workers),
        Threadpool::NAME => watch::<Threadpool>(*workers),
        Channels::NAME => watch::<Channels>(*workers),
        _ => return None,
    })
}

fn watch<P: Collect>(workers: usize) -> Vec<f64> {
    let (inside, open) =
        (Arc::new(AtomicUsize::new(0)), Arc::new((Mutex::new(false), Condvar::new())));
    let (own, gate) = (inside.clone(), open.clone());
    let call = wait(move |_| {
        own.fetch_add(1, Ordering::Relaxed);
        let open = gate.0.lock().expect("no call panics");
        drop(gate.1.wait_while(open, |open| !*open));
    });
    let (before, begun) = (process::resident_kib(), Instant::now());
    let batch = thread::spawn(move || super::collect(&P::new(workers), workers, &call));
    while inside.load(Ordering::Relaxed) < workers {
        thread::sleep(Duration::from_micros(50));
    }
    let ramp = begun.elapsed();
    let weight = process::resident_kib().saturating_sub(before);
    // Until the last ones sleep.
    thread::sleep(Duration::from_millis(100));
    let switches = || process::switches_by_thread().into_values().sum::<u64>();
    let already = switches();
    thread::sleep(WATCHED);
    // Not the one of the thread that looks.
    let switches = (switches() - already).saturating_sub(1);
    *open.0.lock().expect("no call panics") = true;
    open.1.notify_all();
    batch.join().expect("every result");
    vec![weight as f64 / workers as f64, milliseconds(ramp), switches as f64]
}
