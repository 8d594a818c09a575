//! [`Level`]: one number of workers, and the [`Clock`] that sees the calls of its batch.

use crate::base::observer::{Ended, Observer};
use crate::base::sync::Mutex;
use crate::measure::brake::Brake;
use crate::measure::machine::cores;
use crate::measure::row::Row;
use cpu_time::ProcessTime;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What a batch is run with. Public in name only: no other crate can make one.
pub struct Level<'a> {
    pub(super) workers: usize,
    pub(super) at_most: Duration,
    pub(super) brake: &'a Brake,
    pub(super) clock: Arc<Clock>,
}

/// When each call of a level began and ended.
pub(super) struct Clock {
    begun: Instant,
    cpu: ProcessTime,
    calls: Mutex<Calls>,
}

#[derive(Default)]
struct Calls {
    /// By index, when each call began that runs now.
    running: HashMap<usize, Duration>,
    ended: Vec<Span>,
    failed: HashSet<usize>,
    panicked: usize,
    /// The end of the level's time, and how many calls ran then.
    closed: Option<(Duration, usize)>,
    /// A panic has ended the batch.
    cut: bool,
}

/// One call, counted from the beginning of its level.
struct Span {
    index: usize,
    from: Duration,
    to: Duration,
}

impl Span {
    /// Which part of the call lies between two moments.
    fn part(&self, from: Duration, to: Duration) -> f64 {
        let length = (self.to - self.from).as_secs_f64();
        if length == 0.0 {
            return if from <= self.from && self.from < to { 1.0 } else { 0.0 };
        }
        self.to.min(to).saturating_sub(self.from.max(from)).as_secs_f64() / length
    }
}

/// How many parts of a level are compared with each other.
const PARTS: u32 = 10;

impl Clock {
    pub(super) fn start() -> Arc<Self> {
        Arc::new(Self { begun: Instant::now(), cpu: ProcessTime::now(), calls: Mutex::default() })
    }

    /// The level takes no further input.
    pub(super) fn close(&self) {
        let mut calls = self.calls.lock();
        calls.closed = Some((self.begun.elapsed(), calls.running.len()));
    }

    pub(super) fn failed(&self, index: usize) {
        self.calls.lock().failed.insert(index);
    }

    pub(super) fn has_panicked(&self) -> bool {
        self.calls.lock().panicked > 0
    }

    /// A panic has ended the batch.
    pub(super) fn cut(&self) {
        self.calls.lock().cut = true;
    }

    /// What the level has shown, with `workers` at once. All its calls have ended.
    ///
    /// Throughput is that of the time in which every worker had an input. A call that runs on after that counts with
    /// the part of it that lies before, so that neither the end of the inputs nor that of the time makes a level look
    /// slower than it is.
    pub(super) fn row(&self, workers: usize) -> Row {
        let (wall, cpu) = (self.begun.elapsed(), self.cpu.elapsed());
        let calls = &mut *self.calls.lock();
        let first = calls.ended.iter().map(|call| call.from).min().unwrap_or_default();
        let last = calls.ended.iter().map(|call| call.from).max().unwrap_or_default();
        let end = match calls.closed {
            Some((closed, running)) if running == workers => closed,
            // All inputs were taken at once: there is no time in which more of them waited.
            _ if calls.ended.len() <= workers => {
                calls.ended.iter().map(|call| call.to).max().unwrap_or_default()
            }
            _ => last,
        };
        let mut ends: Vec<Duration> = calls.ended.iter().map(|call| call.to).collect();
        ends.sort_unstable();
        // Until each worker has had a call, queues fill up: their calls have begun and are not on their way yet.
        let filled = ends.get(workers - 1).filter(|filled| **filled <= first + (end - first) / 2);
        let first = filled.copied().unwrap_or(first);
        let Calls { ended, failed, panicked, cut, .. } = calls;
        let busy: Duration = ended.iter().map(|call| call.to - call.from).sum();
        let sound = || ended.iter().filter(|call| !failed.contains(&call.index));
        let mut lengths: Vec<Duration> = sound().map(|call| call.to - call.from).collect();
        lengths.sort_unstable();
        let mut parts = [0.0; PARTS as usize];
        let length = end.saturating_sub(first) / PARTS;
        if !length.is_zero() {
            let part_of = |at: Duration| {
                (at.saturating_sub(first).as_nanos() / length.as_nanos()).min(u128::from(PARTS) - 1)
            };
            for call in sound() {
                for part in part_of(call.from)..=part_of(call.to) {
                    let from = first + length * part as u32;
                    parts[part as usize] += call.part(from, from + length);
                }
            }
        }
        let mean = parts.iter().sum::<f64>() / f64::from(PARTS);
        let square =
            parts.iter().map(|part| (part - mean).powi(2)).sum::<f64>() / f64::from(PARTS - 1);
        let per_second = if length.is_zero() { 0.0 } else { mean / length.as_secs_f64() };
        Row {
            workers,
            calls: ended.len(),
            per_second,
            of_best: 1.0,
            p50: rank(&lengths, 50),
            p99: rank(&lengths, 99),
            failed: failed.len(),
            panicked: *panicked,
            cut: *cut,
            cpu_share: share(cpu, busy),
            cpu_use: share(cpu, busy.min(wall * cores() as u32)),
            error: if mean > 0.0 { (square / f64::from(PARTS)).sqrt() / mean } else { 0.0 },
        }
    }
}

impl Observer for Clock {
    fn begin(&self, index: usize) {
        let mut calls = self.calls.lock();
        calls.running.insert(index, self.begun.elapsed());
    }

    fn end(&self, index: usize, ended: Ended) {
        let to = self.begun.elapsed();
        let mut calls = self.calls.lock();
        if let Some(from) = calls.running.remove(&index) {
            calls.ended.push(Span { index, from, to });
        }
        if ended == Ended::Panicked {
            calls.panicked += 1;
            calls.failed.insert(index);
        }
    }
}

fn share(part: Duration, whole: Duration) -> f64 {
    if whole.is_zero() { 0.0 } else { (part.as_secs_f64() / whole.as_secs_f64()).min(1.0) }
}

/// The length that `percent` of the calls do not exceed.
fn rank(sorted: &[Duration], percent: usize) -> Duration {
    let place = (sorted.len() * percent).div_ceil(100).max(1) - 1;
    sorted.get(place).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{Clock, Span};
    use std::time::Duration;

    /// What a level of half a second shows, in which 64 workers share so many servers and each call takes 10 ms.
    fn per_second(servers: usize) -> f64 {
        let clock = Clock::start();
        let (mut servers, mut workers) = (vec![0_u32; servers], vec![0_u32; 64]);
        let mut calls = clock.calls.lock();
        for index in 0.. {
            workers.sort_unstable();
            servers.sort_unstable();
            let from = workers[0];
            if from >= 500 {
                break;
            }
            let to = from.max(servers[0]) + 10;
            (workers[0], servers[0]) = (to, to);
            let [from, to] = [from, to].map(|at| Duration::from_millis(at.into()));
            calls.ended.push(Span { index, from, to });
        }
        calls.closed = Some((Duration::from_millis(500), 64));
        drop(calls);
        clock.row(64).per_second
    }

    #[test]
    fn a_queue_that_fills_up_is_no_throughput() {
        for servers in [4, 12, 64, 100] {
            let most = 100.0 * servers.min(64) as f64;
            let shown = per_second(servers);
            assert!((0.98..1.02).contains(&(shown / most)), "{servers}: {shown}");
        }
    }
}
