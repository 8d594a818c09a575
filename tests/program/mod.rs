//! An example that runs as a program of its own, and what it prints.
#![allow(dead_code, reason = "each test uses what it needs")]

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, SystemTime};
use std::{env, fs, thread};

/// Longer than anything takes that is not stuck.
pub(crate) const STUCK: Duration = Duration::from_secs(60);

pub(crate) struct Program {
    child: Child,
    output: Receiver<String>,
    errors: Receiver<String>,
}

impl Program {
    pub(crate) fn start(example: &str, arguments: &[&str]) -> Self {
        let mut command = Command::new(binary(example));
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (output, errors) =
            (lines(child.stdout.take().unwrap()), lines(child.stderr.take().unwrap()));
        Self { child, output, errors }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits for the next line of output; `None` is the end.
    pub(crate) fn line(&self) -> Option<String> {
        next(&self.output)
    }

    /// Waits for this line of errors.
    pub(crate) fn expect_error(&self, line: &str) {
        let found = std::iter::from_fn(|| next(&self.errors)).any(|error| error == line);
        assert!(found, "the program ends without {line:?}");
    }

    /// Waits for the end, and gives the exit status, unless a signal has ended it.
    pub(crate) fn wait(&mut self, patience: Duration) -> Option<i32> {
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

/// The example, which `cargo test` builds beside the tests. `cargo test --test …` does not, so that it is built here where it is
/// missing or older than its source.
fn binary(example: &str) -> PathBuf {
    let test = env::current_exe().unwrap();
    let profile = test.ancestors().nth(2).expect("<target>/<profile>/deps/<test>");
    let binary = profile.join("examples").join(format!("{example}{}", env::consts::EXE_SUFFIX));
    let source =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(format!("{example}.rs"));
    let written = |file: &Path| fs::metadata(file).and_then(|data| data.modified()).ok();
    if written(&binary) < written(&source) {
        let name = profile.file_name().unwrap().to_str().unwrap();
        let mut cargo = Command::new(env::var_os("CARGO").unwrap_or("cargo".into()));
        cargo.current_dir(env!("CARGO_MANIFEST_DIR")).args(["build", "--example", example]);
        cargo.args(["--profile", if name == "debug" { "dev" } else { name }]);
        cargo.arg("--target-dir").arg(profile.parent().unwrap());
        assert!(cargo.status().unwrap().success(), "the example can be built");
    }
    binary
}
