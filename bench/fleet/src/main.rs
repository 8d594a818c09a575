//! Measures fleets beside other queues of tasks. `bash bench/fleet/run` starts it.
//!
//! Each contender has eight places for calls at two workers, or at eight where a worker has one place. A contender's
//! turn has a Redis server of its own, its workers, and for each job a caller. These are processes, whose times the
//! system tells.

mod caller;
mod contenders;
mod jobs;
mod memory;
mod processes;
mod speed;

use pool_core::Fleet;
use std::env;
use std::error::Error;
use std::path::PathBuf;

/// Where the programs of the peers are.
struct Peers {
    /// The interpreter that has Celery and rq, beside their commands.
    python: PathBuf,
    /// The folder of the scripts that they run.
    scripts: PathBuf,
    /// The program with apalis.
    apalis: PathBuf,
}

fn main() -> Result<(), Box<dyn Error>> {
    // The copies of this program that are workers without a server.
    Fleet::from_env()?.serve([jobs::job::service()]).run()?;

    let arguments: Vec<String> = env::args().skip(1).collect();
    match &arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["worker", url] => Ok(Fleet::redis(url)?.serve([jobs::job::service()]).run()?),
        ["caller", place, job, count] => caller::run(place, job, count.parse()?),
        ["speed", python, scripts, apalis, rounds] => {
            let peers =
                Peers { python: python.into(), scripts: scripts.into(), apalis: apalis.into() };
            speed::measure(&peers, rounds.parse()?)
        }
        ["memory"] => memory::measure(),
        _ => Err("start `bash bench/fleet/run`".into()),
    }
}
