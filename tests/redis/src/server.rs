//! A server of a test's own, and processes of this program beside it.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

pub(crate) struct Server {
    folder: tempfile::TempDir,
    process: Option<Child>,
}

impl Server {
    pub(crate) fn start() -> Self {
        let mut server = Self { folder: tempfile::tempdir().unwrap(), process: None };
        server.again();
        server
    }

    /// Starts it on what its last process has left.
    pub(crate) fn again(&mut self) {
        let socket = self.folder.path().join("s.sock");
        let _ = std::fs::remove_file(&socket);
        let mut command = Command::new("redis-server");
        command
            .args(["--port", "0", "--appendonly", "yes", "--save", "", "--unixsocket"])
            .arg(&socket);
        command.arg("--dir").arg(self.folder.path()).stdout(Stdio::null());
        self.process = Some(command.spawn().unwrap());
        let begun = Instant::now();
        while self
            .connect()
            .and_then(|mut connection| redis::cmd("PING").query::<()>(&mut connection))
            .is_err()
        {
            assert!(begun.elapsed() < Duration::from_secs(30), "the server serves");
            thread::sleep(Duration::from_millis(5));
        }
    }

    pub(crate) fn kill(&mut self) {
        let mut process = self.process.take().unwrap();
        process.kill().unwrap();
        process.wait().unwrap();
    }

    /// Kills it and takes away all that it has written.
    pub(crate) fn forget(&mut self) {
        self.kill();
        std::fs::remove_dir_all(self.folder.path().join("appendonlydir")).unwrap();
    }

    pub(crate) fn signal(&self, signal: i32) {
        send(self.process.as_ref().unwrap(), signal);
    }

    /// A worker that knows its server by a variable.
    pub(crate) fn by_the_environment(&self) -> Process {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.arg("worker").env("POOL_CORE_FLEET", self.url()).stderr(Stdio::null());
        Process(command.spawn().unwrap())
    }

    pub(crate) fn url(&self) -> String {
        format!("redis+unix://{}", self.folder.path().join("s.sock").display())
    }

    pub(crate) fn connect(&self) -> redis::RedisResult<redis::Connection> {
        redis::Client::open(self.url())?.get_connection()
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.folder.path().join("executions")
    }

    /// What calls have written, in the order in which they began.
    pub(crate) fn executions(&self) -> Vec<u64> {
        let text = std::fs::read_to_string(self.log()).unwrap_or_default();
        text.lines().map(|line| line.parse().unwrap()).collect()
    }

    /// This program once more, as a worker or a caller.
    pub(crate) fn beside(&self, role: &str) -> Process {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.arg(role).arg(self.url());
        if role != "worker" {
            command.arg(self.log());
        }
        Process(command.stderr(Stdio::null()).spawn().unwrap())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.process.is_some() {
            self.kill();
        }
    }
}

/// Ended when this is dropped.
pub(crate) struct Process(pub(crate) Child);

impl Process {
    pub(crate) fn signal(&self, signal: i32) {
        send(&self.0, signal);
    }

    /// How long it has run, in the system too. Zero where `/proc` does not tell.
    pub(crate) fn processor_time(&self) -> Duration {
        let stat =
            std::fs::read_to_string(format!("/proc/{}/stat", self.0.id())).unwrap_or_default();
        // The name of the program may have spaces in it.
        let fields = stat.rsplit(')').next().unwrap_or_default().split(' ');
        let ticks: u64 =
            fields.skip(12).take(2).filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
        // There are 100 ticks in a second, for programs.
        Duration::from_millis(10 * ticks)
    }
}

fn send(process: &Child, signal: i32) {
    // SAFETY: It takes two numbers.
    assert_eq!(unsafe { libc::kill(process.id() as i32, signal) }, 0);
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
