//! How a batch has ended, and what may be left of it.

use crate::ledger::Kind;
use crate::plan::Consume;
use crate::run::Run;
use crate::values::{Origin, is_refusal, origin};
use std::any::Any;
use std::sync::atomic::Ordering::SeqCst;

/// The panic that a batch raises.
pub(crate) type Outcome = Result<(), Box<dyn Any + Send>>;

/// After a consumption that waits for everything.
pub(crate) fn see_what_is_left(run: &Run, outcome: &Outcome) {
    run.feeder.iter().for_each(|feeder| feeder.join());
    let all = [Kind::Input, Kind::Output, Kind::Closure, Kind::Iterator, Kind::State];
    run.book.is_gone(&all, "after the batch has returned");
    let running = run.book.running.now();
    run.book.check(running == 0, || format!("{running} calls run after the batch has returned"));
    run.see_end_of_watch();
    see_how_it_ended(run, outcome);
}

pub(crate) fn see_how_it_ended(run: &Run, outcome: &Outcome) {
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
