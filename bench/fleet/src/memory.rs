//! The table about memory: more and more inputs, and the most memory that each process has had.

use crate::processes::{Caller, Process, Server, Snapshot, peak};
use std::env::current_exe;
use std::error::Error;
use std::process::Command;

pub(crate) fn measure() -> Result<(), Box<dyn Error>> {
    let own = current_exe()?;
    println!(
        "\n| inputs | over Redis: caller | a worker | server | processes: caller | a worker |"
    );
    println!("| --: | --: | --: | --: | --: | --: |");
    let server = Server::start()?;
    let worker = || Process::start(Command::new(&own).args(["worker", &server.url]));
    let workers = [worker()?, worker()?];
    for inputs in [1_000, 10_000, 100_000, 1_000_000_u64] {
        let mut figures = Vec::new();
        for place in [&*server.url, "processes"] {
            let mut command = Command::new(&own);
            let mut caller =
                Caller::start(command.args(["caller", place, "nothing"]).arg(inputs.to_string()))?;
            caller.go()?;
            figures.push(peak(caller.id()));
            let children = Snapshot::take().below(caller.id());
            let beside = workers.iter().map(Process::id).collect();
            let workers = if place == "processes" { children } else { beside };
            figures.push(workers.into_iter().map(peak).fold(0.0, f64::max));
            if place != "processes" {
                figures.push(peak(server.process.id()));
            }
            caller.end()?;
        }
        let figures: Vec<String> = figures.iter().map(|mib| format!("{mib:.1} MiB")).collect();
        println!("| {inputs} | {} |", figures.join(" | "));
    }
    Ok(())
}
