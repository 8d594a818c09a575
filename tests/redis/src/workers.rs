//! What workers do for each other, and against entries that no caller of ours has written.

use crate::faults::{fleet, until};
use crate::server::Server;
use crate::{LEASE, double};
use pool_core::{CallError, FleetError, RemoteError};
use std::thread;
use std::time::{Duration, Instant};

const CALLS: &str = "{pool}:redis_fleet::double";

fn wait_until(what: &str, holds: impl Fn() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < 30 * LEASE, "{what}");
        thread::sleep(Duration::from_millis(50));
    }
}

/// Idle ones count too, and the names of those that were killed go.
pub(crate) fn are_counted() {
    let server = Server::start();
    let workers: Vec<_> = (0..2).map(|_| server.beside("worker")).collect();
    let (fleet, log) = (fleet(&server), server.log().to_str().unwrap().to_owned());
    assert_eq!(double::on(&fleet).map([(log, 1, 0)]).collect::<Vec<_>>(), [Ok(2)]);
    wait_until("both are counted", || fleet.stats().workers == 2);
    thread::sleep(2 * LEASE);
    assert_eq!(fleet.stats().workers, 2);
    drop(workers);
    wait_until("none is counted", || fleet.stats().workers == 0);
    assert_eq!(server.names(), 2);
    let _worker = server.beside("worker");
    wait_until("only the one that lives has a name", || server.names() == 1);
    assert_eq!(fleet.stats().workers, 1);
}

/// A worker whose places are all taken leaves what waits to others when it ends.
pub(crate) fn take_no_more_at_their_end() {
    let server = Server::start();
    let mut worker = server.beside("worker");
    let (fleet, log) = (fleet(&server), server.log().to_str().unwrap().to_owned());
    let batch = double::on(&fleet).map((0..20).map(move |n| (log.clone(), n, 1500))).start();
    until(&server, 4);
    worker.signal(libc::SIGTERM);
    assert!(worker.0.wait().unwrap().success());
    assert_eq!(server.executions().len(), 4);
    let _other = server.beside("worker");
    assert_eq!(batch.try_collect::<Vec<_>>(), Ok((0..20).map(|n| 2 * n).collect()));
    assert_eq!(server.executions().len(), 20);
}

/// The third delivery of a call that ends its worker ends a copy. What runs beside it goes on.
pub(crate) fn survive_suspects() {
    let server = Server::start();
    let (fleet, log) = (fleet(&server), server.log().to_str().unwrap().to_owned());
    let poison = double::on(&fleet).as_completed([(log.clone(), 777_777, 0)]).start();
    for deaths in 1..=2 {
        let mut worker = server.beside("worker");
        assert!(!worker.0.wait().unwrap().success());
        assert_eq!(server.executions().len(), deaths);
    }
    let mut worker = server.beside("worker");
    let long = 3 * LEASE.as_millis() as u64;
    let beside = double::on(&fleet).map([(log.clone(), 1, long), (log.clone(), 2, long)]).start();
    match poison.map(|done| done.result).collect::<Vec<_>>()[..] {
        [Err(CallError::Failed(RemoteError::Lost(FleetError::Dead)))] => {}
        ref other => panic!("{other:?}"),
    }
    assert_eq!(beside.collect::<Vec<_>>(), [Ok(2), Ok(4)]);
    assert_eq!(worker.0.try_wait().unwrap(), None);
    let executions = server.executions();
    let of = |n| executions.iter().filter(|other| **other == n).count();
    assert_eq!((of(777_777), of(1), of(2)), (5, 1, 1));
}

