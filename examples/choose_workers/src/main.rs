//! Measures how many workers a job of yours should have: downloads, reads of files, or a command.
//!
//! ```console
//! cargo run --release -p choose_workers                                      # a small server of its own
//! cargo run --release -p choose_workers -- https://example.com/1 https://example.com/2
//! cargo run --release -p choose_workers -- --files DIRECTORY
//! cargo run --release -p choose_workers -- --run 'gzip -t {}' *.gz
//! ```
//!
//! A level runs for two seconds at most. It uses each URL or input once; of files it uses every eleventh, so give many.
//! Ctrl-C ends it with what it has.

mod arguments;
mod picture;
mod server;

use crate::arguments::{Arguments, Job, USAGE};
use pool_core::measure::{Fallible, Row};
use pool_core::{Measure, concurrent};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio, exit};
use std::sync::atomic::{AtomicBool, Ordering};
use std::{fs, io};
use ureq::Agent;

/// There are no more levels: 1, 2, 4 and so on, up to 1024 workers.
const LEVELS: usize = 11;

/// Downloads one page, and lets it go.
#[concurrent]
fn download(#[shared] agent: &Agent, url: &str) -> Result<u64, ureq::Error> {
    let page = agent.get(url).call()?;
    Ok(io::copy(&mut page.into_body().into_reader(), &mut io::sink())?)
}

#[concurrent]
fn read(file: &Path) -> io::Result<usize> {
    Ok(fs::read(file)?.len())
}

/// Runs a command of the shell, in which `{}` stands for the input.
#[concurrent]
fn run(#[shared] command: &str, input: &str) -> io::Result<()> {
    // The input is an argument and no part of the command: it may contain anything.
    let command = command.replace("{}", "\"$1\"");
    let mut shell = Command::new("sh");
    shell.args(["-c", &command, "sh", input]).stdin(Stdio::null()).stdout(Stdio::null());
    match shell.stderr(Stdio::null()).status()? {
        status if status.success() => Ok(()),
        status => Err(io::Error::other(status.to_string())),
    }
}

fn main() -> ExitCode {
    let arguments = Arguments::parse().unwrap_or_else(|error| {
        eprintln!("choose_workers: {error} ({USAGE})");
        exit(2)
    });
    match tell(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("choose_workers: {error}");
            ExitCode::FAILURE
        }
    }
}

fn tell(arguments: &Arguments) -> io::Result<()> {
    match &arguments.job {
        Job::Own => {
            let host = server::start()?;
            let urls = || (0..).map(|page| format!("http://{host}/{page}"));
            let agent = agent();
            show(Measure::new(|| download::as_completed(&agent, urls())), arguments)
        }
        Job::Urls(urls) => {
            let agent = agent();
            show(Measure::new(|| download::as_completed(&agent, urls)), arguments)
        }
        Job::Files(folder) => {
            let mut files = Vec::new();
            gather(folder, &mut files)?;
            // What was read once comes from memory: each level takes other files.
            let mut levels = 0..LEVELS;
            let mut next =
                || files.iter().skip(levels.next().unwrap_or(files.len())).step_by(LEVELS);
            show(Measure::new(|| read::as_completed(next())), arguments)
        }
        Job::Run(command, inputs) => {
            show(Measure::new(|| run::as_completed(command, inputs)), arguments)
        }
    }
}

/// Prints each row as it comes, then the verdict, and draws the picture.
fn show<B: Fallible>(measure: Measure<'_, B>, arguments: &Arguments) -> io::Result<()> {
    let mut measure = measure.at_most(arguments.at_most);
    let (stop, pressed) = (measure.stop_handle(), AtomicBool::new(false));
    ctrlc::set_handler(move || {
        if pressed.swap(true, Ordering::Relaxed) {
            exit(130);
        }
        stop.stop();
    })
    .map_err(io::Error::other)?;

    println!("{}", Row::HEADER);
    for row in measure.by_ref() {
        println!("{row}");
    }
    let found = measure.run();
    println!("\n{}", found.advice());
    if let Some(path) = &arguments.svg {
        fs::write(path, picture::draw(&found))?;
    }
    Ok(())
}

/// A client that keeps as many connections as there may be workers.
fn agent() -> Agent {
    let config =
        Agent::config_builder().max_idle_connections(1024).max_idle_connections_per_host(1024);
    config.build().into()
}

/// Finds the files in a folder and in the folders in it.
fn gather(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        match entry.file_type()? {
            kind if kind.is_dir() => gather(&entry.path(), files)?,
            kind if kind.is_file() => files.push(entry.path()),
            _ => {}
        }
    }
    Ok(())
}
