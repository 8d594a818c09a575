//! [`Row`]: what one number of workers has shown.

use std::fmt;
use std::time::Duration;

/// What one number of workers has shown: a line of the table.
///
/// Made by [`Measure`](crate::Measure), as an iterator, and by [`Found::rows`](crate::measure::Found::rows). Its
/// `Display` is the line, under [`HEADER`](Self::HEADER). At its end stands `few` or `noisy`, where
/// [`has_few_calls`](Self::has_few_calls) or [`is_noisy`](Self::is_noisy).
///
/// # Examples
///
/// ```
/// use pool_core::{Measure, Pool, measure::Row};
/// use std::{thread, time::Duration};
///
/// let pool = Pool::new(1);
/// let pause = |n: u32| { thread::sleep(Duration::from_millis(1)); Ok::<_, String>(n) };
/// println!("{}", Row::HEADER);
/// for row in Measure::new(|| pool.map(0..20, pause)).levels([1, 4]) {
///     println!("{row}");
///     assert_eq!((row.calls(), row.failed()), (20, 0));
///     assert!(row.p50() >= Duration::from_millis(1) && row.p99() >= row.p50());
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Row {
    pub(super) workers: usize,
    pub(super) calls: usize,
    pub(super) per_second: f64,
    pub(super) of_best: f64,
    pub(super) p50: Duration,
    pub(super) p99: Duration,
    pub(super) failed: usize,
    pub(super) panicked: usize,
    /// A panic ended the batch.
    pub(super) cut: bool,
    pub(super) cpu_share: f64,
    /// As the share, but of no more than the processor has in that time.
    pub(super) cpu_use: f64,
    /// The standard error of the throughput, as a part of it.
    pub(super) error: f64,
}

/// From this error on a throughput says little.
const NOISY: f64 = 0.15;

impl Row {
    /// What stands above the columns.
    pub const HEADER: &'static str =
        "workers    calls   calls/s  × best       p50       p99  failed   CPU";

    /// Returns how many workers ran at once.
    pub fn workers(&self) -> usize {
        self.workers
    }

    /// Returns how many calls ran from beginning to end, failed ones too.
    pub fn calls(&self) -> usize {
        self.calls
    }

    /// Returns how many calls a second succeeded, while each worker had an input.
    pub fn per_second(&self) -> f64 {
        self.per_second
    }

    /// Returns the throughput as a part of the best one: of the rows so far, or of all in
    /// [`Found::rows`](crate::measure::Found::rows).
    pub fn of_best(&self) -> f64 {
        self.of_best
    }

    /// Returns how long half of the calls that succeeded took, at most.
    pub fn p50(&self) -> Duration {
        self.p50
    }

    /// Returns how long 99 of 100 calls that succeeded took, at most.
    pub fn p99(&self) -> Duration {
        self.p99
    }

    /// Returns how many calls failed, those that panicked included.
    pub fn failed(&self) -> usize {
        self.failed
    }

    /// Returns how many calls panicked.
    pub fn panicked(&self) -> usize {
        self.panicked
    }

    /// Returns which part of its time a call kept a core busy, from 0 to 1.
    ///
    /// It is the time of the whole process: what other threads of it do meanwhile counts, too.
    pub fn cpu_share(&self) -> f64 {
        self.cpu_share
    }

    /// Tells whether there were less than two calls for each worker, which says little about throughput.
    pub fn has_few_calls(&self) -> bool {
        self.calls < 2 * self.workers
    }

    /// Tells whether the throughput changed so much during the level that it says little.
    pub fn is_noisy(&self) -> bool {
        self.error > NOISY
    }

    pub(super) fn failed_share(&self) -> f64 {
        self.failed as f64 / self.calls.max(1) as f64
    }

    /// The throughput, if it says anything.
    pub(super) fn tells(&self) -> bool {
        !self.has_few_calls() && self.per_second > 0.0
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { workers, calls, per_second, of_best, failed, .. } = self;
        let none = self.calls == self.failed;
        let time = |length| if none { "-".to_owned() } else { short(length) };
        let (p50, p99) = (time(self.p50), time(self.p99));
        let digits = if *per_second < 100.0 { 1 } else { 0 };
        let cpu = format!("{:.0} %", 100.0 * self.cpu_share);
        write!(
            f,
            "{workers:>7} {calls:>8} {per_second:>9.digits$} {of_best:>7.2} {p50:>9} {p99:>9} {failed:>7} {cpu:>5}"
        )?;
        match () {
            () if self.has_few_calls() => f.write_str("  few"),
            () if self.is_noisy() => f.write_str("  noisy"),
            () => Ok(()),
        }
    }
}

/// A length of time in three digits and a unit.
fn short(length: Duration) -> String {
    let seconds = length.as_secs_f64();
    let (number, unit) = match seconds {
        s if s < 1e-3 => (1e6 * s, "µs"),
        s if s < 1.0 => (1e3 * s, "ms"),
        s => (s, "s"),
    };
    let digits = match number {
        n if n < 10.0 => 2,
        n if n < 100.0 => 1,
        _ => 0,
    };
    format!("{number:.digits$} {unit}")
}
