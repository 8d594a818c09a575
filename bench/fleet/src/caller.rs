//! The caller's part of a turn, which all contenders have in their language. It says `ready` once all workers have had
//! calls, waits for a line, runs the job, prints its figures in one line, and waits for the end of its input.
//!
//! The figures are the seconds; for one call at a time also the median and the 99th percentile from the end of a call
//! to the caller, and the median of a whole call, in microseconds.

use crate::jobs::{self, JOBS, PLACES};
use pool_core::Fleet;
use std::collections::BTreeSet;
use std::error::Error;
use std::io::{self, Read as _};
use std::time::Instant;

pub(crate) fn run(place: &str, name: &str, count: u64) -> Result<(), Box<dyn Error>> {
    let (fleet, workers) = match place {
        "processes" => (Fleet::processes(PLACES)?, PLACES),
        url => (Fleet::redis(url)?, 2),
    };
    let job = JOBS.iter().find(|job| job.name == name).ok_or("no such job")?;
    let remote = jobs::job::on(&fleet);

    let mut seen = BTreeSet::new();
    while seen.len() < workers {
        let calls = remote.map((0..4 * PLACES).map(|_| (0, 5_000))).try_collect::<Vec<_>>()?;
        seen.extend(calls.into_iter().map(|(_, process)| process));
    }
    println!("ready");
    io::stdin().read_line(&mut String::new())?;

    let begun = Instant::now();
    if name == "one" {
        let (mut after, mut whole) = (Vec::new(), Vec::new());
        for _ in 0..count {
            let before = jobs::now();
            let (ended, _) = remote.map([(0, 0)]).next().expect("a result")?;
            let now = jobs::now();
            after.push(now.saturating_sub(ended));
            whole.push(now - before);
        }
        let seconds = begun.elapsed().as_secs_f64();
        after.sort_unstable();
        whole.sort_unstable();
        let at = |sorted: &[u64], part| sorted[(sorted.len() - 1) * part / 100] as f64 / 1e3;
        println!("{seconds} {} {} {}", at(&after, 50), at(&after, 99), at(&whole, 50));
    } else {
        let (mut inputs, mut lost) = (count, 0);
        remote.map((0..count).map(|_| (job.spins, job.sleeps))).for_each(|result| {
            inputs -= 1;
            lost += u64::from(result.is_err());
        });
        println!("{}", begun.elapsed().as_secs_f64());
        assert_eq!((inputs, lost), (0, 0));
    }
    io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}
