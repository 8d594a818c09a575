//! Measures instructions for each call, which do not depend on the machine's mood, and compares them with those that are committed.

use crate::machine;
use crate::measure::Spread;
use crate::peers::{Buffer, Ours, Peer};
use crate::process;
use crate::rows::{Shape, prepared};
use pool_core::Pool;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

/// What is run, and two sizes of it: the start of the process and of its threads is in both, and cancels.
struct Workload {
    name: &'static str,
    unit: &'static str,
    sizes: [usize; 2],
    run: fn(usize),
}

const WORKLOADS: [Workload; 6] = [
    Workload {
        name: "collect/2",
        unit: "a call",
        sizes: [20_000, 420_000],
        run: |calls| noop(Shape::Collect, 2, calls),
    },
    Workload {
        name: "collect/32",
        unit: "a call",
        sizes: [20_000, 420_000],
        run: |calls| noop(Shape::Collect, 32, calls),
    },
    Workload {
        name: "stream/2",
        unit: "a call",
        sizes: [20_000, 220_000],
        run: |calls| noop(Shape::Stream, 2, calls),
    },
    Workload {
        name: "stream/32",
        unit: "a call",
        sizes: [20_000, 220_000],
        run: |calls| noop(Shape::Stream, 32, calls),
    },
    Workload { name: "warm batch of 10", unit: "a batch", sizes: [500, 8_500], run: warm },
    Workload { name: "submit and join", unit: "a task", sizes: [1_000, 21_000], run: submit },
];

/// Of each figure the median of so many runs counts. Most differ by up to 3 %, those of `collect/32` by up to 9 %, since waits may end in
/// another order.
const RUNS: usize = 3;
/// How much worse a figure may become, before the check fails.
const TOLERANCE: f64 = 1.10;
const BLESS: &str = "cargo run --release -p bench -- instructions --bless";

/// What is committed.
#[derive(Serialize, Deserialize)]
struct Blessed {
    /// Another compiler writes other instructions.
    rustc: String,
    instructions: BTreeMap<String, f64>,
}

fn noop(shape: Shape, workers: usize, calls: usize) {
    let job = prepared(Ours::NAME, shape, workers, Buffer::Bounded).expect("ours has every shape");
    job(calls).check(calls);
}

fn warm(batches: usize) {
    let pool = Pool::new(8);
    for _ in 0..batches {
        assert!(pool.map(0..10, |input: usize| input).collect::<Vec<_>>().into_iter().eq(0..10));
    }
}

fn submit(tasks: usize) {
    let pool = Pool::new(8);
    for task in 0..tasks {
        assert_eq!(pool.submit(move || task).join().ok(), Some(task));
    }
}

/// What a process under valgrind does.
pub(crate) fn child(arguments: &[String]) -> Option<Vec<f64>> {
    let [job, name, size] = arguments else { return None };
    let workload =
        WORKLOADS.iter().find(|workload| job == "instructions" && workload.name == name)?;
    (workload.run)(size.parse().ok()?);
    Some(Vec::new())
}

pub(crate) fn run(folder: &Path, check: bool, bless: bool) -> Result<(), String> {
    let path = folder.join("instructions.json");
    let said = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let blessed: Option<Blessed> = match fs::read_to_string(&path) {
        Ok(text) => Some(serde_json::from_str(&text).map_err(|error| said(&error))?),
        Err(error) if check => return Err(format!("{}; write it with: {BLESS}", said(&error))),
        Err(_) => None,
    };
    process::pin();
    let (mut instructions, mut worse) = (BTreeMap::new(), Vec::new());
    for workload in &WORKLOADS {
        let old =
            blessed.as_ref().and_then(|blessed| blessed.instructions.get(workload.name)).copied();
        let fails = |new: f64| check && old.is_none_or(|old| new > old * TOLERANCE);
        let mut runs = measured(workload, RUNS)?;
        if fails(runs.median) {
            // Threads meet in another order now and then: that must not fail a change.
            runs = measured(workload, 3 * RUNS)?;
        }
        let (new, spread) = (runs.median, (runs.max / runs.min - 1.0) * 100.0);
        let change = old
            .map(|old| format!(", {:+.1} % from {old:.1}", (new / old - 1.0) * 100.0))
            .unwrap_or_default();
        println!(
            "{:18} {new:8.1} instructions {}, spread {spread:.1} %{change}",
            workload.name, workload.unit
        );
        if fails(new) {
            let old = old.map_or("nothing".into(), |old| format!("{old:.1}"));
            worse.push(format!(
                "{}: {old} before, {new:.1} instructions {} now",
                workload.name, workload.unit
            ));
        }
        instructions.insert(workload.name.into(), (new * 10.0).round() / 10.0);
    }
    let rustc = machine::rustc();
    if bless {
        let blessed = Blessed { rustc, instructions };
        let text = serde_json::to_string_pretty(&blessed).map_err(|error| said(&error))?;
        fs::write(&path, text + "\n").map_err(|error| said(&error))?;
    } else if !worse.is_empty() {
        let then = blessed.map(|blessed| blessed.rustc).filter(|then| *then != rustc);
        let compilers =
            then.map(|then| format!("\nThe figures before are of {then}, those now of {rustc}."));
        return Err(format!(
            "more than {:.0} % worse:\n{}{}\nIf that is meant to be: {BLESS}",
            (TOLERANCE - 1.0) * 100.0,
            worse.join("\n"),
            compilers.unwrap_or_default()
        ));
    }
    Ok(())
}

fn measured(workload: &Workload, runs: usize) -> Result<Spread, String> {
    let runs = (0..runs).map(|_| each(workload)).collect::<Result<Vec<_>, _>>()?;
    Spread::of(runs).ok_or_else(|| format!("{}: no figure", workload.name))
}

fn each(workload: &Workload) -> Result<f64, String> {
    let [few, many] = workload.sizes;
    let more = counted(workload, many)? - counted(workload, few)?;
    Ok(more / (many - few) as f64)
}

/// All instructions of a process that does so much. Valgrind runs one thread at a time; on one core it is nearly always the same one.
/// Of its tools the one that slows calls down least: those that do nothing are to stay fast for who times them, and those of a stream, which read the
/// clock themselves, are not. So the way of fast calls is counted, and that of others.
fn counted(workload: &Workload, size: usize) -> Result<f64, String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let mut valgrind = Command::new("valgrind");
    valgrind
        .args(["--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"])
        .arg(program);
    valgrind.args(["child", "instructions", workload.name, &size.to_string()]).stdin(Stdio::null());
    let output = valgrind.output().map_err(|error| format!("valgrind: {error}"))?;
    let summary = String::from_utf8_lossy(&output.stderr);
    let total = summary
        .lines()
        .find_map(|line| line.split_once("refs:")?.1.trim().replace(',', "").parse().ok());
    total.filter(|_| output.status.success()).ok_or_else(|| format!("{}: {summary}", workload.name))
}
