//! [`Batch`] and [`Fallible`]: what can be measured, and how a level runs it.

use crate::api::as_completed::{AsCompleted, Completion};
use crate::api::map::Map;
use crate::api::pool::Pool;
use crate::base::observer::Observer;
use crate::base::sync;
use crate::base::unwind;
use crate::batch::{Handle, Start};
use crate::measure::level::Level;
use crate::nesting;
use std::sync::Arc;

/// A batch that [`Measure`](crate::Measure) can run: a [`Map`] or an [`AsCompleted`].
///
/// Only this crate implements it.
pub trait Batch {
    /// What the batch yields.
    type Item;

    /// Runs the batch to the end of its inputs or of the level's time, and says which results have failed.
    #[doc(hidden)]
    fn run(self, level: &Level<'_>, failed: &dyn Fn(&Self::Item) -> bool);
}

/// A batch that tells by itself which of its calls failed.
///
/// An [`AsCompleted`] does, and a [`Map`] of `Result`s. For a `Map` of anything else, take
/// [`Measure::judged`](crate::Measure::judged).
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not tell which calls failed; measure `as_completed`, or say it with `Measure::judged`",
    label = "which of its results are failures?"
)]
pub trait Fallible: Batch {
    /// Whether this result is a failure.
    #[doc(hidden)]
    fn is_failure(item: &Self::Item) -> bool;
}

impl<I, T, E> Batch for AsCompleted<'_, I, T, E> {
    type Item = Completion<I, T, E>;

    fn run(self, level: &Level<'_>, failed: &dyn Fn(&Self::Item) -> bool) {
        run(self.0, level, false, |_, done| (done.index, failed(done)));
    }
}

impl<I, T, E> Fallible for AsCompleted<'_, I, T, E> {
    fn is_failure(done: &Completion<I, T, E>) -> bool {
        done.result.is_err()
    }
}

impl<R> Batch for Map<'_, R> {
    type Item = R;

    fn run(self, level: &Level<'_>, failed: &dyn Fn(&R) -> bool) {
        run(self.0, level, true, |place, result| (place, failed(result)));
    }
}

impl<T, E> Fallible for Map<'_, Result<T, E>> {
    fn is_failure(result: &Result<T, E>) -> bool {
        result.is_err()
    }
}

/// Runs a batch on a pool of its own. `judge` gets each result and its place among the results. It returns the index of
/// the input, and whether the call failed. If a panic of a call `ends` the batch, the level ends there, too.
fn run<T>(
    mut handle: Handle<'_, T>,
    level: &Level<'_>,
    ends: bool,
    mut judge: impl FnMut(usize, &T) -> (usize, bool),
) {
    assert!(
        !handle.has_started(),
        "a batch that is measured must not have started; leave `start` out"
    );
    let pool = Pool::with(handle.config().with_max_workers(level.workers));
    handle.run_on(pool.crew());
    let settings = handle.settings();
    settings.max_workers = None;
    settings.buffer = None;
    settings.observe(Arc::clone(&level.clock) as Arc<dyn Observer>);
    // As for `collect`: it is the workers that are measured, not how long they are held back for a slow head.
    handle.unbound();
    if !level.brake.take(handle.stopper()) {
        return;
    }
    let deadline = sync::after(level.at_most);
    handle.lend(Start::Waits, |mut consumer| {
        let (mut wait, mut place) = (deadline, 0);
        loop {
            if wait.is_some() && (sync::past(wait) || nesting::is_cancelled()) {
                wait = None;
                level.clock.close();
                // Not a stop, which would cancel the calls that run and so cut them short.
                consumer.source.end_inputs();
            }
            match unwind::catch(|| consumer.next(false, wait)) {
                Ok(Ok(Some(result))) => {
                    let (index, failed) = judge(place, &result);
                    place += 1;
                    if failed {
                        level.clock.failed(index);
                    }
                }
                Ok(Ok(None)) => return,
                Ok(Err(_)) => {}
                // It has been counted.
                Err(payload) if ends && level.clock.has_panicked() => {
                    level.clock.cut();
                    return unwind::discard(payload);
                }
                Err(payload) => std::panic::resume_unwind(payload),
            }
        }
    });
}
