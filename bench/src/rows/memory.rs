//! Measures how much is held at once when a million inputs are made one by one: who takes them all first holds them
//! all.

use crate::allocator;
use crate::measure::{AGAIN, Bound, Contender, Experiment, Figure, OURS};
use crate::peers::{Buffered, Channels, OneByOne, Pariter, Peer, Scoped, Threadpool};
use futures_util::{StreamExt, stream};
use pariter::IteratorExt;
use pool_core::Pool;
use rayon::iter::{ParallelBridge, ParallelIterator};
use std::convert::Infallible;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, mpsc};
use std::thread;

const WORKERS: usize = 64;
const INPUTS: usize = 1_000_000;
const BYTES: usize = 100;

type Input = Vec<u8>;

pub(super) fn experiments() -> Vec<Experiment> {
    vec![
        experiment("stream", "as they finish", 0, || {
            let [ours, again] = [OURS, AGAIN].map(|name| {
                let pool = Pool::new(WORKERS);
                turn(name, move |sum| {
                    let batch =
                        pool.as_completed(inputs(), |input| Ok::<_, Infallible>(call(input)));
                    batch.for_each(|done| *sum += done.result.expect("the call returns"));
                })
            });
            vec![ours, scoped(), par_bridge(), channels(), buffered(), threadpool(), again]
        }),
        experiment("ordered", "in order", 1, || {
            let [ours, again] = [OURS, AGAIN].map(|name| {
                let pool = Pool::new(WORKERS);
                turn(name, move |sum| {
                    pool.map(inputs(), |input| call(&input)).for_each(|result| *sum += result);
                })
            });
            let pariter = turn(Pariter::NAME, |sum| {
                let results = inputs()
                    .parallel_map_custom(|options| options.threads(WORKERS), |input| call(&input));
                results.for_each(|result| *sum += result);
            });
            vec![ours, pariter, again]
        }),
    ]
}

fn experiment(
    name: &str,
    order: &str,
    quick: usize,
    contenders: impl FnOnce() -> Vec<Contender> + 'static,
) -> Experiment {
    let peak = Figure::new("peak", "bytes an input");
    Experiment {
        name: format!("memory/{name}"),
        job: format!(
            "{INPUTS} inputs of {BYTES} bytes, made one by one, N = {WORKERS}, results {order}: the most that is \
             allocated at once"
        ),
        figures: vec![peak.goal(Bound::Figure(16.0), Bound::Figure(4.0))],
        rounds: (quick, 3),
        warm_up: false,
        contenders: Box::new(contenders),
    }
}

fn inputs() -> impl Iterator<Item = Input> + Send + 'static {
    (0..INPUTS).map(|input| vec![input as u8; BYTES])
}

fn call(input: &Input) -> usize {
    input.len()
}

fn turn(name: &'static str, run: impl Fn(&mut usize) + 'static) -> Contender {
    Contender::new(name, move || {
        let mut sum = 0;
        let peak = allocator::allocated(|| run(&mut sum)).peak;
        assert_eq!(sum, INPUTS * BYTES, "{name}");
        vec![peak as f64 / INPUTS as f64]
    })
}

fn scoped() -> Contender {
    turn(Scoped::NAME, |sum| {
        let (inputs, all) = (Mutex::new(inputs()), AtomicUsize::new(0));
        let next = || inputs.lock().expect("the inputs").next();
        thread::scope(|scope| {
            for _ in 0..WORKERS {
                scope.spawn(|| {
                    while let Some(input) = next() {
                        all.fetch_add(call(&input), Ordering::Relaxed);
                    }
                });
            }
        });
        *sum = all.into_inner();
    })
}

fn par_bridge() -> Contender {
    let pool = OneByOne::new(WORKERS).0;
    turn("rayon, par_bridge", move |sum| {
        *sum = pool.install(|| inputs().par_bridge().map(|input| call(&input)).sum());
    })
}

fn channels() -> Contender {
    turn(Channels::NAME, |sum| {
        let (sender, jobs) = crossbeam_channel::bounded::<Input>(16 * WORKERS);
        let (output, results) = crossbeam_channel::bounded(16 * WORKERS);
        thread::scope(|scope| {
            for _ in 0..WORKERS {
                let (jobs, output) = (jobs.clone(), output.clone());
                scope.spawn(move || jobs.iter().try_for_each(|job| output.send(call(&job))));
            }
            drop((jobs, output));
            scope.spawn(move || inputs().try_for_each(|job| sender.send(job)));
            *sum = results.iter().sum();
        });
    })
}

fn buffered() -> Contender {
    let runtime = tokio::runtime::Builder::new_multi_thread().build().expect("a runtime");
    turn(Buffered::NAME, move |sum| {
        runtime.block_on(async {
            let calls = stream::iter(inputs())
                .map(|input| tokio::task::spawn_blocking(move || call(&input)));
            let mut results = calls.buffer_unordered(WORKERS);
            while let Some(result) = results.next().await {
                *sum += result.expect("the call returns");
            }
        });
    })
}

fn threadpool() -> Contender {
    let pool = Threadpool::new(WORKERS).0;
    turn(Threadpool::NAME, move |sum| {
        let (sender, results) = mpsc::channel();
        for input in inputs() {
            let sender = sender.clone();
            pool.execute(move || _ = sender.send(call(&input)));
        }
        drop(sender);
        *sum = results.into_iter().sum();
    })
}
