//! Faults at random times, in batches of random kinds that are consumed, stopped or dropped.

use crate::faults::{assert_nothing_left, fleet};
use crate::server::{Process, Server};
use crate::storm::{COUNT, POISON, Tally, restart};
use crate::{LEASE, double};
use fastrand::Rng;
use pool_core::{CallError, Fleet, FleetError, RemoteError, StopHandle};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// How long a consumer waits for one outcome. No fault lasts as long.
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs one round after another for so long. A round has the seed of the one before it plus one.
pub(crate) fn rounds(time: Duration, mut seed: u64) {
    let begun = Instant::now();
    while begun.elapsed() < time {
        println!("random --seed {seed}");
        round(&mut Rng::with_seed(seed));
        seed += 1;
    }
    println!("all passed");
}

/// What one round does. All of it follows from the seed, but for the moments at which faults meet calls.
#[derive(Debug)]
struct Plan {
    workers: u64,
    strict_log: bool,
    kind: Kind,
    buffer: Option<usize>,
    milliseconds: u64,
    poison: u64,
    end: End,
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Map,
    AsCompleted,
    InOrder,
}

/// What the consumer does, after so many outcomes.
#[derive(Debug, Clone, Copy)]
enum End {
    TakeAll,
    Stop(u64),
    Drop(u64),
}

impl Plan {
    fn new(random: &mut Rng) -> Self {
        let kinds = [Kind::Map, Kind::AsCompleted, Kind::AsCompleted, Kind::InOrder];
        let after = random.u64(..COUNT);
        let ends = [End::TakeAll, End::TakeAll, End::Stop(after), End::Drop(after)];
        let buffers = [None, Some(1), Some(7), Some(64), Some(1000)];
        Self {
            workers: 2 + random.u64(..2),
            strict_log: random.bool(),
            kind: random.choice(kinds).unwrap(),
            buffer: random.choice(buffers).unwrap(),
            milliseconds: 1 + random.u64(..3),
            // In one round of three there is some.
            poison: random.u64(..3 * COUNT),
            end: random.choice(ends).unwrap(),
        }
    }

    /// The input of that number.
    fn input(&self, index: u64) -> u64 {
        if index == self.poison { POISON } else { index }
    }
}

fn round(random: &mut Rng) {
    let plan = Plan::new(random);
    println!("    {plan:?}");
    let mut server = Server::start();
    if plan.strict_log {
        redis::cmd("CONFIG")
            .arg(&["SET", "appendfsync", "always"])
            .query::<()>(&mut server.connect().unwrap())
            .unwrap();
    }
    let mut workers: Vec<_> = (0..plan.workers).map(|_| server.beside("worker")).collect();
    let fleet = fleet(&server);
    let (log, url) = (server.log().to_str().unwrap().to_owned(), server.url());
    let over = AtomicBool::new(false);
    let mut acts = 0;
    let tally = thread::scope(|scope| {
        let (server, workers, acts) = (&mut server, &mut workers, &mut acts);
        let over = &over;
        scope.spawn(move || {
            while !over.load(Ordering::Relaxed) {
                thread::sleep(Duration::from_millis(random.u64(..600)));
                restart(server, workers);
                if *acts < 12 && !over.load(Ordering::Relaxed) {
                    println!("    {}", act(random, server, workers));
                    *acts += 1;
                }
            }
        });
        let _over = Ended(over);
        consume(&plan, &fleet, &log, &url)
    });
    // What the batch has left behind is taken away by workers.
    restart(&server, &mut workers);
    assert_nothing_left(&server);
    let executions = server.executions();
    match plan.end {
        End::TakeAll => {
            tally.row(&executions);
        }
        End::Drop(_) => tally.part(&executions),
        End::Stop(_) => {
            tally.part(&executions);
            // What had begun has an outcome.
            for n in executions {
                let index = if n == POISON { plan.poison } else { n };
                assert_eq!(tally.outcomes_of(index), 1, "{index}");
            }
        }
    }
}

/// Runs the batch to the end that is planned, and checks each outcome.
fn consume(plan: &Plan, fleet: &Fleet, log: &str, url: &str) -> Tally {
    let log = log.to_owned();
    let (poison, milliseconds) = (plan.poison, plan.milliseconds);
    let inputs = (0..COUNT).map(move |n| {
        let n = if n == poison { POISON } else { n };
        (log.clone(), n, milliseconds)
    });
    let double = double::on(fleet);
    match plan.kind {
        Kind::Map => {
            let mut batch = double.map(inputs);
            if let Some(buffer) = plan.buffer {
                batch = batch.buffer(buffer);
            }
            let mut batch = batch.start();
            let stop = batch.stop_handle();
            let next = || batch.next_timeout(PATIENCE).unwrap_or_else(|_| stalled(fleet, url));
            let outcomes = (0..).map_while(numbered(next, |index, result| (index, None, result)));
            check(plan, &stop, outcomes)
        }
        Kind::AsCompleted | Kind::InOrder => {
            let mut batch = double.as_completed(inputs);
            if let Some(buffer) = plan.buffer {
                batch = batch.buffer(buffer);
            }
            let ordered = matches!(plan.kind, Kind::InOrder);
            let mut batch = if ordered { batch.in_order() } else { batch }.start();
            let stop = batch.stop_handle();
            let next = || batch.next_timeout(PATIENCE).unwrap_or_else(|_| stalled(fleet, url));
            let outcomes = (0..).map_while(numbered(next, |number, done| {
                assert!(!ordered || done.index == number);
                let result = done.result.map_err(|error| match error {
                    CallError::Failed(error) => error,
                    error => panic!("{error}"),
                });
                (done.index, Some(done.input.1), result)
            }));
            check(plan, &stop, outcomes)
        }
    }
}

