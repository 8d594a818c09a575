//! Hashes files and whole directories: the call for a directory runs a batch of its own, on the same pool.
//!
//! `cargo run --release -p files -- PATH...`
//!
//! It prints what `sha256sum` prints. The hash of a directory is the hash of such lines for its entries, by name.

use std::env;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use hmac_sha256::Hash;
use pool_core::concurrent;

/// Hashes a file, or a directory with all that is in it.
#[concurrent(max_workers = 8)]
fn hash(path: &Path) -> Result<String, String> {
    let hash = if path.is_dir() { directory(path)? } else { file(path).map_err(told(path))? };
    Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

fn directory(path: &Path) -> Result<Hash, String> {
    let entries = entries(path).map_err(told(path))?;
    // This call waits for a batch on its own pool. Meanwhile it runs calls of that batch, or gives its place to others.
    let hashes = hash::map(&entries).try_collect::<Vec<_>>()?;
    let mut all = Hash::new();
    for (entry, hash) in entries.iter().zip(hashes) {
        all.update(format!("{hash}  "));
        all.update(entry.file_name().unwrap_or_default().as_encoded_bytes());
        all.update("\n");
    }
    Ok(all)
}

/// The files and directories in a directory, by name. Links are left out, since they may lead in a circle.
fn entries(path: &Path) -> io::Result<Vec<PathBuf>> {
    let mut entries = Vec::new();
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_file() || kind.is_dir() {
            entries.push(entry.path());
        }
    }
    entries.sort();
    Ok(entries)
}

fn file(path: &Path) -> io::Result<Hash> {
    let mut file = File::open(path)?;
    let mut hash = Hash::new();
    let mut bytes = vec![0; 1 << 16];
    loop {
        match file.read(&mut bytes)? {
            0 => return Ok(hash),
            read => hash.update(&bytes[..read]),
        }
    }
}

/// Says of an error which path it is about.
fn told(path: &Path) -> impl Fn(io::Error) -> String {
    move |error| format!("{}: {error}", path.display())
}

fn main() -> ExitCode {
    let paths: Vec<PathBuf> = env::args_os().skip(1).map(PathBuf::from).collect();
    if paths.is_empty() {
        eprintln!("usage: files PATH...");
        return ExitCode::from(2);
    }

    let mut status = ExitCode::SUCCESS;
    hash::map(&paths).scope(|hashes| {
        for (hash, path) in hashes.zip(&paths) {
            match hash {
                Ok(hash) => println!("{hash}  {}", path.display()),
                Err(error) => {
                    eprintln!("{error}");
                    status = ExitCode::FAILURE;
                }
            }
        }
    });
    status
}
