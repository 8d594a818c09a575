//! Pools to try, and what can be seen of them from outside.

use crate::{Gate, until};
use pool_core::{Pool, Task};
use std::fs;

/// Pools of 1, 2, 4 and the default number of workers.
pub fn pools() -> [Pool; 4] {
    [Pool::new(1), Pool::new(2), Pool::new(4), Pool::default()]
}

/// Each of these pools with fewer inputs than workers, as many, one more, and many more.
pub fn pools_and_lengths() -> impl Iterator<Item = (Pool, usize)> {
    (0..4).flat_map(|length| {
        pools().into_iter().map(move |pool| {
            let workers = pool.max_workers();
            (pool, [workers - 1, workers, workers + 1, 20 * workers][length])
        })
    })
}

/// A pool that can start no thread: no machine has room for such a stack.
pub fn threadless(max_workers: usize) -> Pool {
    Pool::builder().max_workers(max_workers).stack_size(isize::MAX as usize).build()
}

/// A pool of one worker, which runs the task until the gate is opened.
pub fn busy() -> (Pool, Gate, Task<()>) {
    let (pool, gate) = (Pool::new(1), Gate::default());
    let waits = gate.clone();
    let blocker = pool.submit(move || waits.wait());
    until(|| blocker.has_started());
    (pool, gate, blocker)
}

/// The threads of this process whose names begin with `name`, which has at most 13 characters: the system keeps 15.
pub fn threads(name: &str) -> usize {
    let named = |task: std::io::Result<fs::DirEntry>| {
        let comm = fs::read_to_string(task.ok()?.path().join("comm")).ok()?;
        comm.starts_with(name).then_some(())
    };
    fs::read_dir("/proc/self/task").unwrap().filter_map(named).count()
}
