//! Measures what a call costs that does nothing: CPU, time, switches and allocations.

use super::no_op;
use crate::allocator;
use crate::measure::{Bound, Contender, Experiment, Figure};
use crate::peers::{
    Again, Buffer, Buffered, Channels, Collect, JoinSet, OneByOne, Ordered, Ours, Pariter, Peer,
    Plain, Scoped, ScopedBounded, ScopedMpsc, Stream, Threadpool, Unblock, python,
};
use crate::process::{Usage, Used};
use std::time::Duration;

/// How the results are taken.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// All at once, in order.
    Collect,
    /// In a loop, in order.
    Loop,
    /// In a loop, as they finish.
    Stream,
}

/// A contender that is ready to run so many no-op calls.
type Job = Box<dyn Fn(usize) -> Output>;

/// What the calls returned, for a check that costs no contender anything.
pub(crate) enum Output {
    Results(Vec<u64>),
    Sum { results: usize, sum: u64, in_order: bool },
}

/// A run lasts at least so long, so that its CPU time means something.
const RUN: Duration = Duration::from_millis(30);

pub(super) fn experiments() -> Vec<Experiment> {
    let mut experiments = Vec::new();
    for workers in [2, 32] {
        experiments.push(experiment(Shape::Collect, workers, Buffer::Bounded, 3));
        experiments.push(experiment(Shape::Stream, workers, Buffer::Bounded, 3));
        experiments.push(experiment(Shape::Stream, workers, Buffer::Unbounded, 0));
        experiments.push(experiment(Shape::Loop, workers, Buffer::Bounded, 0));
        experiments.push(experiment(Shape::Loop, workers, Buffer::Unbounded, 0));
    }
    experiments
}

fn experiment(shape: Shape, workers: usize, buffer: Buffer, quick: usize) -> Experiment {
    let (shape_name, job) = match shape {
        Shape::Collect => ("collect", "all results in order"),
        Shape::Loop => ("loop", "results in order, one by one"),
        Shape::Stream => ("stream", "results as they finish, one by one"),
    };
    let (suffix, bound) = match (shape, buffer) {
        (Shape::Collect, _) => ("", ""),
        (_, Buffer::Bounded) => ("", ", buffer 16 × N"),
        (_, Buffer::Unbounded) => ("/unbounded", ", buffer unbounded"),
    };
    let mut cpu = Figure::new("cpu", "ns a call");
    match shape {
        Shape::Collect => {
            cpu = cpu.goal(Bound::Ratio(1.0, OneByOne::NAME), Bound::Ratio(2.0, Scoped::NAME))
        }
        Shape::Stream => {
            cpu = cpu.goal(Bound::Ratio(1.0, Channels::NAME), Bound::Ratio(1.0, ScopedMpsc::NAME))
        }
        Shape::Loop => {}
    }
    Experiment {
        name: format!("noop/{shape_name}/{workers}{suffix}"),
        job: format!("calls that do nothing, N = {workers}, {job}{bound}"),
        figures: vec![
            cpu,
            Figure::new("wall", "ns a call"),
            Figure::new("switches", "a call"),
            Figure::new("allocations", "a call"),
        ],
        rounds: (quick, 7),
        warm_up: true,
        contenders: Box::new(move || {
            let jobs = names(shape, buffer).into_iter().map(|(name, calls)| {
                let job =
                    prepared(name, shape, workers, buffer).expect("a contender of this shape");
                Contender::new(name, turn(job, calls))
            });
            let stream = if shape == Shape::Stream { 1.0 } else { 0.0 };
            let python = (shape != Shape::Loop && buffer == Buffer::Bounded)
                .then(|| python("noop", &[workers as f64, 3_000.0, stream]));
            jobs.chain(python.flatten()).collect()
        }),
    }
}

