//! [`Found`]: the rows of a measurement and what follows from them.

use crate::measure::row::Row;
use crate::measure::verdict::{self, Verdict};
use std::fmt;

/// What a measurement has found: its rows, the verdict, and the number of workers.
///
/// Made by [`Measure::run`](crate::Measure::run). Its `Display` is the table and the verdict in words, in lines of at
/// most 80 columns.
///
/// # Examples
///
/// ```
/// use pool_core::{Measure, Pool, measure::Verdict};
///
/// let pool = Pool::new(1);
/// let found = Measure::new(|| pool.map(0..100, |n: u32| if n < 90 { Err("busy") } else { Ok(n) })).run();
/// assert!(matches!(found.verdict(), Verdict::Unclear(_)));
/// assert_eq!(found.max_workers(), None);
/// assert_eq!((found.rows().len(), found.rows()[0].failed()), (1, 90));
/// assert_eq!(found.advice(), "90 % of the calls fail at the first level: see to that first.");
/// ```
#[derive(Clone, Debug)]
pub struct Found {
    rows: Vec<Row>,
    verdict: Verdict,
    max_workers: Option<usize>,
}

impl Found {
    /// `stopped` says that more levels would have come, `free` which part of the processor this process could have.
    pub(super) fn new(mut rows: Vec<Row>, stopped: bool, free: f64) -> Self {
        let best = best(&rows);
        rows.iter_mut().for_each(|row| row.of_best = ratio(row.per_second, best));
        let (verdict, max_workers) = verdict::judge(&rows, stopped, free);
        Self { rows, verdict, max_workers }
    }

    /// Returns the number of workers to take, unless the rows are [unclear](Verdict::Unclear).
    ///
    /// It is the knee: the fewest workers of a row within 5 % of the best one. Where calls [fail](Verdict::Fails) it is
    /// the knee of the rows before that, and where they keep the CPU [busy](Verdict::Busy) at most the number of cores.
    pub fn max_workers(&self) -> Option<usize> {
        self.max_workers
    }

    /// Returns what follows from the rows.
    pub fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// Returns the verdict in words, in lines of at most 80 columns: what stands under the table.
    ///
    /// # Examples
    ///
    /// ```
    /// use pool_core::{Measure, Pool};
    ///
    /// let pool = Pool::new(1);
    /// let found = Measure::new(|| pool.map(0..2, |n: u32| Ok::<_, ()>(n))).levels([4]).run();
    /// assert!(found.advice().starts_with("There were too few calls to say"));
    /// assert!(found.to_string().ends_with(&found.advice()));
    /// ```
    pub fn advice(&self) -> String {
        lines(&verdict::words(self.verdict, self.max_workers, &self.rows))
    }

    /// Returns what each level has shown, in the order in which they ran.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }
}

/// The best throughput of some rows, or 0.
pub(super) fn best(rows: &[Row]) -> f64 {
    rows.iter().map(|row| row.per_second).fold(0.0, f64::max)
}

/// A throughput as a part of the best one.
pub(super) fn ratio(part: f64, best: f64) -> f64 {
    if best > 0.0 { part / best } else { 1.0 }
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.rows.is_empty() {
            writeln!(f, "{}", Row::HEADER)?;
            self.rows.iter().try_for_each(|row| writeln!(f, "{row}"))?;
            writeln!(f)?;
        }
        f.write_str(&self.advice())
    }
}

/// Breaks a text into lines of at most 80 columns.
fn lines(text: &str) -> String {
    let (mut lines, mut column) = (String::new(), 0);
    for word in text.split(' ') {
        let length = word.chars().count();
        if column + 1 + length > 80 {
            lines.push('\n');
            column = 0;
        } else if column > 0 {
            lines.push(' ');
            column += 1;
        }
        lines.push_str(word);
        column += length;
    }
    lines
}
