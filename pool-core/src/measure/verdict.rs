//! [`Verdict`]: what follows from the rows of a measurement.

use crate::measure::machine::cores;
use crate::measure::row::Row;

/// What follows from a measurement.
///
/// # Examples
///
/// ```
/// use pool_core::{Measure, Pool, measure::{Doubt, Verdict}};
///
/// // Two inputs for up to four workers are too few to say anything.
/// let pool = Pool::new(1);
/// let found = Measure::new(|| pool.map(0..2, |n: u32| Ok::<_, ()>(n))).levels([2, 4]).run();
/// assert_eq!(found.verdict(), Verdict::Unclear(Doubt::FewCalls));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// The calls wait for something. Take [`Found::max_workers`](crate::measure::Found::max_workers).
    Waits,
    /// The calls keep the CPU busy for more than half of their time: take rayon.
    Busy,
    /// More than 512 workers still raise the throughput: take async.
    Endless,
    /// Calls fail more often from so many workers on, which is the service's limit. The measurement ends there.
    Fails {
        /// The first number of workers at which they do.
        from: usize,
    },
    /// The rows do not answer the question.
    Unclear(Doubt),
}

/// Why the rows do not answer the question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Doubt {
    /// There were less than two calls for each worker where it matters.
    FewCalls,
    /// The throughput changed as much during a level as from one level to the next.
    Noise,
    /// Other programs keep the CPU busy, so that a call that needs it looks like one that waits.
    OtherPrograms,
    /// The most workers that were tried are still the best.
    Growing,
    /// More than half of the calls failed at the first level.
    Failures,
    /// A call panicked, which ends a [`Map`](crate::Map).
    Panicked,
    /// It was stopped.
    Stopped,
}

/// A level has to be so much better than all before it for more levels to follow.
const GAIN: f64 = 1.2;

/// The knee is within so much of the best.
const KNEE: f64 = 0.95;

/// So many workers are enough for threads.
const ENOUGH: usize = 512;

/// Whether a throughput has gained over the best one before it.
pub(super) fn gains(per_second: f64, best: f64) -> bool {
    per_second >= GAIN * best && per_second > 0.0
}

/// Whether nothing can be learned from more workers: most calls fail with these.
pub(super) fn fails(row: &Row) -> bool {
    row.failed_share() > 0.5
}

/// Whether the last row has more failures than chance gives, after those before it.
pub(super) fn fails_more(rows: &[Row]) -> bool {
    let Some((last, before @ [_, ..])) = rows.split_last() else { return false };
    let sum = |of: fn(&Row) -> usize| before.iter().map(of).sum::<usize>() as f64;
    let usual = sum(|row| row.failed) / sum(|row| row.calls).max(1.0);
    let expected = usual * last.calls as f64;
    last.failed_share() > usual + 0.02
        && last.failed as f64 > expected + 3.0 * (expected + 1.0).sqrt()
}

/// The verdict, and the number of workers to take.
pub(super) fn judge(rows: &[Row], stopped: bool, free: f64) -> (Verdict, Option<usize>) {
    let unclear = |doubt| (Verdict::Unclear(doubt), None);
    let Some(first) = rows.first().filter(|_| !stopped) else { return unclear(Doubt::Stopped) };
    if rows.iter().any(|row| row.cut) {
        return unclear(Doubt::Panicked);
    }
    if fails(first) {
        return unclear(Doubt::Failures);
    }
    if fails_more(rows) {
        let (last, before) = rows.split_last().expect("there is a last row that fails more");
        return (Verdict::Fails { from: last.workers }, knee(before.iter()));
    }
    let telling = || rows.iter().filter(|row| row.tells());
    let (Some(alone), Some(best), Some(knee)) =
        (alone(telling()), best(telling()), knee(telling()))
    else {
        return unclear(Doubt::FewCalls);
    };
    if alone.cpu_use > 0.5 {
        return (Verdict::Busy, Some(knee.min(cores())));
    }
    if free < 0.8 && unhindered(alone.cpu_use, free) > 0.3 {
        return unclear(Doubt::OtherPrograms);
    }
    let doubtful =
        |row: &Row| row.is_noisy() && (row.workers == knee || row.workers == best.workers);
    if telling().any(doubtful) || dips(telling(), best) {
        return unclear(Doubt::Noise);
    }
    let before = telling().filter(|row| row.workers != best.workers);
    let grows = before.clone().all(|row| row.workers < best.workers)
        && before.map(|row| row.per_second).fold(0.0, f64::max) * GAIN <= best.per_second;
    match () {
        () if knee > ENOUGH => (Verdict::Endless, Some(knee)),
        () if grows && rows.iter().any(Row::has_few_calls) => unclear(Doubt::FewCalls),
        () if grows => unclear(Doubt::Growing),
        () => (Verdict::Waits, Some(knee)),
    }
}

/// The row in which a call had a core to itself: the last such one, when caches were warm, or else the first of all.
fn alone<'a>(mut rows: impl Iterator<Item = &'a Row>) -> Option<&'a Row> {
    let first = rows.next()?;
    Some(rows.filter(|row| row.workers <= cores()).last().unwrap_or(first))
}

/// The share that a call would have with a whole core. With the `free` part of one it has this `share`. Its work on the
/// core takes longer then, and its waits do not.
fn unhindered(share: f64, free: f64) -> f64 {
    let waits = (1.0 / share - 1.0 / free).max(0.0);
    1.0 / (1.0 + waits)
}

