//! The example that hashes directories prints what a run without threads gives, and says which path it cannot read.

use hmac_sha256::Hash;
use std::fs;
use std::path::Path;
use support::program::Program;

/// SHA-256 of `abc`, as the standard has it.
const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

/// Makes a directory, with `width` directories in it, and so on for `levels`.
fn grow(directory: &Path, width: usize, levels: usize) {
    fs::create_dir(directory).unwrap();
    for n in 0..width {
        let text = directory.display().to_string().repeat(n * n * n);
        fs::write(directory.join(format!("file {n}")), text).unwrap();
        if levels > 1 {
            grow(&directory.join(format!("directory {n}")), width, levels - 1);
        }
    }
}

/// The hash of a path, on this thread alone.
fn sequential(path: &Path) -> String {
    let bytes = if path.is_dir() {
        let mut entries: Vec<_> = fs::read_dir(path).unwrap().map(|entry| entry.unwrap()).collect();
        entries.sort_by_key(fs::DirEntry::file_name);
        let lines = entries.iter().map(|entry| {
            format!("{}  {}\n", sequential(&entry.path()), entry.file_name().to_str().unwrap())
        });
        lines.collect::<String>().into_bytes()
    } else {
        fs::read(path).unwrap()
    };
    Hash::hash(&bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn directories_have_the_hashes_of_a_sequential_run() {
    let root = tempfile::tempdir().unwrap();
    let paths = ["wide", "deep", "empty", "abc"].map(|name| root.path().join(name));
    grow(&paths[0], 12, 3);
    grow(&paths[1], 1, 40);
    grow(&paths[2], 0, 1);
    fs::write(&paths[3], "abc").unwrap();

    let arguments = paths.each_ref().map(|path| path.to_str().unwrap());
    let mut program = Program::start(env!("CARGO_BIN_EXE_files"), &arguments);
    for path in &paths {
        let expected = format!("{}  {}", sequential(path), path.display());
        assert_eq!(program.line().as_ref(), Some(&expected));
    }
    assert_eq!(program.line(), None);
    assert_eq!(program.wait(), Some(0));
    assert_eq!(sequential(&paths[3]), ABC);
}

#[test]
fn a_path_that_cannot_be_read_is_told_and_spoils_no_other() {
    let root = tempfile::tempdir().unwrap();
    let [missing, there] = ["missing", "there"].map(|name| root.path().join(name));
    fs::write(&there, "abc").unwrap();
    let arguments = [&missing, &there].map(|path| path.to_str().unwrap());
    let mut program = Program::start(env!("CARGO_BIN_EXE_files"), &arguments);
    assert_eq!(program.line(), Some(format!("{ABC}  {}", there.display())));
    let error = fs::read(&missing).unwrap_err();
    program.expect_error(&format!("{}: {error}", missing.display()));
    assert_eq!(program.wait(), Some(1));
}

#[cfg(unix)]
#[test]
fn a_link_to_a_directory_is_no_circle() {
    let root = tempfile::tempdir().unwrap();
    grow(&root.path().join("tree"), 2, 2);
    let expected = sequential(root.path());
    std::os::unix::fs::symlink(root.path(), root.path().join("tree/circle")).unwrap();
    let mut program = Program::start(env!("CARGO_BIN_EXE_files"), &[root.path().to_str().unwrap()]);
    assert_eq!(program.line(), Some(format!("{expected}  {}", root.path().display())));
    assert_eq!(program.wait(), Some(0));
}
