//! [`Measure`]: the levels of a measurement, one after the other.

use crate::api::stop_handle::StopHandle;
use crate::base::config;
use crate::measure::brake::Brake;
use crate::measure::found::{self, Found};
use crate::measure::level::{Clock, Level};
use crate::measure::row::Row;
use crate::measure::subject::{Batch, Fallible};
use crate::measure::{machine, verdict};
use crate::nesting;
use std::fmt;
use std::iter::FusedIterator;
use std::sync::Arc;
use std::time::Duration;

/// Measures how many workers a blocking function should have.
///
/// It is an iterator: each `next` runs one level and gives its [`Row`]. [`run`](Self::run) runs the levels that are
/// left, and gives the answer. How it goes, and what the columns mean, stands at [`measure`](crate::measure).
///
/// `build` makes a fresh batch for each level, of an annotated function or of a closure, ordered or not. The
/// measurement runs it on a pool of its own with the level's number of workers, whatever `max_workers` and `buffer` the
/// batch was set to. Its limits of time stay. It should have enough inputs for some seconds.
///
/// # Panics
///
/// `next` and `run` panic if `build` gives a batch that has started. They go on with a panic of `build`, and of the
/// input iterator. A call that panics counts as failed. A [`Map`](crate::Map) ends with it, and so does the
/// measurement.
///
/// # Deadlocks
///
/// An input iterator that blocks holds its level up, beyond [`at_most`](Self::at_most) too.
///
/// # Examples
///
/// ```no_run
/// # #[cfg(feature = "macros")] {
/// use pool_core::{Measure, concurrent};
///
/// #[concurrent]
/// fn download(#[shared] agent: &ureq::Agent, url: &str) -> Result<String, ureq::Error> {
///     agent.get(url).call()?.body_mut().read_to_string()
/// }
///
/// let agent = ureq::agent();
/// let urls: Vec<String> = (0..500).map(|n| format!("https://example.com/{n}")).collect();
/// let found = Measure::new(|| download::as_completed(&agent, &urls)).run();
/// println!("{found}"); // The table and the verdict.
/// # }
/// ```
///
/// A service with two places, whose calls take 5 ms:
///
/// ```
/// use pool_core::{Measure, Pool};
/// use std::{sync::Mutex, thread, time::Duration};
///
/// let (pool, places) = (Pool::new(1), [Mutex::new(()), Mutex::new(())]);
/// let call = |n: &usize| {
///     let _place = places[n % 2].lock().unwrap();
///     thread::sleep(Duration::from_millis(5));
///     Ok::<_, String>(())
/// };
/// let found = Measure::new(|| pool.as_completed(0.., call)).at_most(Duration::from_millis(100)).run();
/// assert!(found.rows().len() >= 3, "1, 2 and 4 workers");
/// let [one, .., most] = found.rows() else { unreachable!() };
/// assert!(one.workers() == 1 && most.of_best() > one.of_best(), "{found}");
/// ```
#[must_use = "a measurement is lazy: nothing runs before its first row is asked for"]
pub struct Measure<'a, B: Batch> {
    build: Box<dyn FnMut() -> B + 'a>,
    failed: Judge<'a, B::Item>,
    /// The caller's own levels, or `None` for the rule.
    levels: Option<Box<dyn Iterator<Item = usize> + 'a>>,
    at_most: Duration,
    brake: Arc<Brake>,
    rows: Vec<Row>,
    /// The least part of the processor that other programs left at the first level.
    free: f64,
    stage: Stage,
}

/// Says which results are failures.
type Judge<'a, T> = Box<dyn Fn(&T) -> bool + 'a>;

/// How far a measurement is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// There are more levels, unless the caller's own have ended.
    Open,
    Over,
    /// It was stopped, or cancelled with the call that it runs in.
    Stopped,
}

/// By the rule no level has more workers.
const MOST: usize = 1024;

impl<'a, B: Fallible> Measure<'a, B> {
    /// Measures the batches that `build` makes. Nothing runs before the first row is asked for.
    ///
    /// # Examples
    ///
    /// ```
    /// use pool_core::{Measure, Pool};
    ///
    /// let (pool, files) = (Pool::new(1), ["Cargo.toml", "no such file"]);
    /// let measure = Measure::new(|| pool.as_completed(&files, |file| std::fs::read(file)));
    /// let row = measure.levels([1]).next().unwrap();
    /// assert_eq!((row.calls(), row.failed()), (2, 1));
    /// ```
    pub fn new(build: impl FnMut() -> B + 'a) -> Self
    where
        B: 'a,
    {
        Self::judged(build, B::is_failure)
    }
}

impl<'a, B: Batch> Measure<'a, B> {
    /// Measures the batches that `build` makes, and asks `failed` which results are failures: for a
    /// [`Map`](crate::Map) of something else than `Result`s, or where an `Ok` can be a failure.
    ///
    /// # Examples
    ///
    /// ```
    /// use pool_core::{Measure, Pool};
    ///
    /// let pool = Pool::new(1);
    /// let status = |n: u32| if n % 10 == 0 { 503 } else { 200 };
    /// let row = Measure::judged(|| pool.map(0..100, status), |status| *status >= 500).next().unwrap();
    /// assert_eq!(row.failed(), 10);
    /// ```
    pub fn judged(build: impl FnMut() -> B + 'a, failed: impl Fn(&B::Item) -> bool + 'a) -> Self
    where
        B: 'a,
    {
        Self {
            build: Box::new(build),
            failed: Box::new(failed),
            levels: None,
            at_most: Duration::from_secs(2),
            brake: Arc::default(),
            rows: Vec::new(),
            free: 1.0,
            stage: Stage::Open,
        }
    }

