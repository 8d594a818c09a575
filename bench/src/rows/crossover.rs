//! Measures from how many waits at once on threads are the wrong tool: calls that wait for a server, in threads and in
//! tasks. In processes of their own.

use super::io::{PAGE, REQUEST, get};
use super::{in_a_child, microseconds};
use crate::measure::{AGAIN, Contender, Experiment, Figure, OURS};
use crate::peers::{Collect, Ours, Peer, Scoped};
use crate::process::{self, Usage};
use futures_util::{StreamExt, stream};
use std::env;
use std::io::{self, BufRead, BufReader, Read};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::runtime::Builder;
use tokio::{task, time};

const WIDTHS: [(&str, usize); 5] = [
    ("crossover-16", 16),
    ("crossover-64", 64),
    ("crossover-256", 256),
    ("crossover-1024", 1_024),
    ("crossover-4096", 4_096),
];
const TASKS: &str = "tokio tasks";
const WAIT: Duration = Duration::from_millis(100);
/// How often each of the calls at once is followed by another one.
const TURNS: usize = 4;
/// The system keeps a queue of connections for each port until the server accepts them, for 128 of them at least. A
/// client that finds it full tries again after a second. So many queues hold all connections at once.
const PORTS: usize = 32;
/// The descriptors of a process beside its connections: the ports, and what a runtime needs. The server inherits the
/// client's limit.
const BESIDE: usize = PORTS + 32;

pub(super) fn experiments() -> Vec<Experiment> {
    let experiment = |(job, width): (&'static str, usize)| Experiment {
        name: job.replace('-', "/"),
        job: format!(
            "{} GETs from a server on loopback that waits {} ms, {width} at once: wall ÷ {} ms",
            TURNS * width,
            WAIT.as_millis(),
            ideal().as_millis()
        ),
        figures: vec![
            Figure::new("wall", "× ideal"),
            Figure::new("cpu", "µs a call, of the client"),
            Figure::new("memory", "KiB a call at once"),
        ],
        rounds: (0, 3),
        warm_up: false,
        contenders: Box::new(move || {
            let contender = |name| Contender::new(name, move || in_a_child(job, name));
            [OURS, Scoped::NAME, TASKS, AGAIN].map(contender).into()
        }),
    };
    WIDTHS.map(experiment).into()
}

fn ideal() -> Duration {
    WAIT * TURNS as u32
}

pub(super) fn child(job: &str, contender: &str) -> Option<Vec<f64>> {
    let (_, width) = *WIDTHS.iter().find(|(name, _)| *name == job)?;
    if let Err(limit) = process::allow_files(width + BESIDE) {
        eprintln!("{contender} at {job} is not measured: {limit}");
        return Some(vec![f64::NAN; 3]);
    }
    let calls = TURNS * width;
    Some(match contender {
        OURS | AGAIN => watch(width, |server| collect::<Ours>(width, calls, server)),
        Scoped::NAME => watch(width, |server| collect::<Scoped>(width, calls, server)),
        TASKS => watch(width, |server| tasks(width, calls, server)),
        _ => return None,
    })
}

/// The figures of a batch, with all that it starts.
fn watch(width: usize, batch: impl FnOnce(&Server) -> Vec<usize>) -> Vec<f64> {
    let calls = TURNS * width;
    let server = Server::start();
    let (resident, before) = (process::resident_kib(), Usage::now());
    let results = batch(&server);
    let used = before.since();
    let weight = process::peak_kib().saturating_sub(resident);
    assert!(results.into_iter().eq(0..calls), "every result in its place");
    vec![
        used.wall.as_secs_f64() / ideal().as_secs_f64(),
        microseconds(used.cpu) / calls as f64,
        weight as f64 / width as f64,
    ]
}

fn collect<P: Collect>(width: usize, calls: usize, server: &Server) -> Vec<usize> {
    let ports = server.ports;
    P::new(width).collect(calls, move |call| {
        assert_eq!(get(ports[call % PORTS]).expect("a page"), PAGE);
        call
    })
}

/// A task for each call, and at most `width` of them at once.
fn tasks(width: usize, calls: usize, server: &Server) -> Vec<usize> {
    let ports = server.ports;
    let get = |call| {
        task::spawn(async move {
            assert_eq!(get_in_task(ports[call % PORTS]).await.expect("a page"), PAGE);
            call
        })
    };
    let mut done = vec![None; calls];
    Builder::new_multi_thread().enable_io().build().expect("a runtime").block_on(async {
        let mut results = stream::iter(0..calls).map(get).buffer_unordered(width);
        while let Some(call) = results.next().await {
            let call = call.expect("the task returns");
            done[call] = Some(call);
        }
    });
    done.into_iter().map(|call| call.expect("the task returns")).collect()
}

/// What [`get`] does.
async fn get_in_task(server: SocketAddr) -> io::Result<String> {
    let mut connection = TcpStream::connect(server).await?;
    connection.write_all(REQUEST).await?;
    let mut page = String::new();
    connection.read_to_string(&mut page).await?;
    Ok(page)
}

/// A process that answers each client after [`WAIT`], and ends with this process.
struct Server {
    child: Child,
    ports: [SocketAddr; PORTS],
}

impl Server {
    fn start() -> Self {
        let mut command = Command::new(env::current_exe().expect("the path of this program"));
        command.args(["child", "answers", "tokio"]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("a child starts");
        let mut printed = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        let ports = [(); PORTS].map(|()| {
            let port = printed.next().expect("as many ports").expect("a line");
            port.parse().expect("an address")
        });
        Self { child, ports }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

/// What the server does, until its input ends. The system ends it with the client, however that ends.
pub(super) fn answers() -> ! {
    let runtime = Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let _entered = runtime.enter();
    for _ in 0..PORTS {
        let listener = listen().expect("a port on loopback");
        println!("{}", listener.local_addr().expect("its address"));
        task::spawn(async move {
            loop {
                if let Ok((connection, _)) = listener.accept().await {
                    task::spawn(answer(connection));
                }
            }
        });
    }
    _ = io::stdin().read(&mut [0]);
    std::process::exit(0)
}

fn listen() -> io::Result<TcpListener> {
    let socket = TcpSocket::new_v4()?;
    socket.bind((Ipv4Addr::LOCALHOST, 0).into())?;
    socket.listen(4_096)
}

async fn answer(mut connection: TcpStream) -> io::Result<()> {
    let (mut request, mut length) = ([0; 512], 0);
    while !request[..length].ends_with(b"\r\n\r\n") {
        match connection.read(&mut request[length..]).await? {
            0 => return Ok(()),
            more => length += more,
        }
    }
    time::sleep(WAIT).await;
    connection.write_all(PAGE.as_bytes()).await
}
