//! Tests in a process of their own.

use crate::limit::watched;
use std::env;
use std::process::{Command, Output};

/// Runs `body` in a process of its own, which is this test run again, and tells how that process ended. In the child it
/// does not return, unless `body` does: then the child's `main` returns.
pub fn in_child(body: impl FnOnce() + Send + 'static) -> Option<Output> {
    in_child_of(Command::new(env::current_exe().unwrap()), body)
}

/// The same where `command` runs the program, which the arguments of the test are for.
pub fn in_child_of<F: FnOnce() + Send + 'static>(mut command: Command, body: F) -> Option<Output> {
    // The closure's type has the name of the test around it, behind that of the program.
    let name = std::any::type_name::<F>();
    let (test, _) = name.split_once("::{{closure}}").expect("a closure within a test");
    let (_, test) = test.split_once("::").expect("a test within a program");
    if env::var_os(CHILD).is_some_and(|name| name == test) {
        watched(body);
        return None;
    }
    let child = command
        .args([test, "--exact", "--nocapture", "--test-threads=1"])
        .env(CHILD, test)
        .env("RUST_BACKTRACE", "0")
        .output()
        .unwrap();
    assert!(child.stdout.starts_with(b"\nrunning 1 test\n"), "{test} is no test");
    Some(child)
}

/// Names the test that a child runs.
const CHILD: &str = "RUN_IN_CHILD";

/// Whether this process is the child of a test.
pub fn is_child() -> bool {
    env::var_os(CHILD).is_some()
}

/// Fails with all that the child said unless it ended well.
pub fn assert_success(child: Option<Output>) {
    if let Some(Output { status, stdout, stderr }) = child {
        let (stdout, stderr) = (String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
        assert!(status.success(), "the child ended with {status}\n{stdout}\n{stderr}");
    }
}
