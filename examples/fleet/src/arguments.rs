//! The arguments: where the workers are, and what this process is to them.

use std::process::exit;

pub(crate) const USAGE: &str = "usage: fleet [--redis URL [--worker]] [--chaos]";

#[derive(Default)]
pub(crate) struct Arguments {
    /// The server behind which the workers are. Without one they are processes of this machine.
    pub(crate) redis: Option<String>,
    /// Whether this process is a worker at the server.
    pub(crate) worker: bool,
    /// Whether workers crash now and then.
    pub(crate) chaos: bool,
}

impl Arguments {
    pub(crate) fn parse() -> Result<Self, lexopt::Error> {
        use lexopt::prelude::*;

        let mut found = Self::default();
        let mut arguments = lexopt::Parser::from_env();
        while let Some(argument) = arguments.next()? {
            match argument {
                Long("redis") => found.redis = Some(arguments.value()?.string()?),
                Long("worker") => found.worker = true,
                Long("chaos") => found.chaos = true,
                Short('h') | Long("help") => {
                    println!("{USAGE}");
                    exit(0)
                }
                other => return Err(other.unexpected()),
            }
        }
        if found.worker && found.redis.is_none() {
            return Err("`--worker` needs a server: `--redis URL`".into());
        }
        Ok(found)
    }
}
