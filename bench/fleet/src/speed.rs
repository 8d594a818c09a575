//! The tables about time: in each round all contenders take turns.

use crate::Peers;
use crate::contenders::{self, Contender};
use crate::jobs::{JOBS, Job, PLACES};
use crate::processes::{Caller, Process, Server, Snapshot, TICK};
use std::error::Error;

/// What one turn of a job has shown.
struct Turn {
    /// As the caller prints them.
    figures: Vec<f64>,
    /// Microseconds of the processor's time for each call.
    caller: f64,
    workers: f64,
    server: f64,
    count: u64,
}

pub(crate) fn measure(peers: &Peers, rounds: usize) -> Result<(), Box<dyn Error>> {
    let mut turns: Vec<Vec<Vec<Turn>>> =
        contenders::ALL.map(|_| JOBS.map(|_| Vec::new()).into()).into();
    for round in 1..=rounds {
        for (contender, turns) in contenders::ALL.into_iter().zip(&mut turns) {
            eprintln!("round {round} of {rounds}: {}", contender.name());
            let server = Server::start()?;
            let workers = contender.workers(&server.url, peers)?;
            let workers: Vec<Process> = workers
                .into_iter()
                .map(|mut worker| Process::start(&mut worker))
                .collect::<Result<_, _>>()?;
            for ((job, count), turns) in JOBS.iter().zip(contender.counts()).zip(turns) {
                turns.push(turn(contender, job, count, &server, &workers, peers)?);
            }
        }
    }
    for (position, job) in JOBS.iter().enumerate() {
        print(job, contenders::ALL.into_iter().zip(turns.iter().map(|turns| &turns[position][..])));
    }
    Ok(())
}

fn turn(
    contender: Contender,
    job: &Job,
    count: u64,
    server: &Server,
    workers: &[Process],
    peers: &Peers,
) -> Result<Turn, Box<dyn Error>> {
    let mut command = contender.caller(&server.url, peers)?;
    let mut caller = Caller::start(command.arg(job.name).arg(count.to_string()))?;
    let before = Snapshot::take();
    let figures = caller.go()?;
    let after = Snapshot::take();
    // Without a server, the workers are the caller's.
    let at_workers = |times: &Snapshot| {
        let beside: f64 = workers.iter().map(|worker| times.tree(worker.id())).sum();
        beside + times.started_by(caller.id())
    };
    let each =
        |time: &dyn Fn(&Snapshot) -> f64| (time(&after) - time(&before)) / count as f64 * 1e6;
    let turn = Turn {
        figures,
        caller: each(&|times| times.own(caller.id())),
        workers: each(&at_workers),
        server: each(&|times| times.own(server.process.id())),
        count,
    };
    caller.end()?;
    Ok(turn)
}

fn print<'turns>(job: &Job, rows: impl Iterator<Item = (Contender, &'turns [Turn])>) {
    let latency = job.name == "one";
    let of_time = if latency {
        "p50 from its end, µs | p99 from its end, µs | p50 of the whole call, µs"
    } else {
        "calls a second | least – most | × ideal time"
    };
    println!("\n| {} | {of_time} | caller, µs CPU | workers | server |", job.title);
    println!("| --- |{}", " --: |".repeat(6));
    for (contender, turns) in rows {
        let of = |figure: &dyn Fn(&Turn) -> f64| {
            let mut figures: Vec<f64> = turns.iter().map(figure).collect();
            figures.sort_by(f64::total_cmp);
            figures
        };
        let median = |figure: &dyn Fn(&Turn) -> f64| {
            let figures = of(figure);
            figures[figures.len() / 2]
        };
        let times = if latency {
            [1, 2, 3].map(|n| shown(median(&|turn| turn.figures[n]))).join(" | ")
        } else {
            let rates = of(&|turn| turn.count as f64 / turn.figures[0]);
            let ideal = (turns[0].count as f64 / PLACES as f64).ceil() * job.sleeps as f64 / 1e6;
            let ratio = match job.sleeps {
                0 => "–".into(),
                _ => format!("{:.2}", median(&|turn| turn.figures[0]) / ideal),
            };
            format!(
                "**{}** | {} – {} | {ratio}",
                shown(rates[rates.len() / 2]),
                shown(rates[0]),
                shown(rates[rates.len() - 1])
            )
        };
        // What is less than five of the system's ticks is told as that.
        let least = 5.0 * TICK / turns[0].count as f64 * 1e6;
        let cpu = |figure: &dyn Fn(&Turn) -> f64| match median(figure) {
            time if time < least => format!("< {}", shown(least)),
            time => shown(time),
        };
        let [caller, workers, server] =
            [cpu(&|turn| turn.caller), cpu(&|turn| turn.workers), cpu(&|turn| turn.server)];
        let server = if contender == Contender::Processes { "–".into() } else { server };
        println!("| {} | {times} | {caller} | {workers} | {server} |", contender.name());
    }
}

/// With three digits that mean something, and thousands apart.
pub(crate) fn shown(figure: f64) -> String {
    if figure < 10.0 {
        format!("{figure:.1}")
    } else {
        let unit = if figure < 1_000.0 { 1.0 } else { 10_f64.powf(figure.log10().floor() - 2.0) };
        let digits = format!("{:.0}", (figure / unit).round() * unit);
        let groups: Vec<&str> = digits
            .as_bytes()
            .rchunks(3)
            .rev()
            .filter_map(|group| std::str::from_utf8(group).ok())
            .collect();
        groups.join(",")
    }
}
