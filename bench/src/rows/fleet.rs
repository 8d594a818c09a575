//! Measures calls in processes of their own, beside a loop over pipes that is written by hand, and calls in threads.

use super::microseconds;
use crate::measure::{AGAIN, Bound, Contender, Experiment, Figure, OURS};
use crate::process::{Usage, Used};
use pool_core::{Fleet, FleetError, Pool, concurrent};
use std::fs::File;
use std::io::{Read, Write, stdin, stdout};
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use std::{env, thread};

/// Costs nothing, in another process.
#[concurrent(fleet)]
fn no_op(input: u64) -> u64 {
    input
}

/// The mark to reach: each thread writes eight bytes to its own process and reads eight, and nothing else is done.
const SOCKETS: &str = "threads over sockets";
/// The same in a pool, whose results come in order.
const POOL: &str = "pool-core over sockets";
/// Threads over two pipes.
const PIPES: &str = "threads over pipes";
/// The same calls in threads.
const THREADS: &str = "pool-core in threads";

const PROCESSES: usize = 4;
const CALLS: u64 = 20_000;
/// Calls one after the other.
const SINGLE: usize = 10_000;
/// A run lasts at least so long.
const RUN: Duration = Duration::from_millis(500);

/// What is done in a process that the fleet has started. It does not return there.
pub(crate) fn serve() -> Result<(), FleetError> {
    Fleet::from_env()?.serve([no_op::service()]).run()
}

pub(super) fn experiments() -> Vec<Experiment> {
    let many = Experiment {
        name: "fleet/many".into(),
        job: format!("calls that do nothing in {PROCESSES} processes, all results in order"),
        figures: vec![
            Figure::new("wall", "µs a call")
                .goal(Bound::Ratio(2.0, SOCKETS), Bound::Ratio(1.2, SOCKETS)),
            Figure::new("cpu", "µs a call, of the caller"),
            Figure::new("switches", "a call, of the caller"),
        ],
        rounds: (0, 7),
        warm_up: true,
        contenders: Box::new(|| {
            let (ours, again, pool) = (fleet(PROCESSES), fleet(PROCESSES), Pool::new(PROCESSES));
            let echoes = |how| (0..PROCESSES).map(|_| Echo::start(how)).collect::<Vec<_>>();
            let (mut sockets, mut pipes) = (echoes(SOCKETS), echoes(PIPES));
            let (over, free) = (Pool::new(PROCESSES), Mutex::new(echoes(SOCKETS)));
            vec![
                Contender::new(OURS, many(move |calls| on(&ours, calls))),
                Contender::new(SOCKETS, many(move |calls| share(&mut sockets, calls))),
                Contender::new(PIPES, many(move |calls| share(&mut pipes, calls))),
                Contender::new(POOL, many(move |calls| within(&over, &free, calls))),
                Contender::new(THREADS, many(move |calls| pool.map(0..calls, |n| n).sum())),
                Contender::new(AGAIN, many(move |calls| on(&again, calls))),
            ]
        }),
    };
    let one = Experiment {
        name: "fleet/one".into(),
        job: format!("{SINGLE} calls that do nothing, one after the other, in a process"),
        figures: vec![
            Figure::new("p50", "µs").goal(Bound::Ratio(1.2, POOL), Bound::Ratio(1.0, POOL)),
            Figure::new("p99", "µs"),
        ],
        rounds: (0, 7),
        warm_up: true,
        contenders: Box::new(|| {
            let (ours, again, pool) = (fleet(1), fleet(1), Pool::new(1));
            let (mut sockets, mut pipes) = (Echo::start(SOCKETS), Echo::start(PIPES));
            let (over, free) = (Pool::new(1), Mutex::new(vec![Echo::start(SOCKETS)]));
            vec![
                Contender::new(OURS, one(move || on(&ours, 1))),
                Contender::new(SOCKETS, one(move || sockets.call(0))),
                Contender::new(PIPES, one(move || pipes.call(0))),
                Contender::new(POOL, one(move || within(&over, &free, 1))),
                Contender::new(THREADS, one(move || pool.map(0..1, |n| n).sum())),
                Contender::new(AGAIN, one(move || on(&again, 1))),
            ]
        }),
    };
    vec![many, one]
}

