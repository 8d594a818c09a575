//! Random programs on pools, each checked against an exact ledger; and the soak.
//!
//! A program is made from a seed (`generate`): trees of batches and tasks over a few pools, with everything that a user
//! may do to them. It is run by real threads (`call`, `batch`, `consume`, `tasks`) and its ledger must come out exact:
//! each input one outcome, the cap never exceeded, each value dropped once, each thread gone (`ledger`, `world`). A
//! program that makes no progress is shown with the stacks of all threads (`watchdog`).
//!
//! ```text
//! cargo run --release -p programs -- --seconds 120           new programs, after those that ever failed
//! cargo run --release -p programs -- --seed 17               the program of one seed, and what it is
//! cargo run --release -p programs -- --seed 17 --times 1000  the same, until chance has tried enough
//! cargo run --release -p programs -- soak --seconds 30       mixed clients on pools that live long
//! ```
//!
//! What fails prints its seed. The seed makes the same program each time; whether that fails each time is up to the
//! threads. So `--times`, and other conditions: `taskset -c 0`, and a busy loop on the same core beside it. A seed that
//! has failed goes into the file `seeds`, which each run does first. Seeds name other programs once `generate` makes
//! other choices: then the file needs new ones.
mod batch;
mod block_on;
mod call;
mod consume;
mod consumer;
mod dice;
mod feed;
mod generate;
mod kinds;
mod ledger;
mod limit;
mod lives;
mod noise;
mod outcome;
mod plan;
mod process;
mod refusal;
mod rests;
mod run;
mod setup;
mod soak;
mod states;
mod tasks;
mod token;
mod values;
mod venue;
mod watchdog;
mod watching;
mod world;

use lexopt::{Arg, ValueExt};
use std::hash::{BuildHasher, RandomState};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::{Duration, Instant};
use std::{fs, panic};
use world::World;

const HELP: &str = "\
Random programs on pools, each checked against an exact ledger.

cargo run --release -p programs -- [OPTIONS]           new programs, after those that ever failed
cargo run --release -p programs -- soak [OPTIONS]      mixed clients on pools that live long

--seconds N       how long (30)
--seed N          that program only, and shows it
--times N         so many times each (1)
--seeds FILE      the programs of these seeds only
--without WORD    leaves out what has a known defect: noise, locks, liars
--forgive TEXT    no fault whose text contains this counts
--patience N      seconds without progress that are a hang (20)
";

struct Arguments {
    soak: bool,
    seconds: u64,
    seed: Option<u64>,
    times: usize,
    seeds: Option<PathBuf>,
    patience: u64,
}

fn main() -> ExitCode {
    match arguments().map_err(|error| error.to_string()).and_then(run) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn arguments() -> Result<Arguments, lexopt::Error> {
    let mut arguments =
        Arguments { soak: false, seconds: 30, seed: None, times: 1, seeds: None, patience: 20 };
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Long("seconds") => arguments.seconds = parser.value()?.parse()?,
            Arg::Long("seed") => arguments.seed = Some(parser.value()?.parse()?),
            Arg::Long("times") => arguments.times = parser.value()?.parse()?,
            Arg::Long("seeds") => arguments.seeds = Some(parser.value()?.into()),
            Arg::Long("forgive") => ledger::forgive(parser.value()?.string()?),
            Arg::Long("without") => plan::leave_out(&parser.value()?.string()?)?,
            Arg::Long("patience") => arguments.patience = parser.value()?.parse()?,
            Arg::Value(value) if value == "soak" => arguments.soak = true,
            Arg::Short('h') | Arg::Long("help") => return Err(HELP.into()),
            _ => return Err(argument.unexpected()),
        }
    }
    Ok(arguments)
}

fn run(arguments: Arguments) -> Result<(), String> {
    watchdog::start(Duration::from_secs(arguments.patience));
    listen_for_panics();
    let fresh = RandomState::new().hash_one(0) >> 20;
    if arguments.soak {
        return soak::run(arguments.seed.unwrap_or(fresh), Duration::from_secs(arguments.seconds));
    }
    let mut tally = Tally::default();
    if let Some(seed) = arguments.seed {
        println!("{:#?}", generate::program(seed));
        tally.run(seed, arguments.times)?;
        println!("all as it should be");
        return Ok(());
    }
    let seeds = match &arguments.seeds {
        Some(file) => {
            fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?
        }
        None => include_str!("../seeds").to_owned(),
    };
    for line in seeds.lines() {
        let word = line.split('#').next().unwrap_or_default().trim();
        if !word.is_empty() {
            let seed = word.parse().map_err(|error| format!("`{word}` is no seed: {error}"))?;
            tally.run(seed, arguments.times)?;
        }
    }
    let (begun, first) = (Instant::now(), fresh);
    let mut next = first;
    while arguments.seeds.is_none() && begun.elapsed() < Duration::from_secs(arguments.seconds) {
        tally.run(next, arguments.times)?;
        next += 1;
    }
    let Tally { programs, calls, batches } = tally;
    let seconds = begun.elapsed().as_secs_f64();
    println!(
        "{programs} programs, {calls} calls, {batches} batches, {seconds:.1} s, seeds {first}..{next}: all \
         as it should be"
    );
    Ok(())
}

#[derive(Default)]
struct Tally {
    programs: usize,
    calls: usize,
    batches: usize,
}

impl Tally {
    fn run(&mut self, seed: u64, times: usize) -> Result<(), String> {
        for _ in 0..times {
            let program = generate::program(seed);
            let world = World::new(
                format!("seed {seed}\n{program:?}"),
                &program.pools,
                program.noise,
                program.leaks,
            );
            watchdog::watch(&world);
            world.run(&program);
            self.programs += 1;
            self.calls += world.calls();
            self.batches += world.batches();
            if PANICKED.load(SeqCst) {
                world.ledger.fault("a panic that nobody raised, see above");
            }
            if !world.ledger.faults().is_empty() {
                world.describe();
                return Err(format!(
                    "FAILED after {} programs: seed {seed}; `-- --seed {seed} --times 1000` repeats it",
                    self.programs
                ));
            }
        }
        Ok(())
    }
}

static PANICKED: AtomicBool = AtomicBool::new(false);

/// Programs panic without a word. Whatever says one is a fault, of the engine or here.
fn listen_for_panics() {
    let usual = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        if !values::is_refusal(info.payload()) {
            PANICKED.store(true, SeqCst);
            usual(info);
        }
    }));
}
