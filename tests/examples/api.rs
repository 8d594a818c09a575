//! The client of a service with a limit says of each order once how it went, and counts right; Ctrl-C drains.
#![cfg(unix)]

use std::collections::BTreeMap;
use std::process::Command;
use support::program::Program;

/// Reads to the end. Returns the outcome of each order, and the numbers of the line before the last one: ok, failed,
/// timed out, attempts, 429s.
fn outcomes(program: &Program, mut lines: Vec<String>) -> (BTreeMap<u32, String>, Vec<usize>) {
    lines.extend(std::iter::from_fn(|| program.line()));
    assert!(lines.pop().unwrap().ends_with(" s"));
    let summary = lines.pop().unwrap();
    let numbers: Vec<usize> =
        summary.split(' ').filter_map(|word| word.parse().ok()).take(5).collect();
    let [ok, failed, timed_out, attempts, busy] = numbers[..] else { panic!("{summary}") };
    let words = format!(
        "{ok} ok, {failed} failed, {timed_out} timed out, {attempts} attempts, {busy} got 429"
    );
    assert_eq!(summary, words);

    let mut outcomes = BTreeMap::new();
    for line in lines {
        let (id, outcome) = line.split_once(": ").unwrap();
        let twice = outcomes.insert(id.parse().unwrap(), outcome.to_owned());
        assert_eq!(twice, None, "order {id} has two outcomes");
    }
    let count = |wanted: fn(&str) -> bool| outcomes.values().filter(|line| wanted(line)).count();
    assert_eq!(count(|line| line.ends_with(" €")), ok);
    assert_eq!(count(|line| line == "timed out"), timed_out);
    assert_eq!(ok + failed + timed_out, outcomes.len());
    (outcomes, numbers)
}

#[test]
fn each_order_has_one_outcome_and_the_counts_are_right() {
    let mut program = Program::start(env!("CARGO_BIN_EXE_api"), &["70"]);
    let (outcomes, numbers) = outcomes(&program, Vec::new());
    assert_eq!(program.wait(), Some(0));

    assert!(outcomes.keys().copied().eq(1..=70));
    for (id, outcome) in &outcomes {
        match id {
            3 | 13 | 23 => assert_eq!(outcome, "timed out", "{id}"),
            4 | 44 => assert_eq!(outcome, "status 404", "{id}"),
            _ => assert_eq!(*outcome, format!("{} items, {} €", id % 7 + 1, 5 * id)),
        }
    }
    let [65, 2, 3, attempts, busy] = numbers[..] else { panic!("{numbers:?}") };
    // The orders 5, 15, … 65 needed a second attempt, and each 429 one more.
    assert_eq!(attempts, 70 + 7 + busy);
    // The other client's turn comes at the fiftieth request.
    assert!(busy > 0);
}

#[test]
fn ctrl_c_ends_it_with_what_has_been_begun() {
    // 100,000 orders take more than half an hour.
    let mut program = Program::start(env!("CARGO_BIN_EXE_api"), &["100000"]);
    let lines: Vec<String> = program.line().into_iter().collect();
    let status = Command::new("kill").args(["-INT", &program.id().to_string()]).status().unwrap();
    assert!(status.success());
    program.expect_error("finishing what has been begun; Ctrl-C again exits at once");
    let (outcomes, _) = outcomes(&program, lines);
    assert_eq!(program.wait(), Some(0));
    // The orders that were begun are the first ones, without a gap.
    assert!(outcomes.keys().copied().eq(1..=outcomes.len() as u32), "{outcomes:?}");
}
