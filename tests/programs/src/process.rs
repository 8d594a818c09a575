//! What the system says of this process.

use std::fs;

/// Names all worker threads of all pools.
pub(crate) const WORKER: &str = "worker";

/// Threads beside the main one and those of this program: a new thread has its own name only after a while, and before
/// that its maker's.
pub(crate) fn workers() -> usize {
    let main = std::process::id().to_string();
    let tasks = fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let own = |name: String| matches!(name.trim(), "watchdog" | "stop" | "beside" | "resume");
    tasks
        .filter(|task| {
            *task.file_name() != *main
                && !fs::read_to_string(task.path().join("comm")).is_ok_and(own)
        })
        .count()
}

pub(crate) fn threads() -> usize {
    fs::read_dir("/proc/self/task").map_or(0, Iterator::count)
}

/// Open files, less the one that is needed to count them.
pub(crate) fn files() -> usize {
    fs::read_dir("/proc/self/fd").map_or(0, Iterator::count).saturating_sub(1)
}

/// The resident set, in KiB.
pub(crate) fn memory() -> usize {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next())
        .and_then(|number| number.parse().ok())
        .unwrap_or(0)
}