fn fleet(workers: usize) -> Fleet {
    Fleet::processes(workers).expect("this process is no worker")
}

fn on(fleet: &Fleet, calls: u64) -> u64 {
    no_op::on(fleet).map(0..calls).map(|result| result.expect("a result")).sum()
}

/// Runs batches, each of which gives the sum of its results.
fn many(mut batch: impl FnMut(u64) -> u64) -> impl FnMut() -> Vec<f64> {
    move || {
        let (mut used, mut calls) = (Used::default(), 0);
        while used.wall < RUN {
            let before = Usage::now();
            let sum = batch(CALLS);
            used += before.since();
            assert_eq!(sum, (0..CALLS).sum());
            calls += CALLS;
        }
        let calls = calls as f64;
        vec![
            microseconds(used.wall) / calls,
            microseconds(used.cpu) / calls,
            used.switches as f64 / calls,
        ]
    }
}

fn one(mut call: impl FnMut() -> u64) -> impl FnMut() -> Vec<f64> {
    move || {
        let time = |_| {
            let begun = Instant::now();
            assert_eq!(call(), 0);
            begun.elapsed()
        };
        let mut times: Vec<_> = (0..SINGLE).map(time).collect();
        times.sort_unstable();
        [SINGLE / 2, SINGLE * 99 / 100].map(|place| microseconds(times[place])).into()
    }
}

/// A process that sends back what it gets.
struct Echo {
    child: Child,
    there: File,
    back: File,
}

impl Echo {
    fn start(how: &'static str) -> Self {
        let mut command = Command::new(env::current_exe().expect("the path of this program"));
        command.args(["child", "echo", how]);
        if how == SOCKETS {
            let (ours, theirs) = UnixStream::pair().expect("a pair of sockets");
            let child = command.stdin(OwnedFd::from(theirs)).spawn().expect("a child starts");
            let again = ours.try_clone().expect("a descriptor");
            return Self {
                child,
                there: OwnedFd::from(ours).into(),
                back: OwnedFd::from(again).into(),
            };
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("a child starts");
        let there = OwnedFd::from(child.stdin.take().expect("a pipe"));
        let back = OwnedFd::from(child.stdout.take().expect("a pipe"));
        Self { child, there: there.into(), back: back.into() }
    }

    fn call(&mut self, input: u64) -> u64 {
        let mut bytes = input.to_le_bytes();
        self.there.write_all(&bytes).expect("the child reads");
        self.back.read_exact(&mut bytes).expect("the child writes");
        u64::from_le_bytes(bytes)
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What the child does, until its input ends.
pub(super) fn echo(how: &str) -> Vec<f64> {
    let file = |file: BorrowedFd<'_>| File::from(file.try_clone_to_owned().expect("a descriptor"));
    let mut there = file(stdin().as_fd());
    let mut back = if how == SOCKETS { file(stdin().as_fd()) } else { file(stdout().as_fd()) };
    let mut bytes = [0; 8];
    while there.read_exact(&mut bytes).is_ok() && back.write_all(&bytes).is_ok() {}
    Vec::new()
}

/// The calls of a batch, each with a process that is free.
fn within(pool: &Pool, free: &Mutex<Vec<Echo>>, calls: u64) -> u64 {
    let lock = || free.lock().expect("no panic");
    let call = |input| {
        let mut echo = lock().pop().expect("as many as calls at once");
        let output = echo.call(input);
        lock().push(echo);
        output
    };
    pool.map(0..calls, call).scope(|results| results.sum())
}

/// Each process has a thread, which takes the next input.
fn share(echoes: &mut [Echo], calls: u64) -> u64 {
    let next = AtomicU64::new(0);
    thread::scope(|scope| {
        let run = |echo: &mut Echo| {
            let inputs = std::iter::from_fn(|| Some(next.fetch_add(1, Ordering::Relaxed)));
            inputs.take_while(|input| *input < calls).map(|input| echo.call(input)).sum::<u64>()
        };
        let threads: Vec<_> =
            echoes.iter_mut().map(|echo| scope.spawn(move || run(echo))).collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic")).sum()
    })
}