/// Who takes part, and the calls in a batch of it.
fn names(shape: Shape, buffer: Buffer) -> Vec<(&'static str, usize)> {
    macro_rules! names {
        ($calls:ident of $($peer:ty),+) => { vec![$((<$peer>::NAME, <$peer>::$calls)),+] };
    }
    match (shape, buffer) {
        (Shape::Collect, _) => names![CALLS of
            Ours, Scoped, Plain, OneByOne, JoinSet, Buffered, Unblock, Threadpool, Channels, Pariter, Again],
        (Shape::Loop, Buffer::Bounded) => {
            names![STREAMED of Ours, Buffered, Unblock, Channels, Pariter, Again]
        }
        (Shape::Loop, Buffer::Unbounded) => names![STREAMED of Ours, Channels, Again],
        // `mpsc` has no bound, and is here as the mark to reach.
        (Shape::Stream, Buffer::Bounded) => names![STREAMED of
            Ours, ScopedMpsc, ScopedBounded, OneByOne, JoinSet, Buffered, Unblock, Channels, Again],
        (Shape::Stream, Buffer::Unbounded) => {
            names![STREAMED of Ours, ScopedMpsc, OneByOne, Threadpool, Channels, Again]
        }
    }
}

/// The named contender with a pool of `workers`.
pub(crate) fn prepared(name: &str, shape: Shape, workers: usize, buffer: Buffer) -> Option<Job> {
    macro_rules! find {
        ($prepare:ident of $($peer:ty),+) => {
            $(if name == <$peer>::NAME { return Some($prepare::<$peer>(workers, buffer)); })+
        };
    }
    match shape {
        Shape::Collect => {
            find!(collect of
                Ours, Scoped, Plain, OneByOne, JoinSet, Buffered, Unblock, Threadpool, Channels, Pariter, Again);
        }
        Shape::Loop => {
            find!(ordered of Ours, Buffered, Unblock, Channels, Pariter, Again);
        }
        Shape::Stream => {
            find!(stream of
                Ours, ScopedMpsc, ScopedBounded, OneByOne, JoinSet, Buffered, Unblock, Threadpool, Channels, Again);
        }
    }
    None
}

fn collect<P: Collect>(workers: usize, _: Buffer) -> Job {
    let peer = P::new(workers);
    Box::new(move |calls| Output::Results(peer.collect(calls, no_op)))
}

fn ordered<P: Ordered>(workers: usize, buffer: Buffer) -> Job {
    let peer = P::new(workers);
    Box::new(move |calls| {
        let (mut results, mut sum, mut in_order) = (0, 0, true);
        peer.ordered(calls, buffer, no_op, |result| {
            in_order &= result == results as u64;
            results += 1;
            sum += result;
        });
        Output::Sum { results, sum, in_order }
    })
}

fn stream<P: Stream>(workers: usize, buffer: Buffer) -> Job {
    let peer = P::new(workers);
    Box::new(move |calls| {
        let (mut results, mut sum) = (0, 0);
        peer.stream(calls, buffer, no_op, |result| {
            results += 1;
            sum += result;
        });
        Output::Sum { results, sum, in_order: true }
    })
}

impl Output {
    pub(crate) fn check(&self, calls: usize) {
        let right = match self {
            Self::Results(results) => results.iter().copied().eq(0..calls as u64),
            Self::Sum { results, sum, in_order } => {
                *in_order && *results == calls && *sum == (0..calls as u64).sum::<u64>()
            }
        };
        assert!(right, "every result, once and in its place");
    }
}

fn turn(job: Job, calls: usize) -> impl FnMut() -> Vec<f64> {
    let mut allocations = None;
    move || {
        // The same in every round, within a few: so it is counted once, and not while the time is taken.
        let allocations = *allocations.get_or_insert_with(|| {
            job(calls).check(calls);
            allocator::allocated(|| drop(job(calls))).allocations
        });
        let (mut used, mut batches) = (Used::default(), 0);
        while used.cpu < RUN {
            let before = Usage::now();
            let output = job(calls);
            used += before.since();
            output.check(calls);
            batches += 1;
        }
        let all = (batches * calls) as f64;
        vec![
            used.cpu.as_secs_f64() * 1e9 / all,
            used.wall.as_secs_f64() * 1e9 / all,
            used.switches as f64 / all,
            allocations as f64 / calls as f64,
        ]
    }
}
