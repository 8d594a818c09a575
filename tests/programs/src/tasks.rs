//! Runs some tasks, and waits for them in one of many ways.

use crate::block_on::{block_on, block_on_for};
use crate::call::{Actor, perform};
use crate::ledger::{Book, Fate, Kind};
use crate::plan::{End, Place, Tasks, Wait};
use crate::token::Token;
use crate::values::{Input, Origin, Output, is_refusal, origin, raise};
use crate::venue::Venue;
use pool_core::{Panic, Pool, Task};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use std::thread;
use std::time::Duration;

pub(crate) fn run(actor: &Actor<'_>, plan: &Arc<Tasks>) {
    let Some(venue) = actor.venue(&plan.place) else { return };
    let Some(pool) = venue.pool() else { return };
    let book = actor.world.ledger.open(format!("tasks on {:?}", plan.place), plan.count);
    book.runs_all.store(
        !(plan.wait.is_async() && venue.may_refuse()
            || actor.noisy
            || matches!(plan.wait, Wait::Guard(_) | Wait::DropFuture(_))),
        SeqCst,
    );
    venue.begin();
    let tasks = (0..plan.count)
        .map(|index| submit(actor, plan, &venue, &book, &pool, index))
        .collect::<Vec<_>>();
    drop(pool);
    if let Place::New { dropped_early: true, .. } = plan.place {
        venue.drop_pool();
    }
    plan.ahead.iter().for_each(|act| actor.act(act));
    for (index, task) in tasks.into_iter().enumerate() {
        wait(actor, plan, &venue, &book, index, task);
    }
    if !plan.wait.lets_go() {
        book.is_gone(&[Kind::Input, Kind::Output, Kind::Closure], "after all tasks were joined");
    }
    if let Place::New { .. } = plan.place {
        venue.drop_pool();
    }
}

fn submit(
    actor: &Actor<'_>,
    plan: &Arc<Tasks>,
    venue: &Arc<Venue>,
    book: &Arc<Book>,
    pool: &Pool,
    index: usize,
) -> Task<Output> {
    let input = Input { index, weight: 0, token: Token::new(book, Kind::Input) };
    book.note(index, Fate::Taken);
    let token = Token::new(book, Kind::Closure);
    let (world, plan, venue, book) =
        (Arc::clone(actor.world), Arc::clone(plan), Arc::clone(venue), Arc::clone(book));
    let noisy = actor.noisy;
    pool.submit(move || {
        token.touch();
        book.note(input.index, Fate::Called);
        let end = catch_unwind(AssertUnwindSafe(|| {
            // No end of a batch cancels a task.
            let calm = !plan.wait.cancels();
            let deadline = pool_core::deadline();
            book.check(deadline.is_none(), || format!("a task ends at {deadline:?}"));
            perform(&Actor::call(&world, &venue, calm, noisy), &plan.call);
            if plan.call.end == End::Panics {
                raise(&book, Origin::Call(input.index));
            }
        }));
        if let Err(payload) = end {
            venue.panicked.fetch_add(1, SeqCst);
            resume_unwind(payload);
        }
        Output::of(&input, &book, false)
    })
}

fn wait(
    actor: &Actor<'_>,
    plan: &Tasks,
    venue: &Venue,
    book: &Arc<Book>,
    index: usize,
    task: Task<Output>,
) {
    let joined = match &plan.wait {
        Wait::Join => actor.wait(|| task.join()),
        Wait::Timeouts(waits) => join_timeout(actor, waits, task),
        Wait::Asks => {
            for _ in 0..10 {
                if task.is_finished() {
                    break;
                }
                thread::yield_now();
            }
            actor.wait(|| task.join())
        }
        Wait::CancelOrJoin => {
            let called = book.has(index, Fate::Called);
            let started = task.has_started();
            book.check(started || !called, || format!("task {index} runs and has not started"));
            match task.cancel() {
                Ok(()) => {
                    book.check(!started, || format!("task {index} was taken back from its call"));
                    return book.note(index, Fate::Cancelled);
                }
                Err(task) => {
                    book.check(task.has_started(), || format!("task {index} is kept unstarted"));
                    actor.wait(|| task.join())
                }
            }
        }
        Wait::Stops => {
            let stop = task.stop_handle();
            let known = ["waiting", "running", "finished"];
            let shown = format!("{task:?}");
            book.check(known.iter().any(|state| shown.contains(state)), || shown);
            stop.stop();
            actor.wait(|| task.join())
        }
        Wait::Guard(time) => match actor.wait(|| task.cancel_on_drop().join_timeout(*time)) {
            Ok(joined) => joined,
            Err(guard) => return drop(guard),
        },
        Wait::GuardFuture => block_on(task.cancel_on_drop()),
        Wait::DropFuture(time) => match block_on_for(task.cancel_on_drop(), *time) {
            Some(joined) => joined,
            None => return,
        },
        Wait::Drop => return drop(task),
        Wait::Future => block_on(task),
    };
    let refused = matches!(&joined, Err(panic) if plan_may_refuse(plan, venue, panic));
    if refused {
        return;
    }
    book.note(index, Fate::Yielded);
    book.check(actor.noisy || book.has(index, Fate::Called), || {
        format!("task {index} joined that never ran")
    });
    venue.seen.fetch_add(1, SeqCst);
    match joined {
        Ok(output) => {
            output.token.touch();
            book.check(output.index == index, || {
                format!("task {index} has the result of {}", output.index)
            });
        }
        Err(panic) => {
            let payload = panic.into_payload();
            let known = match origin(&*payload, book) {
                Some((Origin::Call(at), true)) => at == index,
                Some((Origin::Noise, _)) if actor.noisy => true,
                Some((_, own)) => !own && plan.call.may_panic(),
                None => false,
            };
            book.check(known, || format!("task {index} raised a panic of nobody's"));
        }
    }
}

/// Whether async code was told that no thread can be started.
fn plan_may_refuse(plan: &Tasks, venue: &Venue, panic: &Panic) -> bool {
    plan.wait.is_async() && venue.may_refuse() && is_refusal(&panic.message().to_owned())
}

fn join_timeout(
    actor: &Actor<'_>,
    waits: &[Duration],
    mut task: Task<Output>,
) -> Result<Output, Panic> {
    let mut tries = 0;
    loop {
        let wait = match waits[tries % waits.len()] {
            Duration::ZERO if tries > 8 => Duration::from_millis(1),
            wait => wait,
        };
        match actor.wait(|| task.join_timeout(wait)) {
            Ok(joined) => return joined,
            Err(back) => task = back,
        }
        tries += 1;
    }
}
