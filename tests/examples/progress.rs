//! The example of progress bars runs through all three forms.

use std::collections::BTreeSet;
use support::program::{Program, STUCK};

#[test]
fn all_three_forms_are_shown() {
    let mut program = Program::start(env!("CARGO_BIN_EXE_progress"), &[]);
    let lines: Vec<String> = std::iter::from_fn(|| program.line()).collect();
    assert_eq!(program.wait(STUCK), Some(0));
    assert_eq!(lines.first().unwrap(), "in order: 621 bytes");
    let failed: BTreeSet<_> =
        lines.iter().filter(|line| line.ends_with("ends with 7")).cloned().collect();
    assert_eq!(
        failed,
        (0..10)
            .map(|n| 10 * n + 7)
            .map(|n| format!("input {n}: \"text {n}\" ends with 7"))
            .collect()
    );
    assert_eq!(
        &lines[lines.len() - 2..],
        ["as completed: 10 failed", "in a scope: 7 before the first failure"]
    );
}
