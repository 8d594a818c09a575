//! The soak: clients that do at random what programs do, for as long as one likes, with pools that outlive them all.
//! Memory, threads and open files must not grow.

use crate::dice::Dice;
use crate::generate;
use crate::plan::{Habit, PoolPlan, Threads};
use crate::process;
use crate::watchdog;
use crate::world::World;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::thread;
use std::time::{Duration, Instant};

const CLIENTS: usize = 4;

/// How much more than in the first third there may be at the end. The allocator keeps some, in an arena for each
/// thread, and the pools some for each thread that was ever needed at once.
const MORE_MEMORY: usize = 16 << 10;
const MORE_THREADS: usize = 8;
const MORE_FILES: usize = 0;

/// What the process holds.
#[derive(Clone, Copy, Default, Debug)]
struct Sample {
    /// KiB.
    memory: usize,
    threads: usize,
    files: usize,
}

impl Sample {
    fn take() -> Self {
        Self { memory: process::memory(), threads: process::threads(), files: process::files() }
    }

    /// The median of each: how many calls wait, each with a thread, is different in every second.
    fn median(samples: &[Self]) -> Self {
        let median = |part: fn(&Self) -> usize| {
            let mut all: Vec<_> = samples.iter().map(part).collect();
            all.sort();
            all[all.len() / 2]
        };
        Self {
            memory: median(|one| one.memory),
            threads: median(|one| one.threads),
            files: median(|one| one.files),
        }
    }
}

pub(crate) fn run(seed: u64, time: Duration) -> Result<(), String> {
    let world = World::new(format!("the soak of seed {seed}"), &pools(), None, false);
    watchdog::watch(&world);
    let (over, before) = (AtomicBool::new(false), Sample::take());
    let samples = thread::scope(|scope| {
        for client in 0..CLIENTS {
            let (world, over) = (&world, &over);
            scope.spawn(move || {
                let mut dice = Dice::new(seed + client as u64);
                while !over.load(SeqCst) && world.ledger.faults().is_empty() {
                    world.root(&generate::acts(&mut dice, &pools()));
                    world.ledger.audit();
                }
            });
        }
        let samples = sample(&world, time);
        over.store(true, SeqCst);
        samples
    });
    world.end();
    let after = Sample::take();
    println!(
        "{seed}: {} calls, {} batches; before {before:?}, after {after:?}",
        world.calls(),
        world.batches(),
    );
    let faults = world.ledger.faults();
    if !faults.is_empty() {
        world.describe();
        return Err(format!("FAILED: the soak of seed {seed}"));
    }
    if (after.threads, after.files) != (before.threads, before.files) {
        return Err("FAILED: threads or files are left".into());
    }
    judge(&samples)
}

/// Prints a line each second.
fn sample(world: &Arc<World>, time: Duration) -> Vec<Sample> {
    let begun = Instant::now();
    let mut samples = Vec::new();
    while begun.elapsed() < time && world.ledger.faults().is_empty() {
        thread::sleep(Duration::from_secs(1));
        let sample = Sample::take();
        let Sample { memory, threads, files } = sample;
        println!(
            "{:4} s {:9} calls {memory:7} KiB {threads:4} threads {files:3} files",
            begun.elapsed().as_secs(),
            world.calls()
        );
        samples.push(sample);
    }
    samples
}

/// Compares the first third, after which all is warm, with the last.
fn judge(samples: &[Sample]) -> Result<(), String> {
    let third = samples.len() / 3;
    if third == 0 {
        return Err("too short to say whether anything grows: take more seconds".into());
    }
    let (first, last) =
        (Sample::median(&samples[..third]), Sample::median(&samples[samples.len() - third..]));
    println!("median of the first third: {first:?}; of the last: {last:?}");
    let flat = last.memory <= first.memory + MORE_MEMORY
        && last.threads <= first.threads + MORE_THREADS
        && last.files <= first.files + MORE_FILES;
    if flat {
        Ok(())
    } else {
        Err(format!(
            "FAILED: more than {MORE_MEMORY} KiB, {MORE_THREADS} threads or {MORE_FILES} files were added"
        ))
    }
}

/// One pool of each kind.
fn pools() -> Vec<PoolPlan> {
    let kinds = [
        (1, Habit::Locks, Threads::All),
        (2, Habit::Crawls, Threads::All),
        (4, Habit::Plain, Threads::Some),
        (16, Habit::Locks, Threads::All),
    ];
    let pool = |(cap, habit, threads)| PoolPlan {
        cap,
        highest: 16,
        keep_alive: Duration::from_millis(50),
        threads,
        habit,
    };
    kinds.map(pool).to_vec()
}
