//! Every way to take the results of a batch.

use crate::block_on::block_on_each;
use crate::consumer::Consumer;
use crate::kinds::{Lent, Owned};
use crate::plan::{Call, Consume, Hint, Leave, Mood};
use crate::run::Run;
use crate::values::{Item, Leaky, UntilFailure};
use pool_core::{ResultStream, Results, Timeout};
use std::ops::ControlFlow;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

pub(crate) fn lent<B: Lent>(mut consumer: Consumer<'_>, batch: B) {
    let (actor, run) = (consumer.actor, consumer.run);
    match &run.plan.consume {
        Consume::Collect => {
            let all: Vec<_> = actor.wait(|| batch.collect());
            consumer.take_all(all);
            consumer.end();
        }
        Consume::CollectUntilFailure => {
            let UntilFailure(some) = actor.wait(|| batch.collect());
            let failed = some.last().is_some_and(Item::has_failed);
            consumer.take_all(some);
            if !failed {
                consumer.end();
            }
        }
        Consume::TryCollect => match actor.wait(|| batch.try_collect()) {
            Ok(all) => {
                consumer.take_all(all);
                consumer.end();
            }
            Err(failure) => consumer.take_first_failure(&failure),
        },
        Consume::TryForEach => {
            // The consumer may be what the inputs wait for: it goes with the closure if a call's panic passes.
            let end =
                actor.wait(|| batch.try_for_each(move |item| actor.awake(|| consumer.take(item))));
            if end.is_continue() {
                Consumer::new(actor, run, None).end();
            }
        }
        Consume::CollectAndLeak => {
            let Leaky(some) = actor.wait(|| batch.collect());
            consumer.take_all(some);
        }
        Consume::ForEach => {
            actor.wait(|| {
                batch.for_each(move |item| {
                    if actor.awake(|| consumer.take(item)).is_break() {
                        run.stop();
                    }
                });
            });
            Consumer::new(actor, run, None).end();
        }
        _ => actor.wait(|| batch.scope(move |results| actor.awake(|| scope(consumer, results)))),
    }
}

fn scope<T: Item>(mut consumer: Consumer<'_>, results: &mut Results<'_, T>) {
    let (actor, plan) = (consumer.actor, &consumer.run.plan);
    if consumer.look_whether_to_leave().is_break() {
        return;
    }
    let waits = match &plan.consume {
        Consume::ScopeTimeouts(waits) => Some(waits),
        _ => None,
    };
    let mut impatience = Impatience::default();
    loop {
        let next = match waits {
            Some(waits) => actor.wait(|| results.next_timeout(impatience.wait(waits))),
            None => Ok(actor.wait(|| results.next())),
        };
        match next {
            Err(Timeout) => impatience.lessen(),
            Ok(None) => break consumer.end(),
            Ok(Some(item)) => {
                impatience = Impatience::default();
                if consumer.take(item).is_break() {
                    break;
                }
            }
        }
    }
}

/// How often a consumer has asked in vain. One that never waits at all would never let others have its place.
#[derive(Default)]
struct Impatience(usize);

impl Impatience {
    fn wait(&self, waits: &[Duration]) -> Duration {
        match waits[self.0 % waits.len()] {
            Duration::ZERO if self.0 > 8 => Duration::from_millis(1),
            wait => wait,
        }
    }

    fn lessen(&mut self) {
        self.0 += 1;
    }
}

pub(crate) fn owned<B: Owned>(mut consumer: Consumer<'_>, mut batch: B) {
    let (actor, run) = (consumer.actor, consumer.run);
    let waits = match &run.plan.consume {
        Consume::Unused => return drop(batch),
        Consume::Stream(every) => return stream(consumer, batch.into_stream(), *every),
        Consume::Timeouts(waits) => Some(waits),
        Consume::Loop => None,
        _ => return lent(consumer, batch),
    };
    if consumer.look_whether_to_leave().is_break() {
        return leave(run, batch);
    }
    let mut impatience = Impatience::default();
    loop {
        look_at_hint(run, batch.size_hint());
        let next = match waits {
            Some(waits) => actor.wait(|| batch.next_timeout(impatience.wait(waits))),
            None => Ok(actor.wait(|| batch.next())),
        };
        match next {
            Err(Timeout) => impatience.lessen(),
            Ok(Some(item)) => {
                impatience = Impatience::default();
                if consumer.take(item).is_break() {
                    return leave(run, batch);
                }
            }
            Ok(None) => {
                consumer.end_of_owned();
                let more = actor.wait(|| batch.next()).is_some();
                return run.book.check(!more, || "a result after the end".into());
            }
        }
    }
}

fn look_at_hint(run: &Run, hint: (usize, Option<usize>)) {
    let inputs = &run.plan.inputs;
    // The first panic ends the inputs of a map.
    let panics =
        run.plan.ordered && (run.is_cut_short() || run.plan.calls.iter().any(Call::may_panic));
    let plain =
        matches!(inputs.mood, Mood::Plain | Mood::Slow(..)) && run.plan.stop.is_none() && !panics;
    if let (true, Hint::Exact, Some(count)) = (plain, inputs.hint, inputs.count) {
        let left = count - run.seen.load(SeqCst);
        run.book.check(hint == (left, Some(left)), || {
            format!("{hint:?} results to come where there are {left}")
        });
    }
}

/// Leaves a batch before its end.
fn leave<B>(run: &Run, batch: B) {
    match run.plan.leave {
        Leave::Forgets(_) => {
            run.book.leaked.store(true, SeqCst);
            std::mem::forget(batch);
        }
        _ => drop(batch),
    }
}

fn stream<T: Item>(mut consumer: Consumer<'_>, mut results: ResultStream<T>, every: usize) {
    let run = consumer.run;
    if consumer.look_whether_to_leave().is_break() {
        return leave(run, results);
    }
    match block_on_each(&mut results, every, |item| consumer.take(item)) {
        ControlFlow::Continue(()) => consumer.end_of_owned(),
        ControlFlow::Break(()) => leave(run, results),
    }
}
