//! Measures where async overtakes threads: the same GET, in threads that block and in tasks that are polled, with more
//! and more of them in flight. The clients run in processes of their own, and each has a server in another one, whose
//! time and memory do not count.

use super::io::{PAGE, REQUEST, get};
use super::{collect, in_a_child, microseconds, wait};
use crate::measure::{AGAIN, Contender, Experiment, Figure, OURS};
use crate::peers::{Collect, Ours, Peer, Scoped};
use crate::process::{self, Usage};
use futures_util::{StreamExt, stream};
use std::io::{self, BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::runtime::Runtime;

const IN_FLIGHT: [(&str, usize); 5] = [
    ("crossover-16", 16),
    ("crossover-64", 64),
    ("crossover-256", 256),
    ("crossover-1024", 1_024),
    ("crossover-4096", 4_096),
];
const SERVER: &str = "crossover-server";
const TASKS: &str = "tokio tasks";
const WAIT: Duration = Duration::from_millis(100);
/// So often a place in flight is used.
const TURNS: usize = 5;

pub(super) fn experiments() -> Vec<Experiment> {
    let experiment = |(job, places): (&'static str, usize)| Experiment {
        name: job.replace('-', "/"),
        job: format!(
            "{} GETs from a server on loopback that waits {} ms, {places} in flight: wall ÷ {} ms",
            TURNS * places,
            WAIT.as_millis(),
            (WAIT * TURNS as u32).as_millis()
        ),
        figures: vec![
            Figure::new("wall", "× ideal"),
            Figure::new("cpu", "µs a call"),
            Figure::new("memory", "KiB a call in flight, at the peak"),
        ],
        rounds: (0, 3),
        warm_up: false,
        contenders: Box::new(move || {
            let contender = |name| Contender::new(name, move || in_a_child(job, name));
            [OURS, TASKS, Scoped::NAME, AGAIN].map(contender).into()
        }),
    };
    IN_FLIGHT.map(experiment).into()
}

pub(super) fn child(job: &str, contender: &str) -> Option<Vec<f64>> {
    if job == SERVER {
        serve();
    }
    let (_, places) = IN_FLIGHT.iter().find(|(name, _)| *name == job)?;
    process::allow_files(places + 64);
    let server = Server::start();
    let calls = TURNS * places;
    let (before, begun) = (process::resident_kib(), Usage::now());
    match contender {
        OURS | AGAIN => threads::<Ours>(*places, calls, server.address),
        Scoped::NAME => threads::<Scoped>(*places, calls, server.address),
        TASKS => tasks(*places, calls, server.address),
        _ => return None,
    }
    let used = begun.since();
    let weight = process::peak_kib().saturating_sub(before);
    Some(vec![
        used.wall.as_secs_f64() / (WAIT * TURNS as u32).as_secs_f64(),
        microseconds(used.cpu) / calls as f64,
        weight as f64 / *places as f64,
    ])
}

fn threads<P: Collect>(places: usize, calls: usize, server: SocketAddr) {
    let call = wait(move |_| assert!(get(server).is_ok_and(|page| page == PAGE), "the page"));
    collect(&P::new(places), calls, &call);
}

fn tasks(places: usize, calls: usize, server: SocketAddr) {
    let runtime = Runtime::new().expect("a runtime");
    let pages = stream::iter(0..calls)
        .map(|_| runtime.spawn(get_async(server)))
        .buffer_unordered(places)
        .filter(|page| {
            let is_right = matches!(page, Ok(Ok(page)) if page == PAGE);
            async move { is_right }
        })
        .count();
    assert_eq!(runtime.block_on(pages), calls, "every page");
}

/// As [`get`].
async fn get_async(server: SocketAddr) -> io::Result<String> {
    let mut connection = TcpStream::connect(server).await?;
    connection.write_all(REQUEST).await?;
    let mut page = String::new();
    connection.read_to_string(&mut page).await?;
    Ok(page)
}

/// A process that serves pages until this is dropped, or the process that started it has ended.
struct Server {
    process: Child,
    address: SocketAddr,
}

impl Server {
    fn start() -> Self {
        let program = std::env::current_exe().expect("the path of this program");
        let mut process = Command::new(program)
            .args(["child", SERVER, "-"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a server starts");
        let mut address = String::new();
        let output = process.stdout.take().expect("it is a pipe");
        BufReader::new(output).read_line(&mut address).expect("its address");
        Self { address: address.trim().parse().expect("its address"), process }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        _ = self.process.wait();
    }
}

/// The life of a server: it ends with its standard input.
fn serve() -> ! {
    let (_, most) = IN_FLIGHT[IN_FLIGHT.len() - 1];
    process::allow_files(2 * most);
    thread::spawn(|| {
        _ = io::stdin().read(&mut [0]);
        std::process::exit(0);
    });
    Runtime::new().expect("a runtime").block_on(async {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.bind(SocketAddr::from(([127, 0, 0, 1], 0))).expect("a port on loopback");
        let listener = socket.listen(most as u32).expect("it listens");
        println!("{}", listener.local_addr().expect("its address"));
        loop {
            let (connection, _) = listener.accept().await.expect("a connection");
            tokio::spawn(answer(connection));
        }
    })
}

async fn answer(mut connection: TcpStream) -> io::Result<()> {
    let (mut request, mut length) = ([0; 512], 0);
    while !request[..length].ends_with(b"\r\n\r\n") {
        match connection.read(&mut request[length..]).await? {
            0 => return Ok(()),
            more => length += more,
        }
    }
    tokio::time::sleep_until((Instant::now() + WAIT).into()).await;
    connection.write_all(PAGE.as_bytes()).await
}
