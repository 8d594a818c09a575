//! The example of Ctrl-C keeps its word: the first press finishes what has been begun and prints it, the second one
//! exits.
#![cfg(unix)]

use std::process::Command;
use support::program::Program;

fn press(program: &Program) {
    let status = Command::new("kill").args(["-INT", &program.id().to_string()]).status().unwrap();
    assert!(status.success());
}

#[test]
fn the_first_press_drains_and_prints_what_there_is() {
    let mut program = Program::start(env!("CARGO_BIN_EXE_ctrl_c"), &["1"]);
    program.expect_error("press Ctrl-C");
    let mut lines: Vec<String> =
        (0..20).map(|_| program.line().expect("there is no end without Ctrl-C")).collect();
    press(&program);
    program.expect_error("finishing what has been begun; Ctrl-C again exits at once");
    lines.extend(std::iter::from_fn(|| program.line()));
    assert_eq!(program.wait(), Some(0));

    let summary = lines.pop().unwrap();
    for (n, line) in lines.iter().enumerate() {
        assert!(line.starts_with(&format!("{}: ", n + 1)), "{line}");
    }
    assert!(
        summary.starts_with(&format!("{} results; ", lines.len())),
        "{summary} after {} lines",
        lines.len()
    );
}

#[test]
fn the_second_press_exits_while_calls_run() {
    // An hour for each call: the first press alone would take as long.
    let mut program = Program::start(env!("CARGO_BIN_EXE_ctrl_c"), &["3600000"]);
    program.expect_error("press Ctrl-C");
    program.expect_error("1 begins");
    press(&program);
    program.expect_error("finishing what has been begun; Ctrl-C again exits at once");
    press(&program);
    assert_eq!(program.wait(), Some(130));
    assert_eq!(program.line(), None, "no result was there");
}
