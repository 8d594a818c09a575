//! What a worker prints goes where the caller's output goes, and what it reads is not the line to its caller.

use crate::fleet;
use crate::functions::{ask, say};
use support::{assert_success, in_child};

#[test]
fn what_calls_print_goes_where_the_caller_prints() {
    let child = in_child(|| {
        let fleet = fleet(2);
        let texts = (0..30).map(|n| format!("text {n} {}", "x".repeat(n * 100)));
        let lengths = say::on(&fleet).map(texts.clone()).try_collect::<Vec<_>>();
        assert_eq!(lengths, Ok(texts.map(|text| text.len()).collect()));
    });
    if let Some(output) = &child {
        let texts = |output: &[u8]| String::from_utf8_lossy(output).matches("text ").count();
        // Of the call and of the program that it started.
        assert_eq!((texts(&output.stdout), texts(&output.stderr)), (60, 30));
    }
    assert_success(child);
}

#[test]
fn what_reads_the_standard_input_finds_nothing() {
    let fleet = fleet(1);
    assert_eq!(
        ask::on(&fleet).map([1, 2]).collect::<Vec<_>>(),
        [Ok(Default::default()), Ok(Default::default())]
    );
}
