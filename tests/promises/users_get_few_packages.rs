//! A user gets few packages: without features the library needs `crossbeam-deque` and nothing else, each feature brings
//! one to three crates, and nothing that only this repository needs stands in the user's `Cargo.lock`.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::{env, fs};

/// What cargo says in this folder.
fn cargo(folder: &Path, arguments: &[&str]) -> String {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or("cargo".into()));
    let output = cargo.current_dir(folder).args(arguments).arg("--offline").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn library() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../pool-core"))
}

fn set<'a>(names: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
    names.into_iter().map(String::from).collect()
}

/// The crates that `pool-core` itself names with these features.
fn direct(features: &str) -> BTreeSet<String> {
    let tree = "tree -p pool-core -e normal --depth 1 --prefix none --format {p} --no-default-features --features";
    let arguments: Vec<_> = tree.split(' ').chain([features]).collect();
    let lines = cargo(library(), &arguments);
    set(lines.lines().skip(1).filter_map(|line| line.split(' ').next()))
}

#[test]
fn the_library_names_one_crate_and_one_to_three_more_for_each_feature() {
    assert_eq!(direct(""), set(["crossbeam-deque"]));
    assert_eq!(direct("stream"), set(["crossbeam-deque", "futures-core"]));
    assert_eq!(direct("tracing"), set(["crossbeam-deque", "tracing"]));
    assert_eq!(direct("measure"), set(["crossbeam-deque", "cpu-time"]));
    // What travels is the user's to derive, with serde.
    assert_eq!(direct("fleet"), set(["crossbeam-deque", "rmp-serde", "serde"]));
    assert_eq!(direct("redis"), set(["crossbeam-deque", "redis", "rmp-serde", "serde"]));
    assert_eq!(direct("macros"), set(["crossbeam-deque", "pool-macros"]));
}

/// The packages in the `Cargo.lock` of a fresh crate whose only dependency is the library, without that crate.
fn locked(name: &str, settings: &str) -> BTreeSet<String> {
    let user = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&user);
    fs::create_dir_all(user.join("src")).unwrap();
    fs::write(user.join("src/lib.rs"), "").unwrap();
    let manifest = format!(
        "[package]\nname = 'user'\nedition = '2024'\n[workspace]\n[dependencies]\npool-core = {{ path = {:?}{settings} }}\n",
        library()
    );
    fs::write(user.join("Cargo.toml"), manifest).unwrap();
    cargo(&user, &["generate-lockfile"]);
    let lock = fs::read_to_string(user.join("Cargo.lock")).unwrap();
    let names = lock.lines().filter_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"'));
    set(names.filter(|name| *name != "user"))
}

#[test]
fn a_lock_file_has_what_is_built_and_no_more() {
    let deque = ["pool-core", "crossbeam-deque", "crossbeam-epoch", "crossbeam-utils"];
    let of_the_macro = ["pool-macros", "proc-macro2", "quote", "syn", "unicode-ident"];
    let both = set([&deque[..], &of_the_macro[..]].concat());
    assert_eq!(locked("user-by-default", ""), both);
    assert_eq!(locked("user-without-features", ", default-features = false"), set(deque));
}
