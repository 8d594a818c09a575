//! Fleets over Redis, with servers, workers and callers that are killed. `bash .ci/fleet` runs it.

mod access;
mod batches;
mod faults;
mod random;
mod server;
mod storm;
mod workers;

use pool_core::{Fleet, FleetError, concurrent, is_cancelled, sleep};
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;
use std::{env, process};

/// How long a worker owns a call without a sign of life, here.
const LEASE: Duration = Duration::from_secs(2);

/// Writes that it runs, waits, and doubles.
#[concurrent(max_workers = 4, fleet)]
fn double(log: &str, n: u64, milliseconds: u64) -> Result<u64, String> {
    let cured = Path::new(log).with_extension("cured");
    let mut log = OpenOptions::new()
        .create(true)
        .append(true)
        .open(log)
        .map_err(|error| error.to_string())?;
    log.write_all(format!("{n}\n").as_bytes()).map_err(|error| error.to_string())?;
    match n {
        777_777 if !cured.exists() => process::abort(),
        13_000_000.. => panic!("unlucky"),
        _ => {}
    }
    if sleep(Duration::from_millis(milliseconds)) || !is_cancelled() {
        Ok(2 * n)
    } else {
        Err("cancelled".into())
    }
}

fn main() -> Result<(), FleetError> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match &arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["worker", url] => Fleet::redis(url)?.lease(LEASE).serve([double::service()]).run(),
        // It finds its server as a worker of any program does.
        ["worker"] => Fleet::from_env()?.serve([double::service()]).run(),
        ["caller", url, log] => {
            let fleet = Fleet::redis(url)?.lease(LEASE);
            double::on(&fleet).map((0..).map(|n| (log.to_string(), n, 2))).for_each(drop);
            Ok(())
        }
        // Both in one, over TLS.
        ["encrypted", url, log] => {
            rustls::crypto::ring::default_provider().install_default().expect("the first one");
            let fleet = Fleet::redis(url)?;
            fleet.check()?;
            let _worker = std::thread::spawn({
                let url = url.to_string();
                move || Fleet::redis(&url)?.serve([double::service()]).run()
            });
            let doubled = double::on(&fleet).map((0..100).map(|n| (log.to_string(), n, 0)));
            assert!(doubled.try_collect::<Vec<_>>().is_ok());
            Ok(())
        }
        ["whole", url, log] => {
            let fleet = Fleet::redis(url)?.lease(LEASE);
            let doubled = double::on(&fleet).map((0..2000).map(|n| (log.to_string(), n, 2)));
            let doubled = doubled.try_collect::<Vec<_>>().expect("no error");
            assert!(doubled.into_iter().eq((0..2000).map(|n| 2 * n)));
            Ok(())
        }
        ["cut", here, there, cable] => {
            storm::cut(here, there, cable);
            Ok(())
        }
        ["random", options @ ..] => {
            let option = |name, otherwise| {
                let at = options.iter().position(|option| *option == name);
                at.map_or(otherwise, |at| {
                    let value = options.get(at + 1).and_then(|value| value.parse::<u64>().ok());
                    value.unwrap_or_else(|| panic!("a number after {name}"))
                })
            };
            let time = Duration::from_secs(60 * option("--minutes", 1));
            random::rounds(time, option("--seed", u64::from(process::id())));
            Ok(())
        }
        names => {
            faults::all(names);
            Ok(())
        }
    }
}
