//! What is set on a batch between its making and its start.

use crate::call::Actor;
use crate::kinds::{Lent, Owned};
use crate::plan::{Leave, Place, Stop};
use crate::run::Run;
use pool_core::Pool;
use std::sync::Arc;

/// Builds a batch, where a subscriber listens that panics, if the program has one.
pub(crate) fn around<B>(actor: &Actor<'_>, noisy: bool, build: impl FnOnce() -> B) -> B {
    match &actor.world.noise {
        Some(noise) if noisy => noise.around(build),
        _ => build(),
    }
}

pub(crate) fn prepare<B: Lent>(actor: &Actor<'_>, run: &Run, mut batch: B, pool: Arc<Pool>) -> B {
    let plan = &run.plan;
    if let Some(other) = plan.made_by.and_then(|number| actor.world.venues.get(number)?.pool()) {
        // There and back again.
        batch = batch.on(&other).on(&pool);
    }
    if let Some(max_workers) = plan.max_workers {
        batch = batch.max_workers(max_workers);
    }
    if let Some(buffer) = plan.buffer {
        batch = batch.buffer(buffer);
    }
    if plan.in_order {
        batch = batch.in_order();
    }
    if let Some(limit) = plan.timeout {
        batch = batch.timeout(limit);
    }
    if plan.watched {
        let _ = run.watch.set(batch.watch());
    }
    if plan.stop.is_some() || matches!(plan.leave, Leave::After(_)) {
        let stop = batch.stop_handle();
        match plan.stop {
            Some(Stop::Before) => stop.stop(),
            Some(Stop::Thread(time)) => {
                let stop = stop.clone();
                run.world.later("stop", time, move || stop.stop());
            }
            _ => {}
        }
        run.keep(Some(stop));
    }
    drop(pool);
    if let Place::New { dropped_early: true, .. } = plan.place {
        run.venue.drop_pool();
    }
    batch
}

pub(crate) fn start<B: Owned>(actor: &Actor<'_>, run: &Run, mut batch: B) -> B {
    if let Some(limit) = run.plan.abandon_after {
        batch = batch.abandon_after(limit);
    }
    match &run.plan.ahead {
        None => batch,
        Some(acts) => {
            let batch = batch.start();
            acts.iter().for_each(|act| actor.act(act));
            batch
        }
    }
}
