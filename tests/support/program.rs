//! An example that runs as a program of its own, and what it prints.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, SystemTime};

/// Longer than anything takes that is not stuck.
pub const STUCK: Duration = Duration::from_secs(60);

/// A program that runs. It is ended when this is dropped.
pub struct Program {
    child: Child,
    output: Receiver<String>,
    errors: Receiver<String>,
}

impl Program {
    /// Runs `binary`, which a test of the package finds as `env!("CARGO_BIN_EXE_…")`.
    pub fn start(binary: &str, arguments: &[&str]) -> Self {
        let mut command = Command::new(binary);
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (output, errors) =
            (lines(child.stdout.take().unwrap()), lines(child.stderr.take().unwrap()));
        Self { child, output, errors }
    }

    /// Its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits for the next line of output; `None` is the end.
    pub fn line(&self) -> Option<String> {
        next(&self.output)
    }

    /// Waits for this line of errors.
    pub fn expect_error(&self, line: &str) {
        let found = std::iter::from_fn(|| next(&self.errors)).any(|error| error == line);
        assert!(found, "the program ends without {line:?}");
    }

    /// Waits for the end, and gives the exit status, unless a signal has ended it.
    pub fn wait(&mut self, patience: Duration) -> Option<i32> {
        let begun = SystemTime::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            assert!(begun.elapsed().unwrap_or_default() < patience, "the program ends");
            thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It has ended, unless the test has failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn next(lines: &Receiver<String>) -> Option<String> {
    match lines.recv_timeout(STUCK) {
        Ok(line) => Some(line),
        Err(mpsc::RecvTimeoutError::Disconnected) => None,
        Err(mpsc::RecvTimeoutError::Timeout) => panic!("the program prints a line, or ends"),
    }
}

fn lines(source: impl Read + Send + 'static) -> Receiver<String> {
    let (line, lines) = mpsc::channel();
    thread::spawn(move || {
        BufReader::new(source).lines().map_while(Result::ok).try_for_each(|text| line.send(text))
    });
    lines
}