/// A suspect that was handed to a worker whose connection broke is still one when the worker finds it.
pub(crate) fn suspects_are_known_after_a_reconnect() {
    let server = Server::start();
    let (fleet, log) = (fleet(&server), server.log().to_str().unwrap().to_owned());
    let mut worker = server.beside("worker");
    wait_until("the worker is there", || server.names() == 1);
    let mut connection = server.connect().unwrap();
    let mut workers = redis::cmd("XINFO");
    let workers: redis::streams::StreamInfoConsumersReply =
        workers.arg("CONSUMERS").arg(CALLS).arg("w").query(&mut connection).unwrap();
    let name = workers.consumers[0].name.clone();
    worker.signal(libc::SIGSTOP);
    // What it has asked for is answered, so that nothing is handed to it.
    wait_until("it waits for nothing", || {
        let mut clients = redis::cmd("INFO");
        let clients: String = clients.arg("clients").query(&mut server.connect().unwrap()).unwrap();
        clients.contains("blocked_clients:0\r")
    });
    let poison = double::on(&fleet).as_completed([(log, 777_777, 0)]).start();
    wait_until("the call is at the server", || {
        let mut read = redis::cmd("XREADGROUP");
        read.arg(&["GROUP", "w", "another", "STREAMS", CALLS, ">"]);
        read.query::<redis::Value>(&mut server.connect().unwrap()).unwrap() != redis::Value::Nil
    });
    let pending: Vec<(String, String, u64, u64)> =
        redis::cmd("XPENDING").arg(&[CALLS, "w", "-", "+", "9"]).query(&mut connection).unwrap();
    redis::cmd("XCLAIM")
        .arg(&[CALLS, "w", &name, "0", &pending[0].0, "RETRYCOUNT", "3"])
        .query::<redis::Value>(&mut connection)
        .unwrap();
    redis::cmd("CLIENT").arg(&["KILL", "TYPE", "normal"]).query::<u64>(&mut connection).unwrap();
    worker.signal(libc::SIGCONT);
    match poison.map(|done| done.result).collect::<Vec<_>>()[..] {
        [Err(CallError::Failed(RemoteError::Lost(FleetError::Dead)))] => {}
        ref other => panic!("{other:?}"),
    }
    assert_eq!((worker.0.try_wait().unwrap(), server.executions().len()), (None, 3));
}

/// A suspect that does no harm has its result.
pub(crate) fn suspects_may_be_innocent() {
    let server = Server::start();
    let (fleet, log) = (fleet(&server), server.log().to_str().unwrap().to_owned());
    let batch = double::on(&fleet).map([(log.clone(), 4, LEASE.as_millis() as u64)]).start();
    for deaths in 1..=2 {
        let _worker = server.beside("worker");
        until(&server, deaths);
    }
    let _worker = server.beside("worker");
    assert_eq!(batch.collect::<Vec<_>>(), [Ok(8)]);
    assert_eq!(server.executions().len(), 3);
}

/// Entries of strangers get no answer, and the calls between them run.
pub(crate) fn survive_garbage() {
    let server = Server::start();
    let _worker = server.beside("worker");
    let (fleet, log) = (fleet(&server), server.log().to_str().unwrap().to_owned());
    let mut connection = server.connect().unwrap();
    let mut add = |fields: &[(&[u8], &[u8])]| {
        let mut add = redis::cmd("XADD");
        add.arg(CALLS).arg("*");
        fields.iter().for_each(|(name, value)| {
            add.arg(*name).arg(*value);
        });
        add.query::<String>(&mut connection).unwrap();
    };
    add(&[(b"\xff\xfe", b"\xff")]);
    add(&[(b"p", b"\xc1\xc1\xc1"), (b"c", b"\xff"), (b"i", b"-1"), (b"t", b"soon")]);
    add(&[(b"c", b""), (b"i", b""), (b"p", b"")]);
    assert_eq!(double::on(&fleet).map([(log, 4, 0)]).collect::<Vec<_>>(), [Ok(8)]);
    wait_until("the garbage is gone", || {
        let left: usize =
            redis::cmd("XLEN").arg(CALLS).query(&mut server.connect().unwrap()).unwrap();
        left == 0
    });
    assert_eq!(fleet.stats().workers, 1);
}
