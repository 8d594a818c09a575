//! The arguments: where the picture and the trace go.

use std::env::temp_dir;
use std::path::PathBuf;
use std::process::exit;

pub(crate) const USAGE: &str = "usage: timeline [--svg FILE] [--trace FILE]";

pub(crate) struct Arguments {
    pub(crate) svg: PathBuf,
    pub(crate) trace: PathBuf,
}

impl Arguments {
    pub(crate) fn parse() -> Result<Self, lexopt::Error> {
        use lexopt::prelude::*;

        let [mut svg, mut trace] =
            ["timeline.svg", "timeline.json"].map(|name| temp_dir().join(name));
        let mut arguments = lexopt::Parser::from_env();
        while let Some(argument) = arguments.next()? {
            match argument {
                Long("svg") => svg = arguments.value()?.into(),
                Long("trace") => trace = arguments.value()?.into(),
                Short('h') | Long("help") => {
                    println!("{USAGE}");
                    exit(0)
                }
                other => return Err(other.unexpected()),
            }
        }
        Ok(Self { svg, trace })
    }
}
