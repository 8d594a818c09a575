//! The example of a database gives the same over both kinds of connection, and shows how long each took and what
//! failed.

use support::program::Program;

#[test]
fn both_ways_are_timed_and_the_query_that_fails_is_shown() {
    let mut program = Program::start(env!("CARGO_BIN_EXE_database"), &[]);
    let lines: Vec<String> = std::iter::from_fn(|| program.line()).collect();
    assert_eq!(program.wait(), Some(0));
    let [own, shared, rest @ ..] = &lines[..] else { panic!("{lines:?}") };
    for (line, how) in [(own, "a connection for each worker"), (shared, "one connection for all")] {
        let seconds =
            line.strip_prefix(&format!("{how}: ")).and_then(|time| time.strip_suffix(" s"));
        assert!(seconds.unwrap().parse::<f64>().unwrap() > 0.0, "{line}");
    }
    assert_eq!(rest, ["place 4711: Query returned no rows", "9999 of 10000 places have a station"]);
}
