//! What is measured: one file for each group of rows.

mod cold;
mod crossover;
mod fleet;
mod hog;
mod idle;
mod io;
mod latency;
mod memory;
mod nested;
mod noop;
mod order;
mod overlap;
mod ramp;
mod real;
mod rest;
mod shared;
mod slow;
mod syscalls;
mod waiting;
mod warm;

pub(crate) use self::fleet::serve;
use crate::measure::Experiment;
use crate::peers::{Buffer, Collect, Stream};
use std::hint;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// All experiments, in the order of the table.
pub(crate) fn all() -> Vec<Experiment> {
    let groups = [
        noop::experiments(),
        syscalls::experiments(),
        overlap::experiments(),
        slow::experiments(),
        io::experiments(),
        cold::experiments(),
        warm::experiments(),
        ramp::experiments(),
        latency::experiments(),
        shared::experiments(),
        order::experiments(),
        nested::experiments(),
        idle::experiments(),
        memory::experiments(),
        hog::experiments(),
        real::experiments(),
        waiting::experiments(),
        crossover::experiments(),
        rest::experiments(),
        fleet::experiments(),
    ];
    groups.into_iter().flatten().collect()
}

/// What a process of its own does for one contender: `bench child JOB CONTENDER`, and its figures on standard output.
pub(crate) fn child(arguments: &[String]) -> Option<Vec<f64>> {
    match arguments {
        [job, contender] if job == "idle" => idle::idle(contender),
        [job, contender] if job == "echo" => Some(fleet::echo(contender)),
        [job, _] if job == "resting" => Some(rest::resting()),
        [job, _] if job == "paused" => Some(rest::paused()),
        [job, contender] if job == "thread" => idle::thread(contender),
        [job, contender] if job.starts_with("hog") => hog::child(job, contender),
        [job, _] if job == "answers" => crossover::answers(),
        [job, contender] if job.starts_with("crossover") => crossover::child(job, contender),
        [job, contender] if job.starts_with("waiting") => waiting::child(job, contender),
        [job, contender, calls] if job == "noop" => syscalls::noop(contender, calls.parse().ok()?),
        _ => None,
    }
}

/// This program once more, at one job.
fn in_a_child(job: &str, contender: &str) -> Vec<f64> {
    let program = std::env::current_exe().expect("the path of this program");
    let output =
        Command::new(program).args(["child", job, contender]).stderr(Stdio::inherit()).output();
    let output = output.expect("a child starts");
    assert!(output.status.success(), "{contender} at {job}");
    numbers(&output.stdout)
}

/// What a process prints, with spaces between.
pub(crate) fn numbers(printed: &[u8]) -> Vec<f64> {
    let words = std::str::from_utf8(printed).expect("words").split_whitespace();
    words.map(|word| word.parse().expect("a number")).collect()
}

/// The named function for each of the peers, as a list of contenders.
macro_rules! contenders {
    ($turn:ident $arguments:tt of $($peer:ty),+ $(,)?) => {
        vec![$($crate::measure::Contender::new(
            <$peer as $crate::peers::Peer>::NAME,
            $turn::<$peer> $arguments,
        )),+]
    };
}
use contenders;

/// The same for all that collect results in order.
macro_rules! collectors {
    ($turn:ident $arguments:tt) => {
        $crate::rows::contenders!($turn $arguments of
            $crate::peers::Ours, $crate::peers::Scoped, $crate::peers::Plain, $crate::peers::OneByOne,
            $crate::peers::JoinSet, $crate::peers::Buffered, $crate::peers::Unblock, $crate::peers::Threadpool,
            $crate::peers::Channels, $crate::peers::Pariter, $crate::peers::Again)
    };
}
use collectors;

/// Costs nothing, and is called all the same.
fn no_op(input: usize) -> u64 {
    hint::black_box(input as u64)
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

fn microseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e6
}

/// A call that takes long, beside which it is nothing to be called through a pointer: so that each peer's code is
/// compiled once for all rows, and not once for each.
type Wait = Arc<dyn Fn(usize) -> u64 + Send + Sync>;

/// Ends with its input as the result.
fn wait(wait: impl Fn(usize) + Send + Sync + 'static) -> Wait {
    Arc::new(move |input| {
        wait(input);
        input as u64
    })
}

/// The results, and how long it took.
fn results<P: Collect>(peer: &P, inputs: usize, call: &Wait) -> (Vec<u64>, Duration) {
    let (call, begun) = (call.clone(), Instant::now());
    let results = peer.collect(inputs, move |input| call(input));
    let wall = begun.elapsed();
    assert_eq!(results.len(), inputs, "{}: every result", P::NAME);
    (results, wall)
}

/// How long it takes; each result is its input, and that is checked.
fn collect<P: Collect>(peer: &P, inputs: usize, call: &Wait) -> Duration {
    let (results, wall) = results(peer, inputs, call);
    assert!(results.into_iter().eq(0..inputs as u64), "{}: every result in its place", P::NAME);
    wall
}

/// The results one after the other, as they finish, without a bound.
fn stream<P: Stream>(peer: &P, inputs: usize, call: &Wait, consume: &mut dyn FnMut(u64)) {
    let (call, mut count) = (call.clone(), 0);
    peer.stream(
        inputs,
        Buffer::Unbounded,
        move |input| call(input),
        |result| {
            count += 1;
            consume(result);
        },
    );
    assert_eq!(count, inputs, "{}: every result", P::NAME);
}

/// A turn that collects on a pool of its own: wall ÷ `ideal`.
fn to_ideal<P: Collect>(
    workers: usize,
    inputs: usize,
    ideal: Duration,
    call: &Wait,
) -> impl FnMut() -> Vec<f64> + use<P> {
    let (peer, call) = (P::new(workers), call.clone());
    move || vec![collect(&peer, inputs, &call).as_secs_f64() / ideal.as_secs_f64()]
}

/// The middle one of `repeats` figures.
fn median(repeats: usize, mut figure: impl FnMut() -> f64) -> f64 {
    let mut figures: Vec<f64> = (0..repeats).map(|_| figure()).collect();
    figures.sort_by(f64::total_cmp);
    figures[repeats / 2]
}