    /// Runs these numbers of workers, which rise, instead of doubling from 1. A gain that stops does not end it; calls
    /// that fail more often do.
    ///
    /// # Panics
    ///
    /// The level panics if its number is 0.
    ///
    /// # Examples
    ///
    /// ```
    /// use pool_core::{Measure, Pool};
    ///
    /// let pool = Pool::new(1);
    /// let measure = Measure::new(|| pool.map(0..50, |n: u32| Ok::<_, ()>(n))).levels([2, 3, 5]);
    /// assert_eq!(measure.map(|row| row.workers()).collect::<Vec<_>>(), [2, 3, 5]);
    /// ```
    pub fn levels(mut self, workers: impl IntoIterator<Item = usize, IntoIter: 'a>) -> Self {
        self.levels = Some(Box::new(workers.into_iter()));
        self
    }

    /// Ends a level after so much time, if its inputs do not end before. It waits for the calls that run then. The
    /// default is 2 s.
    ///
    /// # Examples
    ///
    /// ```
    /// use pool_core::{Measure, Pool};
    /// use std::{thread, time::Duration};
    ///
    /// let pool = Pool::new(1);
    /// let pause = |_| { thread::sleep(Duration::from_millis(10)); Ok::<_, ()>(()) };
    /// let mut measure = Measure::new(|| pool.map(0.., pause)).at_most(Duration::from_millis(50));
    /// let row = measure.next().unwrap();
    /// assert!((1..=6).contains(&row.calls()));
    /// ```
    pub fn at_most(mut self, time: Duration) -> Self {
        self.at_most = time;
        self
    }

    /// Returns a handle that ends the measurement, for Ctrl-C. The level that runs is stopped as a batch is, and gives
    /// no row; [`run`](Self::run) returns the rows so far.
    ///
    /// # Examples
    ///
    /// ```
    /// use pool_core::{Measure, Pool, measure::{Doubt, Verdict}};
    ///
    /// let pool = Pool::new(1);
    /// let mut measure = Measure::new(|| pool.map(0..50, |n: u32| Ok::<_, ()>(n)));
    /// let stop = measure.stop_handle();
    /// assert!(measure.next().is_some());
    /// stop.stop();
    /// let found = measure.run();
    /// assert_eq!((found.rows().len(), found.max_workers()), (1, None));
    /// ```
    pub fn stop_handle(&self) -> StopHandle {
        StopHandle(Arc::clone(&self.brake) as _)
    }

    /// Runs the levels that are left, and says what all rows show.
    ///
    /// # Examples
    ///
    /// ```
    /// use pool_core::{Measure, Pool};
    ///
    /// let pool = Pool::new(1);
    /// let mut measure = Measure::new(|| pool.map(0..50, |n: u32| Ok::<_, ()>(n))).levels([1, 2, 4]);
    /// for row in measure.by_ref() {
    ///     println!("{row}");
    /// }
    /// assert_eq!(measure.run().rows().len(), 3);
    /// ```
    pub fn run(mut self) -> Found {
        self.by_ref().for_each(drop);
        Found::new(self.rows, self.stage == Stage::Stopped, self.free)
    }

    /// The next number of workers.
    fn level(&mut self) -> Option<usize> {
        match &mut self.levels {
            Some(levels) => levels.next(),
            None => Some(self.rows.last().map_or(1, |row| 2 * row.workers)),
        }
    }

    /// Whether the last row was the last one.
    fn is_over(&self) -> bool {
        let rows = &self.rows[..];
        let Some(last) = rows.last() else { return false };
        if last.cut || verdict::fails_more(rows) || rows.len() == 1 && verdict::fails(last) {
            return true;
        }
        let flat =
            |until: usize| !verdict::gains(rows[until].per_second, found::best(&rows[..until]));
        let twice =
            |of: &dyn Fn(usize) -> bool| rows.len() > 2 && of(rows.len() - 2) && of(rows.len() - 1);
        self.levels.is_none()
            && (last.workers >= MOST || twice(&flat) || twice(&|row| rows[row].has_few_calls()))
    }
}

impl<B: Batch> Iterator for Measure<'_, B> {
    type Item = Row;

    fn next(&mut self) -> Option<Row> {
        if self.stage != Stage::Open {
            return None;
        }
        let Some(workers) = self.level() else {
            self.stage = Stage::Over;
            return None;
        };
        config::at_least_one("max_workers", workers);
        // Until this level has ended well, there is no other.
        self.stage = Stage::Stopped;
        if self.brake.is_stopped() || nesting::is_cancelled() {
            return None;
        }
        let is_first = self.rows.is_empty();
        if is_first {
            self.free = machine::free();
        }
        let batch = (self.build)();
        let clock = Clock::start();
        let level =
            Level { workers, at_most: self.at_most, brake: &self.brake, clock: Arc::clone(&clock) };
        batch.run(&level, &self.failed);
        self.brake.release();
        if self.brake.is_stopped() || nesting::is_cancelled() {
            return None;
        }
        let mut row = clock.row(workers);
        if is_first {
            self.free = self.free.min(machine::free());
        }
        let best = found::best(&self.rows).max(row.per_second);
        row.of_best = found::ratio(row.per_second, best);
        self.rows.push(row.clone());
        self.stage = if self.is_over() { Stage::Over } else { Stage::Open };
        Some(row)
    }
}

impl<B: Batch> FusedIterator for Measure<'_, B> {}

impl<B: Batch> fmt::Debug for Measure<'_, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Measure").field("rows", &self.rows).finish_non_exhaustive()
    }
}
