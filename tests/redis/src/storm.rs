//! 10,000 calls, in the middle of which something happens, and a row of a table for what became of them.

use crate::faults::{assert_nothing_left, fleet};
use crate::server::{Process, Server};
use crate::{LEASE, double};
use pool_core::{AsCompleted, CallError, Completion, FleetError, RemoteError};
use std::collections::BTreeSet;
use std::thread;
use std::time::{Duration, Instant};

pub(crate) const COUNT: u64 = 10_000;

/// An input that ends its worker.
pub(crate) const POISON: u64 = 777_777;

/// What a call gives back: its input, and its result.
type Done = Completion<(String, u64, u64), u64, RemoteError<String>>;

type Batch = AsCompleted<'static, (String, u64, u64), u64, RemoteError<String>>;

/// What has come out of a batch.
pub(crate) struct Tally {
    outcomes: Vec<usize>,
    pub(crate) dead: usize,
    begun: Instant,
    last: Instant,
    gap: Duration,
}

impl Tally {
    pub(crate) fn new(count: u64) -> Self {
        let now = Instant::now();
        let outcomes = vec![0; usize::try_from(count).unwrap()];
        Self { outcomes, dead: 0, begun: now, last: now, gap: Duration::ZERO }
    }

    /// Counts an outcome of the input with that index.
    pub(crate) fn count(&mut self, index: usize) {
        self.gap = self.gap.max(self.last.elapsed());
        self.last = Instant::now();
        self.outcomes[index] += 1;
    }

    /// Each result is that of its input. Only poison has none.
    pub(crate) fn note(&mut self, done: Done) {
        self.count(done.index);
        match (done.input.1, done.result) {
            (POISON, Err(CallError::Failed(RemoteError::Lost(FleetError::Dead)))) => self.dead += 1,
            (n, result) => assert_eq!(result.unwrap(), 2 * n, "input {}", done.index),
        }
    }

    /// How many outcomes the input with that index has.
    pub(crate) fn outcomes_of(&self, index: u64) -> usize {
        self.outcomes[usize::try_from(index).unwrap()]
    }

    /// Prints the row, and returns how many calls ran again. None is lost, none came twice.
    pub(crate) fn row(&self, executions: &[u64]) -> usize {
        let again = self.print(executions, "lost");
        assert!(self.outcomes.iter().all(|count| *count == 1));
        again
    }

    /// Prints the row of a batch that was ended early. None came twice.
    pub(crate) fn part(&self, executions: &[u64]) {
        self.print(executions, "not wanted");
        assert!(self.outcomes.iter().all(|count| *count <= 1));
    }

    fn print(&self, executions: &[u64], missing: &str) -> usize {
        let inputs = self.outcomes.len();
        let outcomes: usize = self.outcomes.iter().sum();
        let none = self.outcomes.iter().filter(|count| **count == 0).count();
        let twice = self.outcomes.iter().filter(|count| **count > 1).count();
        let again = executions.len() - executions.iter().collect::<BTreeSet<_>>().len();
        println!(
            "    {inputs} inputs, {outcomes} outcomes ({} dead), {none} {missing}, {twice} twice, {again} executed \
             again, last after {:.2} s, longest gap {:.2} s",
            self.dead,
            (self.last - self.begun).as_secs_f64(),
            self.gap.as_secs_f64(),
        );
        again
    }
}

/// Inputs that `input` gives for a number: what is doubled, and for how many milliseconds. If workers are `supervised`,
/// they are started again when they end, instead of the disturbance. Returns how many calls ran again.
pub(crate) fn storm(
    server: &mut Server,
    workers: Vec<Process>,
    supervised: bool,
    input: fn(u64) -> (u64, u64),
    disturb: impl FnOnce(&mut Server, &mut Vec<Process>) + Send,
) -> usize {
    let (fleet, log) = (fleet(server), server.log().to_str().unwrap().to_owned());
    let inputs = (0..COUNT).map(move |n| {
        let (n, milliseconds) = input(n);
        (log.clone(), n, milliseconds)
    });
    let mut workers = workers;
    let mut batch = double::on(&fleet).as_completed(inputs).start();
    let mut tally = Tally::new(COUNT);
    if supervised {
        take(&mut batch, &mut tally, || restart(server, &mut workers));
    } else {
        thread::scope(|scope| {
            let (server, workers) = (&mut *server, &mut workers);
            let mut disturbance = Some(scope.spawn(move || {
                thread::sleep(Duration::from_millis(700));
                disturb(server, workers);
            }));
            take(&mut batch, &mut tally, || check(&mut disturbance));
        });
    }
    tally.row(&server.executions())
}

/// Takes all outcomes, and does something else now and then.
fn take(batch: &mut Batch, tally: &mut Tally, mut meanwhile: impl FnMut()) {
    loop {
        meanwhile();
        match batch.next_timeout(Duration::from_millis(50)) {
            Err(_) => {}
            Ok(Some(done)) => tally.note(done),
            Ok(None) => break,
        }
    }
}

/// What has failed beside the batch ends the test, which would wait for ever.
fn check(beside: &mut Option<thread::ScopedJoinHandle<'_, ()>>) {
    if let Some(ended) = beside.take_if(|beside| beside.is_finished()) {
        ended.join().expect("what happens beside the batch");
    }
}

/// What a service manager does.
pub(crate) fn restart(server: &Server, workers: &mut [Process]) {
    for worker in workers {
        if worker.0.try_wait().unwrap().is_some() {
            *worker = server.beside("worker");
        }
    }
}

pub(crate) fn two_workers(server: &Server) -> Vec<Process> {
    (0..2).map(|_| server.beside("worker")).collect()
}