/// Says what the server holds, and fails.
fn stalled(fleet: &Fleet, url: &str) -> ! {
    println!("    no outcome for {PATIENCE:?}: {:?}", fleet.stats());
    let calls = "{pool}:redis_fleet::double";
    for command in [
        &["XLEN", calls][..],
        &["XPENDING", calls, "w", "-", "+", "20"],
        &["XINFO", "CONSUMERS", calls, "w"],
        &["KEYS", "{pool}:*"],
    ] {
        let asked = redis::Client::open(url).and_then(|client| {
            let mut connection = client.get_connection_with_timeout(LEASE)?;
            connection.set_read_timeout(Some(LEASE))?;
            redis::cmd(command[0]).arg(&command[1..]).query::<redis::Value>(&mut connection)
        });
        println!("    {command:?}: {asked:?}");
    }
    panic!("no outcome for {PATIENCE:?}");
}

/// An outcome: the index of its input, that input where the batch gives it back, and the result.
type Outcome = (usize, Option<u64>, Result<u64, RemoteError<String>>);

/// The next outcome, by the number that it has among all.
fn numbered<T>(
    mut next: impl FnMut() -> Option<T>,
    mut outcome: impl FnMut(usize, T) -> Outcome,
) -> impl FnMut(usize) -> Option<Outcome> {
    move |number| next().map(|done| outcome(number, done))
}

/// The batch ends with `outcomes`.
fn check(plan: &Plan, stop: &StopHandle, outcomes: impl Iterator<Item = Outcome>) -> Tally {
    let mut tally = Tally::new(COUNT);
    let mut stopped = false;
    for (count, (index, input, result)) in (1..).zip(outcomes) {
        tally.count(index);
        let expected = plan.input(index as u64);
        assert!(input.is_none_or(|input| input == expected), "{index}: {input:?}");
        match result {
            Ok(doubled) => assert!(doubled == 2 * expected && expected != POISON, "{index}"),
            Err(RemoteError::Lost(FleetError::Dead)) if expected == POISON => tally.dead += 1,
            Err(RemoteError::Lost(FleetError::Cancelled)) if stopped => {}
            Err(RemoteError::Failed(why)) if stopped && why == "cancelled" => {}
            Err(error) => panic!("{index}: {error}"),
        }
        match plan.end {
            End::Stop(after) if count > after && !stopped => {
                stop.stop();
                stopped = true;
            }
            End::Drop(after) if count > after => break,
            _ => {}
        }
    }
    tally
}

/// Says that the batch has ended, also where a check of it fails.
struct Ended<'a>(&'a AtomicBool);

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn act(random: &mut Rng, server: &mut Server, workers: &mut [Process]) -> &'static str {
    let number = random.usize(..workers.len());
    let pause = Duration::from_millis(random.u64(..2 * LEASE.as_millis() as u64));
    match random.u64(..9) {
        0 | 1 => {
            workers[number] = server.beside("worker");
            "worker killed"
        }
        2 => {
            workers[number].signal(libc::SIGTERM);
            "worker ended"
        }
        3 => {
            workers[number].signal(libc::SIGSTOP);
            thread::sleep(pause);
            workers[number].signal(libc::SIGCONT);
            "worker frozen"
        }
        4 => {
            server.kill();
            thread::sleep(pause / 2);
            server.again();
            "server killed"
        }
        5 => {
            server.signal(libc::SIGSTOP);
            thread::sleep(pause / 2);
            server.signal(libc::SIGCONT);
            "server frozen"
        }
        6 => {
            let kill = ["KILL", "TYPE", "normal"];
            redis::cmd("CLIENT").arg(&kill).query::<u64>(&mut server.connect().unwrap()).unwrap();
            "connections killed"
        }
        7 => {
            let mut connection = server.connect().unwrap();
            let list: String = redis::cmd("CLIENT").arg("LIST").query(&mut connection).unwrap();
            let ids: Vec<&str> =
                list.lines().filter_map(|line| line.split(['=', ' ']).nth(1)).collect();
            let id = random.choice(ids).unwrap();
            // It may be gone by now, or be the one that asks.
            let _ = redis::cmd("CLIENT").arg(&["KILL", "ID", id]).query::<u64>(&mut connection);
            "connection killed"
        }
        _ => {
            redis::cmd("FLUSHALL").query::<()>(&mut server.connect().unwrap()).unwrap();
            "data lost"
        }
    }
}
