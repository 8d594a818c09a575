//! What a consumer does with each result, and what it expects of the end.

use crate::call::Actor;
use crate::ledger::{Fate, Kind};
use crate::plan::{End, Leave, Mood, Stop};
use crate::run::Run;
use crate::values::{Failure, Item, Origin, raise};
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering::SeqCst;
use std::sync::mpsc::Sender;

/// What becomes of results.
pub(crate) struct Consumer<'a> {
    pub(crate) actor: &'a Actor<'a>,
    pub(crate) run: &'a Run,
    /// What feeds the inputs, while some are to come.
    feed: Option<Sender<u32>>,
    /// Inputs that were sent and whose results were not taken.
    open: u32,
}

impl<'a> Consumer<'a> {
    pub(crate) fn new(actor: &'a Actor<'a>, run: &'a Run, feed: Option<Sender<u32>>) -> Self {
        Self { actor, run, feed, open: 1 }
    }

    /// Takes one result, and says whether to go on.
    pub(crate) fn take(&mut self, item: impl Item) -> ControlFlow<()> {
        let (run, plan) = (self.run, &self.run.plan);
        let (index, weight) = item.check(&run.book);
        let in_time = self.is_in_time(&item);
        run.book.note(index, Fate::Yielded);
        let before = run.seen.fetch_add(1, SeqCst);
        // A call that comes too late is counted when it ends.
        run.venue.seen.fetch_add(u64::from(in_time), SeqCst);
        run.see_results(before + 1 - run.timed_out.load(SeqCst));
        let in_order = plan.ordered || plan.in_order;
        run.book.check(!in_order || index == before, || format!("result {index} at {before}"));
        let dropped = catch_unwind(AssertUnwindSafe(|| drop(item)));
        run.book
            .check(dropped.is_ok() || plan.bombs.is_some(), || "a result's `Drop` panics".into());
        self.open = self.open.saturating_sub(1);
        if let Some(feed) = &self.feed {
            for _ in 0..weight {
                // The batch may have been stopped.
                self.open += u32::from(feed.send(weight - 1).is_ok());
            }
        }
        if self.open == 0 {
            self.feed = None;
        }
        if let Some(feeder) = &run.feeder {
            feeder.push_from_consumer(weight, &run.book);
        }
        if let Some((every, acts)) = &plan.between {
            if before % every == 0 {
                acts.iter().for_each(|act| self.actor.act(act));
            }
        }
        if matches!(plan.stop, Some(Stop::Consumer(after)) if before == after) {
            run.stop();
        }
        self.look_whether_to_leave()
    }

    /// Whether the result is that of a call which the batch waited for.
    fn is_in_time(&self, item: &impl Item) -> bool {
        let run = self.run;
        let Some((took, timed_out)) = item.took() else { return true };
        let right = match (run.plan.abandon_after, timed_out) {
            (Some(limit), true) => took == limit,
            (Some(limit), false) => took <= limit,
            (None, timed_out) => !timed_out,
        };
        run.book.check(right, || {
            format!("timed out is {timed_out} after {took:?} of {:?}", run.plan.abandon_after)
        });
        run.timed_out.fetch_add(usize::from(timed_out), SeqCst);
        !timed_out
    }

    /// Takes results that were gathered: there is nothing to leave any more.
    pub(crate) fn take_all(&mut self, items: Vec<impl Item>) {
        for item in items {
            let _ = self.take(item);
        }
    }

    /// Takes the failure that has ended the batch: no call of an input before it has failed.
    pub(crate) fn take_first_failure(&self, failure: &Failure) {
        let (book, calls) = (&self.run.book, &self.run.plan.calls);
        failure.0.token.touch();
        book.check(failure.0.token.is_of(book), || "a failure of another batch".into());
        let index = failure.0.index;
        let before = (0..index).find(|&other| {
            book.has(other, Fate::Called) && calls[other % calls.len()].end == End::Fails
        });
        book.check(before.is_none(), || format!("the failure {index} is told, and not {before:?}"));
    }

    pub(crate) fn look_whether_to_leave(&mut self) -> ControlFlow<()> {
        let seen = self.run.seen.load(SeqCst);
        match self.run.plan.leave {
            Leave::Panics(after) if seen == after => {
                self.feed = None;
                raise(&self.run.book, Origin::Consumer)
            }
            Leave::After(after) | Leave::Forgets(after) if seen >= after => {
                self.run.left.store(true, SeqCst);
                self.feed = None;
                ControlFlow::Break(())
            }
            _ => ControlFlow::Continue(()),
        }
    }

    /// The results have ended by themselves.
    pub(crate) fn end(&self) {
        if self.run.left.load(SeqCst) {
            return;
        }
        match &self.run.feeder {
            Some(feeder) => feeder.at_the_end(&self.run.book, || self.balance()),
            None => self.balance(),
        }
    }

    fn balance(&self) {
        let (book, plan) = (&self.run.book, &self.run.plan);
        let (taken, yielded, called) =
            (book.taken(), book.count(Fate::Yielded), book.count(Fate::Called));
        if self.run.timed_out.load(SeqCst) == 0 {
            self.run.see_end();
        }
        if plan.stop.is_none() {
            book.check(yielded == taken, || format!("{yielded} results for {taken} inputs"));
            let total = plan.inputs.total().filter(|_| match plan.inputs.mood {
                Mood::PanicsAt(_) => false,
                // What comes from beside may be refused, and a call that a subscriber cuts short pushes nothing.
                Mood::Feed { beside, .. } => beside.is_none() && !self.run.is_cut_short(),
                _ => true,
            });
            book.check(total.is_none_or(|total| total == taken), || {
                format!("{taken} of {total:?} inputs taken")
            });
        }
        book.check(self.run.is_cut_short() || yielded == called, || {
            format!("{yielded} results of {called} calls")
        });
    }

    /// The results of a batch that is still there have ended by themselves.
    pub(crate) fn end_of_owned(&self) {
        self.end();
        let late = self.run.timed_out.load(SeqCst) > 0;
        if self.run.plan.stop.is_none() && !self.run.noisy && !late {
            let all = [Kind::Closure, Kind::Iterator, Kind::Input, Kind::Output, Kind::State];
            self.run.book.is_gone(&all, "when the consumer has seen the end");
        }
    }
}