/// Calls of 2 ms.
pub(crate) fn short(n: u64) -> (u64, u64) {
    (n, 2)
}

pub(crate) fn disturbed(disturb: impl FnOnce(&mut Server, &mut Vec<Process>) + Send) -> usize {
    let mut server = Server::start();
    let workers = two_workers(&server);
    let again = storm(&mut server, workers, false, short, disturb);
    assert_nothing_left(&server);
    again
}

/// With a log that is written to the disk after each command.
pub(crate) fn server_with_a_strict_log_killed() {
    let strict = |server: &Server| {
        redis::cmd("CONFIG")
            .arg(&["SET", "appendfsync", "always"])
            .query::<()>(&mut server.connect().unwrap())
            .unwrap();
    };
    let mut server = Server::start();
    strict(&server);
    let workers = two_workers(&server);
    storm(&mut server, workers, false, short, |server, _| {
        server.kill();
        thread::sleep(Duration::from_secs(1));
        server.again();
        strict(server);
    });
}

/// One input of 10,000 ends its worker. Something starts workers again.
pub(crate) fn poison_among_many() {
    let mut server = Server::start();
    let workers = two_workers(&server);
    storm(&mut server, workers, true, |n| if n == 5000 { (POISON, 2) } else { (n, 2) }, |_, _| {});
    assert_eq!(server.executions().into_iter().filter(|n| *n == POISON).count(), 5);
    assert_eq!(fleet(&server).dead_letters().unwrap().len(), 1);
}

/// One call of 10,000 lasts three leases, and runs once. So does each of the others.
pub(crate) fn long_call_among_many() {
    let mut server = Server::start();
    let workers = two_workers(&server);
    let long = |n| if n == 5000 { (n, 3 * LEASE.as_millis() as u64) } else { (n, 2) };
    assert_eq!(storm(&mut server, workers, false, long, |_, _| {}), 0);
}

/// Both callers have all of their outcomes.
pub(crate) fn two_callers_and_three_workers() {
    let server = Server::start();
    let _workers: Vec<_> = (0..3).map(|_| server.beside("worker")).collect();
    let tallies = thread::scope(|scope| {
        let callers = [0, 1].map(|caller| {
            let server = &server;
            scope.spawn(move || {
                let (fleet, log) = (fleet(server), server.log().to_str().unwrap().to_owned());
                let mut tally = Tally::new(COUNT);
                let inputs = (0..COUNT).map(move |n| (log.clone(), caller * COUNT + n, 2));
                double::on(&fleet).as_completed(inputs).start().for_each(|done| tally.note(done));
                tally
            })
        });
        callers.map(|caller| caller.join().unwrap())
    });
    let executions = server.executions();
    for (caller, tally) in (0..).zip(&tallies) {
        let of = |n: &u64| n / COUNT == caller;
        tally.row(&executions.iter().copied().filter(of).collect::<Vec<_>>());
    }
    assert_eq!(executions.len() as u64, 2 * COUNT);
}

/// The workers are on another host, which is a network namespace, and its cable is cut for 5 s: first that of one of
/// two workers, then that of both.
pub(crate) fn network_cut() {
    let number = std::process::id();
    let (here, there, cable) =
        (format!("fleet-{number}-a"), format!("fleet-{number}-b"), format!("f{number}"));
    let (near, far) = (format!("{cable}a"), format!("{cable}b"));
    let ip = |arguments: &str| {
        let done = std::process::Command::new("ip").args(arguments.split(' ')).output();
        done.is_ok_and(|done| done.status.success())
    };
    if !ip(&format!("netns add {here}")) {
        println!("    skipped: network namespaces are not permitted here");
        return;
    }
    let made = ip(&format!("netns add {there}"))
        && ip(&format!("link add {near} netns {here} type veth peer name {far} netns {there}"))
        && ip(&format!("-n {here} address add 10.77.0.1/24 dev {near}"))
        && ip(&format!("-n {there} address add 10.77.0.2/24 dev {far}"))
        && ip(&format!("-n {here} link set {near} up"))
        && ip(&format!("-n {there} link set {far} up"));
    let mut status = None;
    if made {
        let mut command = std::process::Command::new("ip");
        command.args(["netns", "exec", &here]).arg(std::env::current_exe().unwrap());
        status = command.args(["cut", &here, &there, &near]).status().ok();
    }
    // The cable goes with them.
    let gone = [&here, &there].map(|host| ip(&format!("netns delete {host}")));
    assert!(made && status.is_some_and(|status| status.success()) && gone == [true, true]);
}

/// What runs on the host of the server and the caller.
pub(crate) fn cut(here: &str, there: &str, cable: &str) {
    for far in [1, 2] {
        let mut server = Server::start();
        redis::cmd("CONFIG")
            .arg(&["SET", "bind", "10.77.0.1", "port", "6379", "protected-mode", "no"])
            .query::<()>(&mut server.connect().unwrap())
            .unwrap();
        let mut workers: Vec<_> = (far..2).map(|_| server.beside("worker")).collect();
        for _ in 0..far {
            let mut worker = std::process::Command::new("ip");
            worker.args(["netns", "exec", there]).arg(std::env::current_exe().unwrap());
            worker.args(["worker", "redis://10.77.0.1/"]).stderr(std::process::Stdio::null());
            workers.push(Process(worker.spawn().unwrap()));
        }
        let set = |state| {
            let mut link = std::process::Command::new("ip");
            link.args(["-n", here, "link", "set", cable, state]);
            assert!(link.status().unwrap().success());
        };
        storm(&mut server, workers, false, short, |_, _| {
            set("down");
            thread::sleep(Duration::from_secs(5));
            set("up");
        });
    }
}
