//! The crawl prints each page once, ends by itself after 200 of them, and ends early and in order at Ctrl-C.
#![cfg(unix)]

use std::collections::HashSet;
use std::process::Command;
use support::program::Program;

fn crawl(wait: &str) -> Program {
    Program::start(env!("CARGO_BIN_EXE_crawl"), &[wait])
}

/// Checks what was printed: the first page, each page once, and the numbers of the last line. Returns how many lines
/// tell of a page.
fn check(mut lines: Vec<String>) -> usize {
    let summary = lines.pop().unwrap();
    assert_eq!(lines[0], "/0: 5 links");
    let paths: HashSet<&str> = lines.iter().map(|line| line.split_once(": ").unwrap().0).collect();
    assert_eq!(paths.len(), lines.len(), "a page was fetched twice: {lines:?}");
    let failed = lines.iter().filter(|line| *line == "/missing: http status: 404").count();
    let pages = lines.iter().filter(|line| line.ends_with(" links")).count();
    assert_eq!(pages + failed, lines.len(), "{lines:?}");
    assert!(summary.starts_with(&format!("{pages} pages, {failed} failed, ")), "{summary}");
    lines.len()
}

#[test]
fn it_ends_by_itself_after_200_pages() {
    let mut program = crawl("1");
    let lines: Vec<String> = std::iter::from_fn(|| program.line()).collect();
    assert_eq!(program.wait(), Some(0));
    assert!(lines.last().unwrap().starts_with("199 pages, 1 failed, "), "{lines:?}");
    assert_eq!(check(lines), 200);
}

#[test]
fn ctrl_c_ends_it_with_what_has_been_begun() {
    // 200 pages take 37 s.
    let mut program = crawl("1500");
    let mut lines: Vec<String> = program.line().into_iter().collect();
    let status = Command::new("kill").args(["-INT", &program.id().to_string()]).status().unwrap();
    assert!(status.success());
    program.expect_error("finishing what has been begun");
    lines.extend(std::iter::from_fn(|| program.line()));
    assert_eq!(program.wait(), Some(0));
    assert!(check(lines) < 200);
}
