//! The arguments: what is measured, for how long, and where the picture goes.

use std::path::PathBuf;
use std::process::exit;
use std::time::Duration;

pub(crate) const USAGE: &str = "usage: choose_workers [--svg FILE] [--at-most SECONDS] \
                                [URL... | --files DIRECTORY | --run COMMAND INPUT...]";

pub(crate) struct Arguments {
    pub(crate) job: Job,
    pub(crate) at_most: Duration,
    pub(crate) svg: Option<PathBuf>,
}

/// What is measured.
pub(crate) enum Job {
    /// Pages of a server of its own.
    Own,
    Urls(Vec<String>),
    Files(PathBuf),
    /// A command, and its inputs.
    Run(String, Vec<String>),
}

impl Arguments {
    pub(crate) fn parse() -> Result<Self, lexopt::Error> {
        use lexopt::prelude::*;

        let (mut at_most, mut svg) = (Duration::from_secs(2), None);
        let (mut files, mut command, mut values) = (None, None, Vec::new());
        let mut arguments = lexopt::Parser::from_env();
        while let Some(argument) = arguments.next()? {
            match argument {
                Long("svg") => svg = Some(arguments.value()?.into()),
                Long("at-most") => {
                    let seconds: f64 = arguments.value()?.parse()?;
                    at_most = Duration::try_from_secs_f64(seconds)
                        .map_err(|_| "--at-most takes a number of seconds")?;
                }
                Long("files") => files = Some(PathBuf::from(arguments.value()?)),
                Long("run") => {
                    let text = arguments.value()?.string()?;
                    if !text.contains("{}") {
                        return Err("the command has no {} for its input".into());
                    }
                    command = Some(text);
                }
                Short('h') | Long("help") => {
                    println!("{USAGE}");
                    exit(0)
                }
                Value(value) => values.push(value.string()?),
                other => return Err(other.unexpected()),
            }
        }
        let job = match (files, command) {
            (Some(_), Some(_)) => return Err("--files and --run are two jobs".into()),
            (Some(folder), None) if values.is_empty() => Job::Files(folder),
            (Some(_), None) => return Err("--files takes one directory".into()),
            (None, Some(command)) => Job::Run(command, values),
            (None, None) if values.is_empty() => Job::Own,
            (None, None) => Job::Urls(values),
        };
        Ok(Self { job, at_most, svg })
    }
}
