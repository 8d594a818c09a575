//! Measures Python's `ThreadPoolExecutor`, in a process of its own that takes its own figures.

use crate::measure::Contender;
use crate::rows::numbers;
use std::process::{Command, Stdio};
use std::sync::LazyLock;

const NAME: &str = "Python's ThreadPoolExecutor";

static PRESENT: LazyLock<bool> = LazyLock::new(|| {
    let version = Command::new("python3")
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    version.is_ok_and(|status| status.success())
});

/// Python at the named job, if python3 is there.
pub(crate) fn python(job: &'static str, arguments: &[f64]) -> Option<Contender> {
    let arguments: Vec<String> = arguments.iter().map(f64::to_string).collect();
    PRESENT.then(|| Contender::new(NAME, move || run(job, &arguments)))
}

fn run(job: &str, arguments: &[String]) -> Vec<f64> {
    let script = include_str!("../../python/executor.py");
    let output = Command::new("python3")
        .args(["-c", script, job])
        .args(arguments)
        .output()
        .expect("python3 starts");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "python3 at {job}: {errors}");
    numbers(&output.stdout)
}
