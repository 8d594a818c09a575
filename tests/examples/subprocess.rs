//! The example that runs commands prints in order how each ended, whatever becomes of the others, also after Ctrl-C.

use support::program::Program;

/// Runs the example to its end. Returns the lines of the commands, and the one about all of them.
fn run(program: Program) -> (Vec<String>, String) {
    let mut program = program;
    let mut lines: Vec<String> = std::iter::from_fn(|| program.line()).collect();
    assert_eq!(program.wait(), Some(0));
    let summary = lines.pop().unwrap();
    (lines, summary)
}

fn start(arguments: &[&str]) -> Program {
    Program::start(env!("CARGO_BIN_EXE_subprocess"), arguments)
}

/// The line of a command.
fn line(index: usize, limit: u32) -> String {
    let (words, told) = match index % 10 {
        3 => (format!("exit {index}"), format!("exit code: {index}, failed on purpose")),
        6 => ("sleep 60".into(), format!("killed after {limit} ms")),
        9 => ("count 20000".into(), "20000".into()),
        _ => (format!("greet {index}"), format!("hello from {index}")),
    };
    format!("{index:>2}  {words:<12} {told}")
}

#[test]
fn each_command_has_its_line_in_order() {
    // A limit for busy machines, where a quick command may take a while, too.
    let (lines, summary) = run(start(&["5000"]));
    let expected: Vec<String> = (0..40).map(|index| line(index, 5000)).collect();
    assert_eq!(lines, expected);
    assert!(summary.starts_with("32 succeeded, 4 failed, 4 killed, "), "{summary}");
}

#[test]
fn the_limit_is_300_ms() {
    let (lines, _) = run(start(&[]));
    assert_eq!(lines.len(), 40);
    for sleeper in [6, 16, 26, 36] {
        assert_eq!(lines[sleeper], line(sleeper, 300));
    }
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_it_with_what_has_been_begun() {
    let program = start(&["5000"]);
    assert_eq!(program.line(), Some(line(0, 5000)));
    let id = program.id().to_string();
    assert!(std::process::Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    let (lines, summary) = run(program);
    // How many had begun is a matter of time. Those are the first ones.
    let expected: Vec<String> = (1..=lines.len()).map(|index| line(index, 5000)).collect();
    assert_eq!(lines, expected);
    let counts = summary.split(' ').filter_map(|word| word.parse::<usize>().ok());
    assert_eq!(counts.sum::<usize>(), 1 + lines.len(), "{summary}");
}
