//! The example that chooses a number of workers prints a row for each level and then the verdict, and draws a picture.

use std::fs;
use std::path::{Path, PathBuf};
use support::program::Program;

const HEADER: &str = "workers    calls   calls/s  × best       p50       p99  failed   CPU";

/// Runs the example. Returns what it prints under the header: the workers, calls and failures of the rows, and the
/// rest.
fn run(arguments: &[&str]) -> (Vec<[usize; 3]>, String) {
    let mut program = Program::start(env!("CARGO_BIN_EXE_choose_workers"), arguments);
    let lines: Vec<String> = std::iter::from_fn(|| program.line()).collect();
    assert_eq!(program.wait(), Some(0), "{lines:?}");
    assert_eq!(lines[0], HEADER);
    let end = lines.iter().position(String::is_empty).expect("an empty line under the table");
    let rows = lines[1..end].iter().map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let failed = words.iter().rposition(|word| *word == "%").unwrap() - 2;
        [0, 1, failed].map(|at| words[at].parse().unwrap())
    });
    (rows.collect(), lines[end + 1..].join(" "))
}

/// A folder of this test's own, with some files.
fn folder(name: &str, files: usize) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(folder.join("inner")).unwrap();
    (0..files).for_each(|n| fs::write(folder.join(format!("inner/{n}")), "some text").unwrap());
    folder
}

#[test]
fn a_server_of_its_own_is_measured_and_drawn() {
    let svg = folder("choose_workers_svg", 0).join("picture.svg");
    let (rows, verdict) = run(&["--at-most", "0.5", "--svg", svg.to_str().unwrap()]);
    let workers: Vec<usize> = rows.iter().map(|[workers, ..]| *workers).collect();
    assert!(workers.starts_with(&[1, 2, 4]), "{workers:?}");
    assert!(rows.iter().all(|[_, calls, failed]| *calls > 0 && *failed == 0), "{rows:?}");
    assert!(!verdict.is_empty());
    let picture = fs::read_to_string(svg).unwrap();
    assert!(picture.starts_with("<svg ") && picture.ends_with("</svg>\n"));
    assert_eq!(
        picture.matches("<circle ").count(),
        2 * workers.len(),
        "a point for each row and curve"
    );
    assert_eq!(
        picture.matches("max_workers = ").count(),
        usize::from(verdict.contains("max_workers = "))
    );
}

#[test]
fn each_level_reads_other_files() {
    let folder = folder("choose_workers_files", 440);
    let (rows, _) = run(&["--files", folder.to_str().unwrap()]);
    assert!(rows.len() >= 2 && rows.iter().all(|row| row[1..] == [40, 0]), "{rows:?}");
}

#[test]
fn a_command_runs_for_each_input_whatever_that_contains() {
    let folder = folder("choose_workers_run", 0);
    let written = folder.join("written");
    let command = format!("echo {{}} >> {} && test {{}} != bad", written.display());
    let (rows, _) = run(&["--run", &command, "a b", "$(exit 1); '", "bad"]);
    assert_eq!(rows[0], [1, 3, 1]);
    let text = fs::read_to_string(written).unwrap();
    assert_eq!(text.lines().take(3).collect::<Vec<_>>(), ["a b", "$(exit 1); '", "bad"]);
    assert_eq!(text.lines().count(), 3 * rows.len());
}

#[test]
fn urls_that_nobody_serves_fail_at_the_first_level() {
    let urls: Vec<String> = (0..20).map(|n| format!("http://127.0.0.1:1/{n}")).collect();
    let urls: Vec<&str> = urls.iter().map(String::as_str).collect();
    let (rows, verdict) = run(&urls);
    assert_eq!(rows, [[1, 20, 20]]);
    assert_eq!(verdict, "100 % of the calls fail at the first level: see to that first.");
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_it_with_the_table_so_far() {
    let program = Program::start(env!("CARGO_BIN_EXE_choose_workers"), &["--at-most", "0.2"]);
    assert_eq!(program.line().unwrap(), HEADER);
    let first = program.line().unwrap();
    assert_eq!(first.split_whitespace().next(), Some("1"));
    let id = program.id().to_string();
    assert!(std::process::Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    let rest: Vec<String> = std::iter::from_fn(|| program.line()).collect();
    assert_eq!(rest.last().unwrap(), "Stopped before there was an answer.", "{rest:?}");
    let mut program = program;
    assert_eq!(program.wait(), Some(0));
}
