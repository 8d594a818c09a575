//! Measures this process: its CPU time, its threads' switches, and its memory.

use std::collections::HashMap;
use std::fs;
use std::mem::MaybeUninit;
use std::time::{Duration, Instant};

/// What the process has used so far, threads that have ended included.
#[derive(Clone, Copy)]
pub(crate) struct Usage {
    at: Instant,
    cpu: Duration,
    switches: u64,
}

/// What it used between two moments.
#[derive(Clone, Copy, Default)]
pub(crate) struct Used {
    pub(crate) wall: Duration,
    pub(crate) cpu: Duration,
    /// Voluntary and involuntary.
    pub(crate) switches: u64,
}

impl Usage {
    pub(crate) fn now() -> Self {
        let mut usage = MaybeUninit::<libc::rusage>::zeroed();
        // SAFETY: the pointer is to a `rusage` of this frame.
        let failed = unsafe { libc::getrusage(libc::RUSAGE_SELF, usage.as_mut_ptr()) };
        assert_eq!(failed, 0, "getrusage");
        // SAFETY: zeroes are a valid `rusage`, and the call has filled it.
        let usage = unsafe { usage.assume_init() };
        let time = |time: libc::timeval| {
            Duration::from_secs(time.tv_sec as u64) + Duration::from_micros(time.tv_usec as u64)
        };
        Self {
            at: Instant::now(),
            cpu: time(usage.ru_utime) + time(usage.ru_stime),
            switches: (usage.ru_nvcsw + usage.ru_nivcsw) as u64,
        }
    }

    pub(crate) fn since(self) -> Used {
        let now = Self::now();
        Used {
            wall: now.at - self.at,
            cpu: now.cpu.saturating_sub(self.cpu),
            switches: now.switches - self.switches,
        }
    }
}

impl std::ops::AddAssign for Used {
    fn add_assign(&mut self, more: Self) {
        self.wall += more.wall;
        self.cpu += more.cpu;
        self.switches += more.switches;
    }
}

/// Puts this thread, and the processes that it starts, on the first core that it may use.
pub(crate) fn pin() {
    let mut cores = MaybeUninit::<libc::cpu_set_t>::zeroed();
    let size = size_of::<libc::cpu_set_t>();
    // SAFETY: the pointer is to a set of this frame, of that size.
    if unsafe { libc::sched_getaffinity(0, size, cores.as_mut_ptr()) } != 0 {
        return;
    }
    // SAFETY: zeroes are a valid set, and the call has filled it.
    let mut cores = unsafe { cores.assume_init() };
    // SAFETY: these only look at a set and change it, below its size.
    unsafe {
        let first = (0..libc::CPU_SETSIZE as usize).find(|core| libc::CPU_ISSET(*core, &cores));
        libc::CPU_ZERO(&mut cores);
        libc::CPU_SET(first.unwrap_or_default(), &mut cores);
    }
    // SAFETY: as above. If it fails, figures only vary more.
    unsafe { libc::sched_setaffinity(0, size, &cores) };
}

/// The switches of each thread so far, by its id.
pub(crate) fn switches_by_thread() -> HashMap<u64, u64> {
    let Ok(tasks) = fs::read_dir("/proc/self/task") else { return HashMap::new() };
    tasks
        .flatten()
        .filter_map(|task| {
            let id = task.file_name().to_str()?.parse().ok()?;
            let status = fs::read_to_string(task.path().join("status")).ok()?;
            let switches = status.lines().filter(|line| line.contains("ctxt_switches"));
            Some((
                id,
                switches
                    .filter_map(|line| line.split_whitespace().last()?.parse::<u64>().ok())
                    .sum(),
            ))
        })
        .collect()
}

/// The resident memory, in KiB.
pub(crate) fn resident_kib() -> u64 {
    status_kib("VmRSS:")
}

/// The most that has been resident at once so far, in KiB.
pub(crate) fn peak_kib() -> u64 {
    status_kib("VmHWM:")
}

fn status_kib(name: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or_default()
}

/// Lets this process open as many files as the system allows it, if they are at least so many.
pub(crate) fn allow_files(least: usize) -> Result<(), String> {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the pointer is to an `rlimit` of this frame.
    let failed = unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit) };
    assert_eq!(failed, 0, "getrlimit");
    if limit.rlim_max < least as libc::rlim_t {
        let most = limit.rlim_max;
        return Err(format!("it opens {least} files at once, and `ulimit -Hn` is {most}"));
    }
    limit.rlim_cur = limit.rlim_max;
    // SAFETY: as above.
    let failed = unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &limit) };
    assert_eq!(failed, 0, "setrlimit");
    Ok(())
}
