//! The rights of users at a server, the ways to it, and the errors where something is wrong.

use crate::faults::until;
use crate::server::Server;
use crate::{LEASE, double};
use pool_core::{CallError, Fleet, FleetError, RemoteError};
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::process::Command;
use std::{env, fs, thread};

const WORKER: &str = "?user=worker&pass=w";
const CALLER: &str = "?user=caller&pass=c";
const ADMIN: &str = "?user=admin&pass=a";

/// A server with the two users of the documentation, and one of the test's.
fn with_users() -> Server {
    let documentation = include_str!("../../../pool-core/src/fleet/handle.rs");
    let lines = documentation.lines().filter_map(|line| line.trim().strip_prefix("/// "));
    let mut users = lines.skip_while(|line| !line.starts_with("user worker ")).take(2);
    let (worker, caller) = (users.next().unwrap(), users.next().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("users.acl");
    let users = [
        "user default off",
        &worker.replace("<password>", "w"),
        &caller.replace("<password>", "c"),
        "user admin on >a ~* &* +@all",
    ];
    fs::write(&file, users.join("\n") + "\n").unwrap();
    let file = file.to_str().unwrap().to_owned();
    Server::of_user(folder, &["--appendonly", "yes", "--aclfile", &file], ADMIN)
}

fn fleet(server: &Server) -> Fleet {
    Fleet::redis(&server.url_of(CALLER)).unwrap().lease(LEASE)
}

/// Calls, errors, a stop, stats, suspects, dead letters, and the end of a worker.
pub(crate) fn users_have_what_they_need() {
    let server = with_users();
    let (fleet, log) = (fleet(&server), server.log().to_str().unwrap().to_owned());
    assert_eq!(fleet.check(), Ok(Vec::new()));
    let worker = || server.at("worker", &server.url_of(WORKER));
    let mut workers = [worker(), worker()];
    let inputs = (0..200).map(|n| (log.clone(), if n == 50 { 777_777 } else { n }, 1));
    let mut batch = double::on(&fleet).as_completed(inputs.collect::<Vec<_>>()).start();
    let mut doubled = 0;
    loop {
        for gone in &mut workers {
            if gone.0.try_wait().unwrap().is_some() {
                *gone = worker();
            }
        }
        match batch.next_timeout(LEASE / 20) {
            Err(_) => {}
            Ok(None) => break,
            Ok(Some(done)) => match done.result {
                Ok(double) => doubled += u64::from(double == 2 * done.input.1),
                Err(CallError::Failed(RemoteError::Lost(FleetError::Dead))) => {
                    assert_eq!(done.input.1, 777_777);
                }
                Err(other) => panic!("{other}"),
            },
        }
    }
    assert_eq!((doubled, fleet.stats().dead, fleet.stats().workers), (199, 1, 2));
    let letter = fleet.dead_letters().unwrap().pop().unwrap();
    fs::write(server.log().with_extension("cured"), "").unwrap();
    letter.send_again().unwrap();
    until(&server, 199 + 5 + 1);
    assert_eq!(fleet.stats().dead, 0);

    let hours = (0..).map(move |n| (log.clone(), n, 3_600_000));
    let hours = double::on(&fleet).as_completed(hours).start();
    until(&server, 205 + 8);
    hours.stop_handle().stop();
    for done in hours {
        match done.result {
            Err(CallError::Failed(RemoteError::Failed(why))) if why == "cancelled" => {}
            Err(CallError::Failed(RemoteError::Lost(FleetError::Cancelled))) => {}
            other => panic!("{other:?}"),
        }
    }
    for worker in &mut workers {
        worker.signal(libc::SIGTERM);
        assert!(worker.0.wait().unwrap().success());
    }
    assert_eq!(fleet.stats().workers, 0);
}

/// Neither touches other keys, nor the server. A caller takes no calls of others, a worker reads no results.
pub(crate) fn users_may_do_no_more() {
    let server = with_users();
    let refuses = |user: &str, command: &[&str]| {
        let client = redis::Client::open(server.url_of(user)).unwrap();
        let mut connection = client.get_connection().unwrap();
        let reply =
            redis::cmd(command[0]).arg(&command[1..]).query::<redis::Value>(&mut connection);
        assert_eq!(reply.unwrap_err().code(), Some("NOPERM"), "{user} {command:?}");
    };
    for user in [WORKER, CALLER] {
        refuses(user, &["GET", "another"]);
        refuses(user, &["XADD", "another", "*", "a", "b"]);
        refuses(user, &["FLUSHALL"]);
        refuses(user, &["CONFIG", "GET", "*"]);
        refuses(user, &["KEYS", "*"]);
        refuses(user, &["EVAL", "return 1", "0"]);
        refuses(user, &["ACL", "LIST"]);
    }
    refuses(CALLER, &["XREADGROUP", "GROUP", "w", "me", "STREAMS", "{pool}:f", ">"]);
    refuses(CALLER, &["XCLAIM", "{pool}:f", "w", "me", "0", "0-1"]);
    refuses(WORKER, &["XREAD", "STREAMS", "{pool}:r:caller", "0"]);
    refuses(WORKER, &["DEL", "{pool}:f"]);
}

/// By TLS, with a certificate that the variable `SSL_CERT_FILE` names.
pub(crate) fn encrypted() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (key, certificate) = (path("key.pem"), path("cert.pem"));
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=localhost",
        ])
        .args(["-addext", "subjectAltName=DNS:localhost", "-addext", "basicConstraints=CA:FALSE"])
        .args(["-keyout", &key, "-out", &certificate])
        .output();
    assert!(made.unwrap().status.success());
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
    let server = Server::of_user(
        folder,
        &[
            "--appendonly",
            "yes",
            "--tls-port",
            &port,
            "--tls-auth-clients",
            "no",
            "--tls-cert-file",
            &certificate,
            "--tls-key-file",
            &key,
            "--tls-ca-cert-file",
            &certificate,
        ],
        "",
    );
    let url = format!("rediss://localhost:{port}/");
    let run = |file: &str| {
        let mut whole = Command::new(env::current_exe().unwrap());
        whole
            .arg("encrypted")
            .arg(&url)
            .arg(server.log())
            .env("SSL_CERT_FILE", file)
            .output()
            .unwrap()
    };
    let done = run(&certificate);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    assert_eq!(server.executions().len(), 100);
    // Others are not believed.
    let refused = run("/etc/ssl/certs/ca-certificates.crt");
    assert!(!refused.status.success());
    let why = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(why.contains("certificate"), "{why}");
}

