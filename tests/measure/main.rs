//! What `Measure` finds and shows, on services whose answer is known.

mod a_stop_ends_it;
mod each_input_runs_once_a_level;
mod failures_are_counted;
mod it_works_for_any_batch;
mod services;
mod ten_runs;
mod the_answer_is_right;
mod the_table_fits;

use std::sync::{Mutex, PoisonError};

/// Runs a test while no other runs, since the CPU clock is that of the process. Fails if it hangs.
fn alone(test: impl FnOnce() + Send + 'static) {
    static ALONE: Mutex<()> = Mutex::new(());
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    support::watched(test);
}
