//! Counts instructions for each call under valgrind, which depend little on the machine's mood, and compares them with
//! those in `counts.txt`.
//!
//! `stream/2` depends on it most: on some days its two workers and its consumer meet more often, and a call takes 960
//! instructions in place of 840. The file has the higher figure.
//!
//! `cargo run --release -p instructions` prints them; `-- --check` fails if one is more than 10 % above; `-- --bless`
//! writes the file.

use pool_core::Pool;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::{env, fs, hint};

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
        run: |calls| collect(2, calls),
    },
    Workload {
        name: "collect/32",
        unit: "a call",
        sizes: [20_000, 420_000],
        run: |calls| collect(32, calls),
    },
    Workload {
        name: "stream/2",
        unit: "a call",
        sizes: [20_000, 220_000],
        run: |calls| stream(2, calls),
    },
    Workload {
        name: "stream/32",
        unit: "a call",
        sizes: [20_000, 220_000],
        run: |calls| stream(32, calls),
    },
    Workload { name: "warm batch of 10", unit: "a batch", sizes: [500, 8_500], run: warm },
    Workload { name: "submit and join", unit: "a task", sizes: [1_000, 21_000], run: submit },
];

/// Of each figure the median of so many runs counts. Most differ by up to 3 %, those of `collect/32` by up to 9 %,
/// since waits may end in another order.
const RUNS: usize = 3;
/// How much worse a figure may become, before the check fails.
const TOLERANCE: f64 = 1.10;
const BLESS: &str = "cargo run --release -p instructions -- --bless";

/// Costs nothing, and is called all the same.
fn no_op(input: usize) -> u64 {
    hint::black_box(input as u64)
}

fn collect(workers: usize, calls: usize) {
    let results: Vec<u64> = Pool::new(workers).map(0..calls, no_op).collect();
    assert!(results.into_iter().eq(0..calls as u64));
}

fn stream(workers: usize, calls: usize) {
    let (mut count, mut sum) = (0, 0);
    let call = |input: &usize| Ok::<_, Infallible>(no_op(*input));
    Pool::new(workers).as_completed(0..calls, call).for_each(|done| {
        count += 1;
        sum += done.result.expect("the call returns");
    });
    assert_eq!((count, sum), (calls, (0..calls as u64).sum()));
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

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments[..] {
        [] => run(false, false),
        ["--check"] => run(true, false),
        ["--bless"] => run(false, true),
        ["child", name, size] => child(name, size),
        _ => Err("one of: no argument, `--check`, `--bless`".into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// What a process under valgrind does.
fn child(name: &str, size: &str) -> Result<(), String> {
    let workload = WORKLOADS.iter().find(|one| one.name == name).ok_or("no such workload")?;
    (workload.run)(size.parse().map_err(|_| "a size is a number")?);
    Ok(())
}

fn run(check: bool, bless: bool) -> Result<(), String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("counts.txt");
    let said = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let text = if bless {
        String::new()
    } else {
        fs::read_to_string(&path).map_err(|error| said(&error))?
    };
    let before: BTreeMap<&str, f64> = text
        .lines()
        .map(|line| {
            line.rsplit_once(' ').and_then(|(name, count)| Some((name, count.parse().ok()?)))
        })
        .collect::<Option<_>>()
        .ok_or_else(|| said(&"a line is a name and a number"))?;
    let (mut now, mut worse) = (String::new(), Vec::new());
    for workload in &WORKLOADS {
        let old = before.get(workload.name).copied();
        let fails = |new: f64| check && old.is_none_or(|old| new > old * TOLERANCE);
        let mut counts = measured(workload, RUNS)?;
        if fails(counts[counts.len() / 2]) {
            // Threads meet in another order now and then: that must not fail a change.
            counts = measured(workload, 3 * RUNS)?;
        }
        let (least, new, most) = (counts[0], counts[counts.len() / 2], counts[counts.len() - 1]);
        let change = old.map(|old| format!(", {:+.1} % from {old:.1}", (new / old - 1.0) * 100.0));
        println!(
            "{:18} {new:8.1} instructions {}, spread {:.1} %{}",
            workload.name,
            workload.unit,
            (most / least - 1.0) * 100.0,
            change.unwrap_or_default()
        );
        if fails(new) {
            worse.push(workload.name);
        }
        now += &format!("{} {new:.1}\n", workload.name);
    }
    if bless {
        return fs::write(&path, now).map_err(|error| said(&error));
    }
    if worse.is_empty() {
        return Ok(());
    }
    Err(format!(
        "more than {:.0} % worse, or another compiler: {}\nIf that is meant to be: {BLESS}",
        (TOLERANCE - 1.0) * 100.0,
        worse.join(", ")
    ))
}

/// What so many runs need for each call, in order.
fn measured(workload: &Workload, runs: usize) -> Result<Vec<f64>, String> {
    let mut counts = (0..runs).map(|_| each(workload)).collect::<Result<Vec<_>, _>>()?;
    counts.sort_by(f64::total_cmp);
    Ok(counts)
}

fn each(workload: &Workload) -> Result<f64, String> {
    let [few, many] = workload.sizes;
    let more = counted(workload, many)? - counted(workload, few)?;
    Ok(more / (many - few) as f64)
}

/// All instructions of a process that does so much. Valgrind runs one thread at a time, and on one core it is nearly
/// always the same one. This tool of valgrind slows calls down least. So the pool still measures no-op calls as fast,
/// and calls of a stream, which read the clock themselves, as not fast. Both ways are counted.
fn counted(workload: &Workload, size: usize) -> Result<f64, String> {
    let program = env::current_exe().map_err(|error| error.to_string())?;
    let mut valgrind = Command::new("taskset");
    valgrind.args(["--cpu-list", &core(), "valgrind"]);
    valgrind.args(["--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"]);
    valgrind.arg(program).args(["child", workload.name, &size.to_string()]).stdin(Stdio::null());
    let output = valgrind.output().map_err(|error| format!("valgrind: {error}"))?;
    let summary = String::from_utf8_lossy(&output.stderr);
    let total = summary
        .lines()
        .find_map(|line| line.split_once("refs:")?.1.trim().replace(',', "").parse().ok());
    total.filter(|_| output.status.success()).ok_or_else(|| format!("{}: {summary}", workload.name))
}

/// The first core that this process may use.
fn core() -> String {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let allowed = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:"));
    allowed.and_then(|list| list.trim().split([',', '-']).next()).unwrap_or("0").to_owned()
}
