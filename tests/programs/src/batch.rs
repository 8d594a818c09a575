//! Runs one batch: builds it, sets it up, hands it to its consumer, and sees what is left of it.

use crate::call::{self, Actor};
use crate::consume;
use crate::consumer::Consumer;
use crate::kinds::{Lent, Owned};
use crate::ledger::{Kind, Token};
use crate::plan::{Batch, Consume, Hands, Leave, Place, Stop};
use crate::run::{Run, source};
use crate::states::{self, State};
use crate::values::{Failure, Input, Origin, Output, is_refusal, origin};
use pool_core::{AsCompleted, IntoInputs, Map, Pool, StopHandle};
use std::any::Any;
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
    let feeder = run.feeder.clone();
    venue.begin();
    let outcome =
        if plan.lends() { lend(actor, &run, pool) } else { own(actor, &Arc::new(run), pool) };
    if plan.consume.lends() {
        venue.end(&actor.world.ledger);
    }
    feeder.into_iter().for_each(|feeder| feeder.join());
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

type Outcome = Result<(), Box<dyn Any + Send>>;

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
    if run.plan.consume.lends() {
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

fn around<B>(actor: &Actor<'_>, noisy: bool, build: impl FnOnce() -> B) -> B {
    match &actor.world.noise {
        Some(noise) if noisy => noise.around(build),
        _ => build(),
    }
}

fn prepare<B: Lent>(actor: &Actor<'_>, run: &Run, mut batch: B, pool: Arc<Pool>) -> B {
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
    if plan.stop.is_some() || matches!(plan.leave, Leave::After(_)) {
        let stop = batch.stop_handle();
        match plan.stop {
            Some(Stop::Before) => stop.stop(),
            Some(Stop::Thread(time)) => stop_later(stop.clone(), time),
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

fn stop_later(stop: StopHandle, time: std::time::Duration) {
    let thread = thread::Builder::new().name("stop".into()).spawn(move || {
        thread::sleep(time);
        stop.stop();
    });
    thread.expect("a thread");
}

fn start<B: Owned>(actor: &Actor<'_>, run: &Run, batch: B) -> B {
    match &run.plan.ahead {
        None => batch,
        Some(acts) => {
            let batch = batch.start();
            acts.iter().for_each(|act| actor.act(act));
            batch
        }
    }
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

/// After a consumption that waits for everything.
fn see_what_is_left(run: &Run, outcome: &Outcome) {
    run.feeder.iter().for_each(|feeder| feeder.join());
    let all = [Kind::Input, Kind::Output, Kind::Closure, Kind::Iterator, Kind::State];
    run.book.is_gone(&all, "after the batch has returned");
    let running = run.book.running.now();
    run.book.check(running == 0, || format!("{running} calls run after the batch has returned"));
    see_how_it_ended(run, outcome);
}

fn see_how_it_ended(run: &Run, outcome: &Outcome) {
    let (book, plan, seen) = (&run.book, &run.plan, run.seen.load(SeqCst));
    let Err(payload) = outcome else { return };
    let Some((origin, own)) = origin(&**payload, book) else {
        let async_code = matches!(plan.consume, Consume::Stream(_));
        let refused = async_code && run.venue.may_refuse() && is_refusal(&**payload);
        let text = payload.downcast_ref::<String>().cloned();
        return book.check(refused, || format!("raised a panic of nobody's: {text:?}"));
    };
    match origin {
        Origin::Call(index) if own => {
            book.check(plan.ordered, || format!("raised the panic of call {index}"));
            let at = plan.consume.gathers() || seen == index;
            book.check(at, || format!("raised the panic of call {index} after {seen} results"));
        }
        Origin::Init if own => book
            .check(plan.ordered && plan.states.is_some(), || "raised the panic of an init".into()),
        Origin::Next if own => {
            let all = plan.consume.gathers() || plan.stop.is_some() || seen == book.taken();
            book.check(all, || {
                format!("raised the panic of its inputs after {seen} of {} results", book.taken())
            });
        }
        Origin::Consumer if own => {}
        Origin::Drop if own => {
            book.check(plan.bombs.is_some(), || "raised a panic of a `Drop` that has none".into())
        }
        Origin::Noise => book
            .check(plan.noisy || !own, || "raised a panic of a subscriber that it has not".into()),
        _ => book.check(plan.calls.iter().any(crate::plan::Call::may_panic), || {
            "raised a panic of another batch".into()
        }),
    }
}