pub(crate) fn what_would_lose_calls_is_told() {
    let options = ["--appendonly", "no", "--maxmemory", "1gb", "--maxmemory-policy", "allkeys-lru"];
    let server = Server::with(&options);
    let warnings = Fleet::redis(&server.url()).unwrap().check().unwrap();
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    assert!(warnings[0].contains("appendonly yes") && warnings[1].contains("noeviction"));
    let mut worker = Command::new(env::current_exe().unwrap());
    worker.arg("worker").arg(server.url()).stderr(std::process::Stdio::piped());
    let mut worker = worker.spawn().unwrap();
    while Fleet::redis(&server.url()).is_ok_and(|_| server.names() == 0) {
        thread::sleep(LEASE / 50);
    }
    // SAFETY: It takes two numbers.
    unsafe { libc::kill(worker.id() as i32, libc::SIGTERM) };
    let mut said = String::new();
    worker.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    worker.wait().unwrap();
    assert_eq!(said.lines().count(), 2, "{said}");
    assert_eq!(Fleet::redis(&Server::start().url()).unwrap().check(), Ok(Vec::new()));
}

/// A call, a check and a worker end with what is wrong and what to do.
pub(crate) fn what_cannot_heal_is_told() {
    let told = |url: &str, code: &str, what_to_do: &str| {
        let fleet = Fleet::redis(url).unwrap().lease(LEASE);
        let lost = double::on(&fleet).map([(String::new(), 1, 0)]).collect::<Vec<_>>();
        for error in
            [lost[0].clone().unwrap_err().to_string(), fleet.check().unwrap_err().to_string()]
        {
            assert!(error.contains(code) && error.contains(what_to_do), "{error}");
        }
        let worker = fleet.serve([double::service()]).run().unwrap_err().to_string();
        assert!(worker.contains(code) && worker.contains(what_to_do), "{worker}");
    };
    let server = with_users();
    told(&server.url_of(""), "NOAUTH", "give one in the URL");
    told(&server.url_of("?user=worker&pass=x"), "", "does not know the user and the password");

    let server = Server::start();
    redis::cmd("SET")
        .arg("{pool}:redis_fleet::double")
        .arg(1)
        .query::<()>(&mut server.connect().unwrap())
        .unwrap();
    let fleet = Fleet::redis(&server.url()).unwrap();
    let lost = double::on(&fleet).map([(String::new(), 1, 0)]).collect::<Vec<_>>();
    let error = lost[0].clone().unwrap_err().to_string();
    assert!(error.contains("WRONGTYPE") && error.contains("another database"), "{error}");

    told(&answering("HTTP/1.1 400 Bad Request\r\n\r\n"), "", "is no Redis server");
    let info = "# Server\r\nredis_version:6.2.7\r\n";
    told(&answering(&format!("${}\r\n{info}\r\n", info.len())), "6.2.7", "7.0 or newer");
}

/// The URL of something that answers each thing it is told with that. A read of a stream waits for entries, as it does
/// at a server, and there are none.
fn answering(answer: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("redis://{}/", listener.local_addr().unwrap());
    let answer = answer.to_owned();
    thread::spawn(move || {
        for line in listener.incoming().map_while(Result::ok) {
            let answer = answer.clone();
            thread::spawn(move || {
                let (mut line, mut buffer) = (line, [0; 4096]);
                while let Ok(1..) = line.read(&mut buffer) {
                    if buffer.windows(5).any(|name| name == b"XREAD") {
                        buffer.fill(0);
                        continue;
                    }
                    // Commands come alone, or as a pipeline of two.
                    let commands =
                        buffer.windows(2).filter(|pair| pair == b"*1" || pair == b"*4").count();
                    for _ in 0..commands.max(1) {
                        let _ = line.write_all(answer.as_bytes());
                    }
                    buffer.fill(0);
                }
            });
        }
    });
    url
}
