//! Measures the pool beside its peers: `cargo run --release -p bench -- quick` prints a table in a minute, `-- all`
//! takes its time and writes the files beside this crate's manifest.

mod allocator;
mod machine;
mod markdown;
mod measure;
mod peers;
mod picture;
mod process;
mod report;
mod rows;
mod table;

use indicatif::{ProgressBar, ProgressStyle};
use lexopt::{Arg, ValueExt};
use measure::Experiment;
use report::Report;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

const HELP: &str = "\
The pool beside its peers.

cargo run --release -p bench -- COMMAND

quick                      the short table, in about a minute
all                        every row, and the files: RESULTS.md and results.svg
row NAME...                the rows whose names begin so
list                       the names of the rows

--repeat N                 how often each contender has its turn in a row
--out DIR                  where the files go: `all` writes them into bench/, the others only with this
";

#[derive(Default)]
struct Arguments {
    command: String,
    names: Vec<String>,
    repeat: Option<usize>,
    out: Option<PathBuf>,
}

fn main() -> ExitCode {
    let served = rows::serve().map_err(|error| error.to_string());
    let arguments = || arguments().map_err(|error| error.to_string());
    match served.and_then(|()| arguments()).and_then(|arguments| run(&arguments)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn arguments() -> Result<Arguments, lexopt::Error> {
    let (mut arguments, mut parser) = (Arguments::default(), lexopt::Parser::from_env());
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Long("repeat") => arguments.repeat = Some(parser.value()?.parse()?),
            Arg::Long("out") => arguments.out = Some(parser.value()?.into()),
            Arg::Long("help") => arguments.command = "help".into(),
            Arg::Value(command) if arguments.command.is_empty() => {
                arguments.command = command.string()?
            }
            Arg::Value(name) => arguments.names.push(name.string()?),
            _ => return Err(argument.unexpected()),
        }
    }
    if arguments.repeat == Some(0) {
        return Err("`--repeat` is at least 1".into());
    }
    Ok(arguments)
}

fn run(arguments: &Arguments) -> Result<(), String> {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    match arguments.command.as_str() {
        "child" => child(&arguments.names),
        "quick" => measure(rows::all(), arguments, |experiment| experiment.rounds.0, None),
        "all" => measure(rows::all(), arguments, |experiment| experiment.rounds.1, Some(own)),
        "row" => {
            let mut experiments = rows::all();
            experiments.retain(|one| {
                arguments.names.iter().any(|name| one.name.starts_with(name.as_str()))
            });
            if experiments.is_empty() {
                return Err("no such row: see `list`".into());
            }
            measure(experiments, arguments, |experiment| experiment.rounds.1, None)
        }
        "list" => {
            for experiment in rows::all() {
                println!("{:24} {}", experiment.name, experiment.job);
            }
            Ok(())
        }
        "help" => {
            print!("{HELP}");
            Ok(())
        }
        _ => Err(HELP.into()),
    }
}

/// One contender at one job, for whoever started this process: numbers on standard output.
fn child(job: &[String]) -> Result<(), String> {
    let figures = rows::child(job).ok_or("no such job")?;
    println!("{}", figures.iter().map(f64::to_string).collect::<Vec<_>>().join(" "));
    Ok(())
}

/// Runs the experiments that have `rounds`, prints the table, and writes the files where there is a place for them.
fn measure(
    mut experiments: Vec<Experiment>,
    arguments: &Arguments,
    rounds: impl Fn(&Experiment) -> usize,
    out: Option<&Path>,
) -> Result<(), String> {
    experiments.retain(|experiment| rounds(experiment) > 0);
    // On standard error, and only on a terminal.
    let progress = ProgressBar::new(0);
    let style = ProgressStyle::with_template("{elapsed:>4} {prefix:7} {bar:20} {wide_msg}");
    progress.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    let (all, mut rows) = (experiments.len(), Vec::new());
    for (position, experiment) in experiments.into_iter().enumerate() {
        progress.set_prefix(format!("{} of {all}", position + 1));
        let rounds = arguments.repeat.unwrap_or(rounds(&experiment));
        rows.extend(experiment.run(rounds, &progress));
    }
    progress.finish_and_clear();
    table::print(&rows);
    match arguments.out.as_deref().or(out) {
        Some(folder) => write(&Report::new(rows), folder).map_err(|error| error.to_string()),
        None => Ok(()),
    }
}

/// A page for readers, and a picture, from the same figures.
fn write(report: &Report, folder: &Path) -> Result<(), Box<dyn Error>> {
    fs::create_dir_all(folder)?;
    fs::write(folder.join("RESULTS.md"), markdown::page(report))?;
    picture::draw(&folder.join("results.svg"), report)?;
    println!("\nwritten: RESULTS.md and results.svg in {}", folder.display());
    Ok(())
}
