//! The contenders: how their workers and callers are started, and how many calls they are given.

use crate::Peers;
use std::env::current_exe;
use std::error::Error;
use std::path::Path;
use std::process::Command;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Contender {
    Redis,
    Processes,
    CeleryThreads,
    CeleryPrefork,
    RqSimple,
    RqDefault,
    Apalis,
}

pub(crate) const ALL: [Contender; 7] = [
    Contender::Redis,
    Contender::Processes,
    Contender::CeleryThreads,
    Contender::CeleryPrefork,
    Contender::RqSimple,
    Contender::RqDefault,
    Contender::Apalis,
];

impl Contender {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Redis => "**pool-core, Redis**, 2 × 4 threads",
            Self::Processes => "**pool-core, processes**, 8 × 1",
            Self::CeleryThreads => "Celery, 2 × 4 threads",
            Self::CeleryPrefork => "Celery, 2 × 4 processes",
            Self::RqSimple => "rq, 8 `SimpleWorker`s",
            Self::RqDefault => "rq, 8 workers that fork",
            Self::Apalis => "apalis-redis, 2 × 4 blocking tasks",
        }
    }

    /// How many calls each job has, in the order of the jobs: enough for about a second.
    pub(crate) fn counts(self) -> [u64; 5] {
        match self {
            Self::Redis => [30_000, 30_000, 8_000, 120, 3_000],
            Self::Processes => [100_000, 60_000, 8_000, 120, 30_000],
            Self::CeleryThreads | Self::CeleryPrefork => [800, 800, 800, 120, 300],
            Self::RqSimple => [800, 800, 800, 120, 200],
            Self::RqDefault => [120, 120, 120, 80, 40],
            Self::Apalis => [4_000, 4_000, 4_000, 120, 10],
        }
    }

    pub(crate) fn workers(self, url: &str, peers: &Peers) -> Result<Vec<Command>, Box<dyn Error>> {
        let (count, command): (_, &dyn Fn(usize) -> Command) = match self {
            Self::Redis => {
                let own = current_exe()?;
                return Ok((0..2).map(|_| command(&own, &["worker", url])).collect());
            }
            Self::Processes => return Ok(Vec::new()),
            Self::CeleryThreads => (2, &|n| celery(peers, "threads", n)),
            Self::CeleryPrefork => (2, &|n| celery(peers, "prefork", n)),
            Self::RqSimple => {
                (8, &|_| command(&peers.python, &["-m", "rq_peer", "worker", "simple"]))
            }
            Self::RqDefault => {
                (8, &|_| command(&peers.python, &["-m", "rq_peer", "worker", "default"]))
            }
            Self::Apalis => (2, &|n| command(&peers.apalis, &["worker", &n.to_string()])),
        };
        let mut commands: Vec<_> = (0..count).map(command).collect();
        for command in &mut commands {
            command.env("PEERS_REDIS", url).current_dir(&peers.scripts);
        }
        Ok(commands)
    }

    /// The caller, without the job and the count.
    pub(crate) fn caller(self, url: &str, peers: &Peers) -> Result<Command, Box<dyn Error>> {
        let mut command = match self {
            Self::Redis => command(&current_exe()?, &["caller", url]),
            Self::Processes => command(&current_exe()?, &["caller", "processes"]),
            Self::CeleryThreads => command(&peers.python, &["-m", "celery_peer", "2"]),
            Self::CeleryPrefork => command(&peers.python, &["-m", "celery_peer", "8"]),
            Self::RqSimple | Self::RqDefault => {
                command(&peers.python, &["-m", "rq_peer", "caller"])
            }
            Self::Apalis => command(&peers.apalis, &["caller"]),
        };
        command.env("PEERS_REDIS", url);
        if !matches!(self, Self::Redis | Self::Processes) {
            command.current_dir(&peers.scripts);
        }
        Ok(command)
    }
}

fn command(program: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments);
    command
}

fn celery(peers: &Peers, pool: &str, n: usize) -> Command {
    let name = format!("worker{n}@%h");
    let arguments = [
        "-m",
        "celery",
        "-A",
        "celery_peer",
        "worker",
        "--pool",
        pool,
        "--concurrency",
        "4",
        "-n",
        &name,
    ];
    command(&peers.python, &arguments)
}
