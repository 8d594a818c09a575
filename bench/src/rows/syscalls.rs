//! Measures how many system calls a no-op call costs, with `strace` around a process of its own.

use super::noop::{Shape, prepared};
use crate::measure::{Contender, Experiment, Figure, OURS};
use crate::peers::{Buffer, Buffered, Channels, OneByOne, Peer, ScopedMpsc, Threadpool};
use std::process::{Command, Stdio};

const WORKERS: usize = 32;
/// Two sizes, so that the start of the process and of its threads cancels.
const SIZES: [usize; 2] = [2_000, 42_000];

pub(super) fn experiments() -> Vec<Experiment> {
    let present =
        Command::new("strace").arg("-V").stdout(Stdio::null()).stderr(Stdio::null()).status();
    if !present.is_ok_and(|status| status.success()) {
        eprintln!("no strace: system calls are not counted");
        return Vec::new();
    }
    vec![Experiment {
        name: format!("syscalls/stream/{WORKERS}"),
        job: format!(
            "calls that do nothing, N = {WORKERS}, results as they finish; under `strace`, which slows all down"
        ),
        figures: vec![Figure::new("syscalls", "a call")],
        rounds: (0, 3),
        warm_up: false,
        contenders: Box::new(|| {
            let names = [
                OURS,
                ScopedMpsc::NAME,
                OneByOne::NAME,
                Buffered::NAME,
                Threadpool::NAME,
                Channels::NAME,
            ];
            names.into_iter().map(|name| Contender::new(name, move || vec![each(name)])).collect()
        }),
    }]
}

fn each(contender: &str) -> f64 {
    let [few, many] = SIZES.map(|calls| counted(contender, calls));
    (many - few) / (SIZES[1] - SIZES[0]) as f64
}

/// All system calls of a process that does so many calls.
fn counted(contender: &str, calls: usize) -> f64 {
    let program = std::env::current_exe().expect("the path of this program");
    let mut strace = Command::new("strace");
    strace.args(["-c", "-f", "-q", "-U", "name,calls", "--"]).arg(program);
    let output = strace
        .args(["child", "noop", contender, &calls.to_string()])
        .output()
        .expect("strace starts");
    let summary = String::from_utf8_lossy(&output.stderr);
    let total = summary.lines().find(|line| line.split_whitespace().any(|word| word == "total"));
    let total = total.and_then(|line| line.split_whitespace().find_map(|word| word.parse().ok()));
    total.unwrap_or_else(|| panic!("no total from strace: {summary}"))
}

/// What the process does.
pub(super) fn noop(contender: &str, calls: usize) -> Option<Vec<f64>> {
    let job = prepared(contender, Shape::Stream, WORKERS, Buffer::Bounded)?;
    job(calls).check(calls);
    Some(Vec::new())
}
