//! What must hold whatever is killed: each input has one outcome, its own.

use crate::server::{Process, Server};
use crate::storm::{self, disturbed};
use crate::{LEASE, double, workers};
use pool_core::{CallError, Fleet, FleetError, RemoteError};
use std::collections::{BTreeMap, BTreeSet};
use std::thread;
use std::time::{Duration, Instant};

type Fault = (&'static str, fn());

const FAULTS: [Fault; 35] = [
    ("undisturbed", || assert_eq!(disturbed(|_, _| {}), 0)),
    ("worker_killed", || {
        disturbed(|_, workers| drop(workers.pop()));
    }),
    ("server_killed", || {
        disturbed(|server, _| {
            server.kill();
            thread::sleep(Duration::from_secs(1));
            server.again();
        });
    }),
    ("server_with_a_strict_log_killed", storm::server_with_a_strict_log_killed),
    ("worker_frozen", || {
        disturbed(|_, workers| {
            workers[0].signal(libc::SIGSTOP);
            thread::sleep(3 * LEASE);
            workers[0].signal(libc::SIGCONT);
        });
    }),
    ("data_lost", || {
        disturbed(|server, _| {
            redis::cmd("FLUSHALL").query::<()>(&mut server.connect().unwrap()).unwrap();
        });
    }),
    ("worker_ends", || {
        let again = disturbed(|server, workers| {
            workers.push(server.beside("worker"));
            workers[0].signal(libc::SIGTERM);
            assert!(workers[0].0.wait().unwrap().success());
            let pending: redis::Value = redis::cmd("XPENDING")
                .arg("{pool}:redis_fleet::double")
                .arg("w")
                .query(&mut server.connect().unwrap())
                .unwrap();
            println!("    left behind: {pending:?}");
        });
        assert_eq!(again, 0);
    }),
    ("poison", poison),
    ("poison_among_many", storm::poison_among_many),
    ("panics", panics),
    ("stopped", stopped),
    ("stopped_and_forgotten", stopped_and_forgotten),
    ("dropped", dropped),
    ("caller_killed", caller_killed),
    ("long_calls_run_once", long_calls_run_once),
    ("long_call_among_many", storm::long_call_among_many),
    ("server_frozen", || {
        disturbed(|server, _| {
            server.signal(libc::SIGSTOP);
            thread::sleep(LEASE / 2);
            server.signal(libc::SIGCONT);
        });
    }),
    ("both_killed", || {
        disturbed(|server, workers| {
            drop(workers.pop());
            server.kill();
            server.again();
            workers.push(server.beside("worker"));
        });
    }),
    ("reconnects_are_no_deliveries", reconnects_are_no_deliveries),
    ("a_worker_ends_without_a_server", a_worker_ends_without_a_server),
    ("log_lost", || {
        disturbed(|server, _| {
            server.forget();
            server.again();
        });
    }),
    ("memory_full", || {
        disturbed(|server, _| {
            let mut connection = server.connect().unwrap();
            let mut limit = |bytes| {
                redis::cmd("CONFIG")
                    .arg(&["SET", "maxmemory", bytes])
                    .query::<()>(&mut connection)
                    .unwrap();
            };
            limit("1");
            thread::sleep(Duration::from_millis(1500));
            limit("0");
        });
    }),
    ("caller_frozen", caller_frozen),
    ("two_callers", two_callers),
    ("two_callers_and_three_workers", storm::two_callers_and_three_workers),
    ("network_cut", storm::network_cut),
    ("time_limits", time_limits),
    ("refused", refused),
    ("by_the_environment", by_the_environment),
    ("workers_are_counted", workers::are_counted),
    ("workers_take_no_more_at_their_end", workers::take_no_more_at_their_end),
    ("workers_survive_suspects", workers::survive_suspects),
    ("suspects_may_be_innocent", workers::suspects_may_be_innocent),
    ("workers_survive_garbage", workers::survive_garbage),
    ("throughput", throughput),
];

pub(crate) fn all(names: &[&str]) {
    for (name, fault) in FAULTS.iter().filter(|(name, _)| names.is_empty() || names.contains(name))
    {
        println!("{name}");
        let begun = Instant::now();
        fault();
        println!("    {:.2?}", begun.elapsed());
    }
    println!("all passed");
}

pub(crate) fn fleet(server: &Server) -> Fleet {
    Fleet::redis(&server.url()).unwrap().lease(LEASE)
}

/// Nothing of a caller that took all of its results is left at the server.
pub(crate) fn assert_nothing_left(server: &Server) {
    let mut connection = server.connect().unwrap();
    let begun = Instant::now();
    loop {
        let calls: usize =
            redis::cmd("XLEN").arg("{pool}:redis_fleet::double").query(&mut connection).unwrap();
        if calls == 0 {
            return;
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "{calls} calls are left");
        thread::sleep(Duration::from_millis(20));
    }
}

fn poison() {
    let server = Server::start();
    let mut workers: Vec<_> = (0..2).map(|_| server.beside("worker")).collect();
    let (fleet, log) = (fleet(&server), server.log().to_str().unwrap().to_owned());
    let inputs = (0..200).map(move |n| (log.clone(), if n == 50 { 777_777 } else { n }, 2));
    let mut batch = double::on(&fleet).as_completed(inputs).start();
    let mut outcomes = BTreeMap::new();
    while outcomes.len() < 200 {
        // What starts workers again.
        for worker in &mut workers {
            if worker.0.try_wait().unwrap().is_some() {
                *worker = server.beside("worker");
            }
        }
        if let Ok(Some(done)) = batch.next_timeout(Duration::from_millis(50)) {
            let (_, n, _) = done.input;
            assert!(outcomes.insert(n, done.result).is_none());
        }
    }
    for (n, outcome) in outcomes {
        match outcome {
            Err(CallError::Failed(RemoteError::Lost(FleetError::Dead))) => assert_eq!(n, 777_777),
            outcome => assert_eq!(outcome.unwrap(), 2 * n),
        }
    }
    let executed = server.executions().into_iter().filter(|n| *n == 777_777).count();
    println!("    executions of the poison: {executed}, stats {:?}", fleet.stats());
    assert_eq!((executed, fleet.stats().dead), (5, 1));

    let mut letters = fleet.dead_letters().unwrap();
    let letter = letters.pop().unwrap();
    assert!(
        letters.is_empty()
            && letter.function() == "redis_fleet::double"
            && !letter.inputs().is_empty()
    );
    assert!(letter.given_up().elapsed().unwrap() < Duration::from_secs(60));
    std::fs::write(server.log().with_extension("cured"), "").unwrap();
    let _worker = server.beside("worker");
    let before = server.executions().len();
    letter.send_again().unwrap();
    until(&server, before + 1);
    assert_nothing_left(&server);
    assert!(fleet.dead_letters().unwrap().is_empty());
    assert_eq!((server.executions().last(), fleet.stats().dead), (Some(&777_777), 0));
}

fn panics() {
    let server = Server::start();
    let _worker = server.beside("worker");
    let (fleet, log) = (fleet(&server), server.log().to_str().unwrap().to_owned());
    let inputs =
        (0..100).map(move |n| (log.clone(), if n % 2 == 0 { 13_000_000 + n } else { n }, 0));
    let mut panics = 0;
    double::on(&fleet).as_completed(inputs).for_each(|done| match done.result {
        Ok(doubled) => assert_eq!(doubled, 2 * done.input.1),
        Err(CallError::Panicked(panic)) => {
            assert_eq!(panic.message(), "unlucky");
            panics += 1;
        }
        Err(other) => panic!("{other}"),
    });
    assert_eq!(panics, 50);
}

pub(crate) fn until(server: &Server, executions: usize) {
    while server.executions().len() < executions {
        thread::sleep(Duration::from_millis(5));
    }
}

fn stopped() {
    let server = Server::start();
    let _worker = server.beside("worker");
    let (fleet, log) = (fleet(&server), server.log().to_str().unwrap().to_owned());
    let batch =
        double::on(&fleet).as_completed((0..).map(move |n| (log.clone(), n, 3_600_000))).start();
    let stop = batch.stop_handle();
    until(&server, 4);
    stop.stop();
    let (mut cancelled, mut taken_back) = (0, 0);
    for done in batch {
        match done.result {
            Err(CallError::Failed(RemoteError::Failed(why))) if why == "cancelled" => {
                cancelled += 1
            }
            Err(CallError::Failed(RemoteError::Lost(FleetError::Cancelled))) => taken_back += 1,
            other => panic!("{other:?}"),
        }
    }
    println!("    {cancelled} cancelled, {taken_back} taken back");
    assert_eq!((cancelled, server.executions().len()), (4, 4));
    assert_nothing_left(&server);
}

fn dropped() {
    let server = Server::start();
    let _worker = server.beside("worker");
    let (fleet, log) = (fleet(&server), server.log().to_str().unwrap().to_owned());
    let batch =
        double::on(&fleet).as_completed((0..).map(move |n| (log.clone(), n, 3_600_000))).start();
    until(&server, 4);
    let begun = Instant::now();
    drop(batch);
    println!("    dropped in {:.2?}", begun.elapsed());
    assert_nothing_left(&server);
    assert_eq!(server.executions().len(), 4);
}

fn caller_killed() {
    let server = Server::start();
    let _worker = server.beside("worker");
    let caller = server.beside("caller");
    until(&server, 100);
    drop(caller);
    let begun = Instant::now();
    let mut connection = server.connect().unwrap();
    loop {
        let keys: Vec<String> =
            redis::cmd("KEYS").arg("{pool}:r:*").query(&mut connection).unwrap();
        let calls: usize =
            redis::cmd("XLEN").arg("{pool}:redis_fleet::double").query(&mut connection).unwrap();
        if keys.is_empty() && calls == 0 {
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "{keys:?}, {calls} calls");
        thread::sleep(Duration::from_millis(20));
    }
}

fn long_calls_run_once() {
    let server = Server::start();
    let _workers: Vec<_> = (0..2).map(|_| server.beside("worker")).collect();
    let (fleet, log) = (fleet(&server), server.log().to_str().unwrap().to_owned());
    let longer = 3 * LEASE.as_millis() as u64;
    let begun = Instant::now();
    let doubled = double::on(&fleet)
        .map((0..16).map(move |n| (log.clone(), n, longer)))
        .try_collect::<Vec<_>>();
    assert_eq!(doubled, Ok((0..16).map(|n| 2 * n).collect()));
    println!("    16 calls of {longer} ms at 8 places in {:.2?}", begun.elapsed());
    assert_eq!(server.executions().len(), 16);
}

fn two_callers() {
    let server = Server::start();
    let _workers: Vec<_> = (0..2).map(|_| server.beside("worker")).collect();
    thread::scope(|scope| {
        for caller in 0..2 {
            let server = &server;
            scope.spawn(move || {
                let (fleet, log) = (fleet(server), server.log().to_str().unwrap().to_owned());
                let from = 10_000 * caller;
                let inputs = (from..from + 1000).map(move |n| (log.clone(), n, 1));
                let doubled = double::on(&fleet).map(inputs).try_collect::<Vec<_>>();
                assert_eq!(doubled, Ok((from..from + 1000).map(|n| 2 * n).collect()));
            });
        }
    });
    assert_eq!(server.executions().len(), 2000);
}

fn time_limits() {
    let mut server = Server::start();
    let log = server.log().to_str().unwrap().to_owned();
    let limited = |server: &Server, log: &String| {
        let fleet = fleet(server);
        let hour = (log.clone(), 1, 3_600_000);
        double::on(&fleet).map([hour]).timeout(Duration::from_millis(300)).collect::<Vec<_>>()
    };
    // No worker has it: it is taken back.
    assert_eq!(limited(&server, &log), [Err(RemoteError::Lost(FleetError::TimedOut))]);
    assert_nothing_left(&server);
    let _worker = server.beside("worker");
    // A worker has it, and the call heeds the limit.
    assert_eq!(limited(&server, &log), [Err(RemoteError::Failed("cancelled".into()))]);
    server.kill();
}

fn refused() {
    let server = Server::start();
    let _: () = redis::cmd("CONFIG")
        .arg(&["SET", "requirepass", "secret"])
        .query(&mut server.connect().unwrap())
        .unwrap();
    let fleet = fleet(&server);
    for result in double::on(&fleet).map((0..100).map(|n| (String::new(), n, 0))) {
        match result {
            Err(RemoteError::Lost(FleetError::Server(why))) => {
                assert!(why.contains("NOAUTH"), "{why}")
            }
            other => panic!("{other:?}"),
        }
    }
    let mut worker = server.beside("worker");
    assert!(!worker.0.wait().unwrap().success());
}

fn by_the_environment() {
    let server = Server::start();
    let _worker = server.by_the_environment();
    let (fleet, log) = (fleet(&server), server.log().to_str().unwrap().to_owned());
    assert_eq!(double::on(&fleet).map([(log, 4, 0)]).collect::<Vec<_>>(), [Ok(8)]);
}

/// How many calls that do next to nothing go through, with two workers of four places.
fn throughput() {
    let server = Server::start();
    let workers: Vec<_> = (0..2).map(|_| server.beside("worker")).collect();
    let fleet = fleet(&server);
    let one = double::on(&fleet).map([("/dev/null", 1, 0)]).collect::<Vec<_>>();
    assert_eq!(one, [Ok(2)]);
    let used = || workers.iter().map(Process::processor_time).sum::<Duration>();
    let (begun, before) = (Instant::now(), used());
    let count = double::on(&fleet)
        .map((0..20_000).map(|n| ("/dev/null", n, 0)))
        .filter(Result::is_ok)
        .count();
    println!("    {:.0} calls/s", count as f64 / begun.elapsed().as_secs_f64());
    println!("    {:.1?} of a worker's processor for each", (used() - before) / 20_000);
    let begun = Instant::now();
    for n in 0..500 {
        assert_eq!(double::on(&fleet).map([("/dev/null", n, 0)]).next(), Some(Ok(2 * n)));
    }
    println!("    one at a time: {:.0?} each", begun.elapsed() / 500);
}

fn reconnects_are_no_deliveries() {
    let mut server = Server::start();
    let _workers: Vec<_> = (0..2).map(|_| server.beside("worker")).collect();
    let (fleet, log) = (fleet(&server), server.log().to_str().unwrap().to_owned());
    let mut batch = double::on(&fleet).map((0..2).map(move |n| (log.clone(), n, 6000))).start();
    until(&server, 2);
    for _ in 0..6 {
        thread::sleep(Duration::from_millis(400));
        server.kill();
        server.again();
    }
    let pending: Vec<(String, String, u64, u64)> = redis::cmd("XPENDING")
        .arg("{pool}:redis_fleet::double")
        .arg("w")
        .arg(&["-", "+", "9"])
        .query(&mut server.connect().unwrap())
        .unwrap();
    assert_eq!(pending.iter().map(|(_, _, _, deliveries)| *deliveries).collect::<Vec<_>>(), [1, 1]);
    assert_eq!([batch.next(), batch.next(), batch.next()], [Some(Ok(0)), Some(Ok(2)), None]);
    assert_eq!(server.executions().len(), 2);
}

fn a_worker_ends_without_a_server() {
    let mut server = Server::start();
    let mut worker = server.beside("worker");
    let (fleet, log) = (fleet(&server), server.log().to_str().unwrap().to_owned());
    let batch = double::on(&fleet).map([(log, 1, 500)]).start();
    until(&server, 1);
    server.kill();
    worker.signal(libc::SIGTERM);
    assert!(worker.0.wait().unwrap().success());
    // Another one has the call, with the same server.
    server.again();
    let _other = server.beside("worker");
    assert_eq!(batch.collect::<Vec<_>>(), [Ok(2)]);
}

/// For longer than its results live.
fn caller_frozen() {
    let server = Server::start();
    let _worker = server.beside("worker");
    let mut caller = server.beside("whole");
    until(&server, 300);
    caller.signal(libc::SIGSTOP);
    thread::sleep(3 * LEASE);
    caller.signal(libc::SIGCONT);
    assert!(caller.0.wait().unwrap().success());
    let executions = server.executions();
    println!("    executed again: {}", executions.len() - 2000);
    assert!(executions.iter().collect::<BTreeSet<_>>().into_iter().copied().eq(0..2000));
}

/// Calls that were stopped are not handed out again after the server has lost them.
fn stopped_and_forgotten() {
    let server = Server::start();
    let worker = server.beside("worker");
    let (fleet, log) = (fleet(&server), server.log().to_str().unwrap().to_owned());
    let batch =
        double::on(&fleet).as_completed((0..).map(move |n| (log.clone(), n, 3_600_000))).start();
    until(&server, 4);
    worker.signal(libc::SIGSTOP);
    batch.stop_handle().stop();
    thread::sleep(LEASE / 2);
    redis::cmd("FLUSHALL").query::<()>(&mut server.connect().unwrap()).unwrap();
    for done in batch {
        match done.result {
            Err(CallError::Failed(RemoteError::Lost(FleetError::Cancelled))) => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(server.executions().len(), 4);
    assert_nothing_left(&server);
}
