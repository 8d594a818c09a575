//! What the compiler says about each mistake, held against snapshots.

use std::process::Command;

/// The snapshots were taken with this release; others word and place the compiler's own part differently.
const SNAPSHOTS: &str = "rustc 1.95.";

#[test]
fn every_mistake_is_told_at_its_place() {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = Command::new(rustc)
        .arg("--version")
        .output()
        .expect("rustc runs wherever cargo does")
        .stdout;
    let version = String::from_utf8_lossy(&version);
    if !version.starts_with(SNAPSHOTS) || version.contains("nightly") {
        eprintln!("skipped: the snapshots are for {SNAPSHOTS}x, this is {version}");
        return;
    }
    trybuild::TestCases::new().compile_fail("ui/*/*.rs");
}