fn best<'a>(rows: impl Iterator<Item = &'a Row>) -> Option<&'a Row> {
    rows.max_by(|a, b| a.per_second.total_cmp(&b.per_second))
}

fn knee<'a>(rows: impl Iterator<Item = &'a Row> + Clone) -> Option<usize> {
    let best = best(rows.clone())?.per_second;
    rows.filter(|row| row.per_second >= KNEE * best).map(|row| row.workers).min()
}

/// Whether throughput falls and rises again before the best row.
fn dips<'a>(rows: impl Iterator<Item = &'a Row>, best: &Row) -> bool {
    let mut most = 0.0_f64;
    rows.filter(|row| row.workers <= best.workers).any(|row| {
        most = most.max(row.per_second);
        row.per_second < most / GAIN
    })
}

/// The verdict in words.
pub(super) fn words(verdict: Verdict, max_workers: Option<usize>, rows: &[Row]) -> String {
    let knee = max_workers.unwrap_or_default();
    let share = |row: Option<&Row>| 100.0 * row.map_or(0.0, Row::failed_share);
    let doubt = match verdict {
        Verdict::Waits => {
            return format!(
                "The calls wait. Take max_workers = {knee}: it is the smallest number within 5 % of the best \
                 throughput."
            );
        }
        Verdict::Busy => {
            let busy =
                100.0 * alone(rows.iter().filter(|row| row.tells())).map_or(0.0, |row| row.cpu_use);
            return format!(
                "The calls keep the CPU busy for {busy:.0} % of their time. Take rayon; here, max_workers = {knee} is \
                 enough."
            );
        }
        Verdict::Endless => {
            return format!(
                "More than {ENOUGH} workers still gain. Take async for so many calls at once; here, max_workers = \
                 {knee} is the smallest number within 5 % of the best throughput."
            );
        }
        Verdict::Fails { from } => {
            return format!(
                "With {from} workers {:.0} % of the calls fail: the limit of the service. Take max_workers = {knee}.",
                share(rows.last())
            );
        }
        Verdict::Unclear(doubt) => doubt,
    };
    let text = match doubt {
        Doubt::FewCalls => {
            "There were too few calls to say: give more inputs, or more time with `at_most`."
        }
        Doubt::Noise => {
            "The throughput changes too much to say: give more time with `at_most`, or measure at a quieter time."
        }
        Doubt::OtherPrograms => {
            "Other programs keep the CPU busy, and the calls need it, too: measure at a quieter time."
        }
        Doubt::Growing => "The most workers are still the best: give more `levels`.",
        Doubt::Failures => {
            return format!(
                "{:.0} % of the calls fail at the first level: see to that first.",
                share(rows.first())
            );
        }
        Doubt::Panicked => {
            "A call panicked, which ends a `Map`: mend that, or measure `as_completed`, which goes on."
        }
        Doubt::Stopped => "Stopped before there was an answer.",
    };
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use super::{Doubt, Verdict, judge, unhindered};
    use crate::measure::row::Row;
    use std::time::Duration;

    /// Rows of 1, 2, 4 and so on workers, with these throughputs.
    fn rows(throughputs: &[f64], cpu_use: f64) -> Vec<Row> {
        let row = |(doubled, per_second): (usize, &f64)| Row {
            workers: 1 << doubled,
            calls: 10_000,
            per_second: *per_second,
            of_best: 1.0,
            p50: Duration::from_millis(1),
            p99: Duration::from_millis(1),
            failed: 0,
            panicked: 0,
            cut: false,
            cpu_share: cpu_use,
            cpu_use,
            error: 0.0,
        };
        throughputs.iter().enumerate().map(row).collect()
    }

    #[test]
    fn rows_with_a_knee_wait_unless_the_cpu_is_busy() {
        let waits = [1.0, 2.0, 4.0, 4.1, 4.0];
        assert_eq!(judge(&rows(&waits, 0.2), false, 1.0), (Verdict::Waits, Some(4)));
        assert_eq!(judge(&rows(&waits, 0.2), true, 1.0), (Verdict::Unclear(Doubt::Stopped), None));
        assert_eq!(judge(&rows(&[1.0, 1.0, 1.0], 0.9), false, 1.0), (Verdict::Busy, Some(1)));
        let others = judge(&rows(&waits, 0.2), false, 0.25);
        assert_eq!(others, (Verdict::Unclear(Doubt::OtherPrograms), None));
        assert_eq!(judge(&rows(&waits, 0.02), false, 0.25), (Verdict::Waits, Some(4)));
    }

    #[test]
    fn throughput_that_dips_is_noise() {
        let dips = judge(&rows(&[1.0, 2.0, 1.2, 2.1, 2.1], 0.0), false, 1.0);
        assert_eq!(dips, (Verdict::Unclear(Doubt::Noise), None));
    }

    #[test]
    fn other_programs_make_a_call_look_as_if_it_waited() {
        // Half of its time on the core: 1 ms, and 1 ms of waiting. With half a core the first takes 2 ms.
        assert!((unhindered(1.0 / 3.0, 0.5) - 0.5).abs() < 1e-9);
        // It never waits.
        assert!((unhindered(0.25, 0.25) - 1.0).abs() < 1e-9);
        assert_eq!(unhindered(0.0, 0.5), 0.0);
    }
}
