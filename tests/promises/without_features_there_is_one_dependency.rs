//! Whoever asks for no feature gets `crossbeam-deque` and nothing else; each feature brings one crate.

use std::collections::BTreeSet;
use std::env;
use std::process::Command;

/// The crates that `pool-core` itself names with these features.
fn direct(features: &str) -> BTreeSet<String> {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or("cargo".into()));
    cargo.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../pool-core"));
    cargo.args([
        "tree",
        "--offline",
        "-p",
        "pool-core",
        "-e",
        "normal",
        "--depth",
        "1",
        "--prefix",
        "none",
    ]);
    cargo.args(["--format", "{p}", "--no-default-features", "--features", features]);
    let output = cargo.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout).unwrap();
    lines.lines().skip(1).map(|line| line.split(' ').next().unwrap().to_owned()).collect()
}

#[test]
fn one_and_one_for_each_feature() {
    let with = |more: &[&str]| {
        ["crossbeam-deque"].iter().chain(more).map(|name| name.to_string()).collect()
    };
    assert_eq!(direct(""), with(&[]));
    assert_eq!(direct("stream"), with(&["futures-core"]));
    assert_eq!(direct("tracing"), with(&["tracing"]));
    assert_eq!(direct("macros"), with(&["pool-macros"]));
}
