//! A crate beside this one, which depends on the library as a user's does: for what a test cannot see from inside its
//! own.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::{env, fs};

pub(crate) struct AnotherCrate {
    folder: PathBuf,
}

impl AnotherCrate {
    /// Makes it under `target`, without sources.
    pub(crate) fn new(name: &str) -> Self {
        Self::with_dependency(name, "pool-core")
    }

    /// Makes one that calls the library something else.
    pub(crate) fn with_dependency(name: &str, dependency: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        // What an earlier run left.
        let _ = fs::remove_dir_all(folder.join("src"));
        fs::create_dir_all(&folder).unwrap();
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let library = root.join("pool-core");
        let manifest = format!(
            "[package]\nname = {name:?}\nedition = \"2024\"\n[workspace]\n[dependencies.{dependency}]\npackage = \"pool-core\"\npath = {library:?}\n"
        );
        fs::write(folder.join("Cargo.toml"), manifest).unwrap();
        fs::copy(root.join("Cargo.lock"), folder.join("Cargo.lock")).unwrap();
        Self { folder }
    }

    /// Writes one of its sources.
    pub(crate) fn write(&self, path: &str, source: &str) {
        let file = self.folder.join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, source).unwrap();
    }

    /// Runs cargo on it.
    pub(crate) fn cargo(&self, arguments: &[&str]) -> Output {
        Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
            .args(arguments)
            .args(["--offline", "--quiet"])
            .current_dir(&self.folder)
            .env("CARGO_TARGET_DIR", target())
            // No source is compiled twice.
            .env("CARGO_INCREMENTAL", "0")
            .env("RUSTDOCFLAGS", "-D warnings")
            .env_remove("RUSTFLAGS")
            .output()
            .unwrap()
    }

    /// A page of its docs.
    pub(crate) fn page(&self, path: &str) -> String {
        fs::read_to_string(target().join("doc").join(path)).unwrap()
    }
}

/// Where all of them are built, so that what they depend on is built once.
fn target() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("target")
}
