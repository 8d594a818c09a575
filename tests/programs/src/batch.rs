//! Runs one batch: builds it, sets it up, hands it to its consumer, and sees what is left of it.

use crate::call::{self, Actor};
use crate::consume;
use crate::consumer::Consumer;
use crate::ledger::Kind;
use crate::outcome::{Outcome, see_how_it_ended, see_what_is_left};
use crate::plan::{Batch, Hands, Place};
use crate::run::{Run, source};
use crate::setup::{around, prepare, start};
use crate::states::{self, State};
use crate::token::Token;
use crate::values::{Failure, Input, Output};
use pool_core::{AsCompleted, IntoInputs, Map, Pool};
use std::ops::Deref;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::mpsc::Sender;
use std::thread;

pub(crate) fn run(actor: &Actor<'_>, plan: &Arc<Batch>) {
    let Some(venue) = actor.venue(&plan.place) else { return };
    let Some(pool) = venue.pool() else { return };
    let run = Run::new(actor, plan, Arc::clone(&venue));
    let (feeder, book, noisy) = (run.feeder.clone(), Arc::clone(&run.book), run.noisy);
    venue.begin();
    let outcome =
        if plan.lends() { lend(actor, &run, pool) } else { own(actor, &Arc::new(run), pool) };
    // A call that comes too late still runs.
    if plan.consume.lends() && plan.abandon_after.is_none() {
        venue.end(&actor.world.ledger);
    }
    if let Some(feeder) = feeder {
        feeder.join();
        // A subscriber that panics may have kept the batch from being made.
        if !book.leaked.load(SeqCst) && !noisy {
            book.check(feeder.is_refused(&book), || "a batch was left whose feed goes on".into());
        }
    }
    if let Place::New { .. } = plan.place {
        venue.drop_pool();
    }
    if let Err(payload) = outcome {
        if plan.raises && payload.is::<crate::values::Payload>() {
            resume_unwind(payload);
        }
        // A payload is dropped like everything else.
        drop(payload);
    }
}

/// Runs a batch that borrows from this frame.
fn lend(actor: &Actor<'_>, run: &Run, pool: Arc<Pool>) -> Outcome {
    let outcome = catch_unwind(AssertUnwindSafe(|| match run.plan.ordered {
        true => {
            let (batch, feed) = map(actor, run, &pool);
            let batch = prepare(actor, run, batch, pool);
            consume::lent(Consumer::new(actor, run, feed), batch);
        }
        false => {
            let (batch, feed) = as_completed(actor, run, &pool);
            let batch = prepare(actor, run, batch, pool);
            consume::lent(Consumer::new(actor, run, feed), batch);
        }
    }));
    run.keep(None);
    see_what_is_left(run, &outcome);
    outcome
}

/// Runs a batch that owns all that it needs.
fn own(actor: &Actor<'_>, run: &Arc<Run>, pool: Arc<Pool>) -> Outcome {
    let outcome = catch_unwind(AssertUnwindSafe(|| match run.plan.ordered {
        true => {
            let (batch, feed) = map(actor, Arc::clone(run), &pool);
            let batch = start(actor, run, prepare(actor, run, batch, pool));
            hand_over(actor, run, move |actor, run| {
                consume::owned(Consumer::new(actor, run, feed), batch)
            });
        }
        false => {
            let (batch, feed) = as_completed(actor, Arc::clone(run), &pool);
            let batch = start(actor, run, prepare(actor, run, batch, pool));
            hand_over(actor, run, move |actor, run| {
                consume::owned(Consumer::new(actor, run, feed), batch)
            });
        }
    }));
    run.keep(None);
    if run.plan.consume.lends() && run.plan.abandon_after.is_none() {
        see_what_is_left(run, &outcome);
    } else {
        see_how_it_ended(run, &outcome);
    }
    outcome
}

fn map<'env, R>(
    actor: &Actor<'_>,
    run: R,
    pool: &Pool,
) -> (Map<'env, Result<Output, Failure>>, Option<Sender<u32>>)
where
    R: Deref<Target = Run> + Clone + Send + Sync + 'env,
{
    let (inputs, feed) = source(run.clone());
    let token = Token::new(&run.book, Kind::Closure);
    let noisy = run.plan.noisy;
    let maker = run.plan.states.map(|_| states::init(run.clone(), false));
    let call = move |input: Input| {
        token.touch();
        call::run(&run, &input)
    };
    let Some(init) = maker else { return (around(actor, noisy, || pool.map(inputs, call)), feed) };
    let init = move || init().unwrap_or_else(|_| unreachable!("it panics, and does not fail"));
    let call = move |state: &mut State, input: Input| state.during(|| call(input));
    (around(actor, noisy, || pool.map_init(inputs, init, call)), feed)
}

fn as_completed<'env, R>(
    actor: &Actor<'_>,
    run: R,
    pool: &Pool,
) -> (AsCompleted<'env, Input, Output, Failure>, Option<Sender<u32>>)
where
    R: Deref<Target = Run> + Clone + Send + Sync + 'env,
{
    match run.feeder.clone() {
        Some(feeder) => (complete(actor, run, pool, feeder.inputs()), None),
        None => {
            let (inputs, feed) = source(run.clone());
            (complete(actor, run, pool, inputs), feed)
        }
    }
}

fn complete<'env, R>(
    actor: &Actor<'_>,
    run: R,
    pool: &Pool,
    inputs: impl IntoInputs<Item = Input, Inputs: 'env>,
) -> AsCompleted<'env, Input, Output, Failure>
where
    R: Deref<Target = Run> + Clone + Send + Sync + 'env,
{
    let token = Token::new(&run.book, Kind::Closure);
    let noisy = run.plan.noisy;
    let maker = run.plan.states.map(|_| states::init(run.clone(), true));
    let call = move |input: &Input| {
        token.touch();
        call::run(&run, input)
    };
    let Some(init) = maker else {
        return around(actor, noisy, || pool.as_completed(inputs, call));
    };
    let call = move |state: &mut State, input: &Input| state.during(|| call(input));
    around(actor, noisy, || pool.as_completed_init(inputs, init, call))
}

fn hand_over(
    actor: &Actor<'_>,
    run: &Arc<Run>,
    consume: impl FnOnce(&Actor<'_>, &Run) + Send + 'static,
) {
    match run.plan.hands {
        Hands::Thread => thread::scope(|scope| {
            let joined = scope.spawn(|| consume(actor, run)).join();
            joined.unwrap_or_else(|payload| resume_unwind(payload));
        }),
        Hands::Call(number) => {
            let venue = Arc::clone(&actor.world.venues[number]);
            let Some(pool) = venue.pool() else { return consume(actor, run) };
            let run = Arc::clone(run);
            venue.begin();
            let task = pool.submit(move || {
                let call = Actor::call(&run.world, &venue, true, false);
                let done = catch_unwind(AssertUnwindSafe(|| {
                    call::as_call(&call, || consume(&call, &run))
                }));
                done.unwrap_or_else(|payload| {
                    venue.panicked.fetch_add(1, SeqCst);
                    resume_unwind(payload)
                });
            });
            drop(pool);
            actor.wait(|| task.join()).unwrap_or_else(|panic| panic.resume());
        }
        Hands::Maker => consume(actor, run),
    }
}
