//! Processes of a turn: a server, workers, callers, and what the system tells of their time and memory.

use std::collections::HashMap;
use std::error::Error;
use std::fs;
use std::io::{BufRead, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How long anything here may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// A Redis server in a folder of its own, with its log on.
pub(crate) struct Server {
    pub(crate) process: Process,
    pub(crate) url: String,
    _folder: TempDir,
}

impl Server {
    pub(crate) fn start() -> Result<Self, Box<dyn Error>> {
        let folder = tempfile::tempdir()?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let mut command = Command::new("redis-server");
        command.args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "yes"]);
        command.arg("--port").arg(port.to_string()).arg("--dir").arg(folder.path());
        let process = Process::start(&mut command)?;
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(begun.elapsed() < PATIENCE, "the server serves");
            sleep(Duration::from_millis(10));
        }
        Ok(Self { process, url: format!("redis://127.0.0.1:{port}/0"), _folder: folder })
    }
}

/// A process, which is ended with what it has started when this is dropped.
pub(crate) struct Process(Child);

impl Process {
    pub(crate) fn start(command: &mut Command) -> Result<Self, Box<dyn Error>> {
        let named = format!("{command:?}");
        command.stdout(Stdio::null()).stderr(Stdio::null());
        Ok(Self(command.spawn().map_err(|error| format!("{named}: {error}"))?))
    }

    pub(crate) fn id(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let mut all = Snapshot::take().below(self.id());
        all.push(self.id());
        let all: Vec<String> = all.iter().map(u32::to_string).collect();
        let _ = Command::new("kill").arg("-9").args(all).stderr(Stdio::null()).status();
        let _ = self.0.wait();
    }
}

/// A caller, which follows orders on its standard input.
pub(crate) struct Caller {
    process: Process,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Caller {
    /// Starts it, and waits until it is ready.
    pub(crate) fn start(command: &mut Command) -> Result<Self, Box<dyn Error>> {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let (input, output) = (child.stdin.take(), child.stdout.take().expect("piped"));
        let mut caller = Self { process: Process(child), input, output: BufReader::new(output) };
        let line = caller.line()?;
        assert_eq!(line, "ready", "{command:?}");
        Ok(caller)
    }

    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// Lets it run its job. Returns its figures.
    pub(crate) fn go(&mut self) -> Result<Vec<f64>, Box<dyn Error>> {
        self.input.as_mut().expect("open").write_all(b"\n")?;
        Ok(self.line()?.split(' ').map(str::parse).collect::<Result<_, _>>()?)
    }

    /// Lets it end.
    pub(crate) fn end(mut self) -> Result<(), Box<dyn Error>> {
        drop(self.input.take());
        let status = self.process.0.wait()?;
        if status.success() { Ok(()) } else { Err(format!("a caller: {status}").into()) }
    }

    fn line(&mut self) -> Result<String, Box<dyn Error>> {
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        Ok(line.trim().into())
    }
}

/// The processor's time of all processes at one moment, in seconds.
pub(crate) struct Snapshot(HashMap<u32, Times>);

struct Times {
    parent: u32,
    own: f64,
    /// That of its children that have ended.
    ended: f64,
}

/// The unit of the system's times in seconds: `USER_HZ` is part of Linux' interface.
pub(crate) const TICK: f64 = 0.01;

impl Snapshot {
    pub(crate) fn take() -> Self {
        let processes = fs::read_dir("/proc").expect("Linux").flatten();
        Self(
            processes
                .filter_map(|entry| {
                    let id = entry.file_name().to_str()?.parse().ok()?;
                    let stat = fs::read_to_string(entry.path().join("stat")).ok()?;
                    // After the name, which may have spaces: state, parent, …
                    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
                    let time = |n: usize| fields.get(n)?.parse::<f64>().ok();
                    Some((
                        id,
                        Times {
                            parent: fields.get(1)?.parse().ok()?,
                            own: (time(11)? + time(12)?) * TICK,
                            ended: (time(13)? + time(14)?) * TICK,
                        },
                    ))
                })
                .collect(),
        )
    }

    /// The time of a process alone.
    pub(crate) fn own(&self, process: u32) -> f64 {
        self.0.get(&process).map_or(0.0, |times| times.own)
    }

    /// The time of a process and all that it has started.
    pub(crate) fn tree(&self, process: u32) -> f64 {
        let ended = self.0.get(&process).map_or(0.0, |times| times.ended);
        self.own(process) + ended + self.started_by(process)
    }

    /// The time of what a process has started and what still runs.
    pub(crate) fn started_by(&self, process: u32) -> f64 {
        let children = self.0.iter().filter(|(_, times)| times.parent == process);
        children.map(|(child, _)| self.tree(*child)).sum()
    }

    /// What a process has started, directly or not.
    pub(crate) fn below(&self, process: u32) -> Vec<u32> {
        let children = self.0.iter().filter(|(_, times)| times.parent == process);
        children.flat_map(|(child, _)| [vec![*child], self.below(*child)].concat()).collect()
    }
}

/// The most memory that a process has had so far, in MiB.
pub(crate) fn peak(process: u32) -> f64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
    kib.unwrap_or(f64::NAN) / 1024.0
}
