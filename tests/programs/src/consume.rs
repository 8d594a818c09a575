//! Every way to take the results of a batch.

use crate::block_on::block_on_each;
use crate::call::Actor;
use crate::ledger::{Fate, Kind};
use crate::plan::{Call, Consume, Hint, Leave, Mood, Stop};
use crate::run::Run;
use crate::values::{Failure, Input, Item, Leaky, Origin, Output, UntilFailure, raise};
use pool_core::{AsCompleted, Map, Pool, ResultStream, Results, StopHandle, Timeout};
use std::ops::ControlFlow;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::mpsc::Sender;
use std::time::Duration;

/// What both kinds of batch have in common.
pub(crate) trait Lent: Sized {
    type Item: Item;
    fn max_workers(self, max_workers: usize) -> Self;
    fn buffer(self, inputs: usize) -> Self;
    fn on(self, pool: &Pool) -> Self;
    fn stop_handle(&self) -> StopHandle;
    fn collect<C: FromIterator<Self::Item>>(self) -> C;
    fn for_each(self, consume: impl FnMut(Self::Item));
    fn scope<B>(self, consume: impl FnOnce(&mut Results<'_, Self::Item>) -> B) -> B;
}

/// And what they have where they own all that they need.
pub(crate) trait Owned:
    Lent + Iterator<Item = <Self as Lent>::Item> + Send + 'static
{
    fn start(self) -> Self;
    fn next_timeout(&mut self, wait: Duration) -> Result<Option<<Self as Lent>::Item>, Timeout>;
    fn into_stream(self) -> ResultStream<<Self as Lent>::Item>;
}

macro_rules! batches {
    ($(($Batch:ident $(, $P:ty)*) of $Item:ty;)*) => { $(
        impl<'env> Lent for $Batch<'env $(, $P)*> {
            type Item = $Item;
            fn max_workers(self, max_workers: usize) -> Self {
                self.max_workers(max_workers)
            }
            fn buffer(self, inputs: usize) -> Self {
                self.buffer(inputs)
            }
            fn on(self, pool: &Pool) -> Self {
                self.on(pool)
            }
            fn stop_handle(&self) -> StopHandle {
                self.stop_handle()
            }
            fn collect<C: FromIterator<$Item>>(self) -> C {
                self.collect()
            }
            fn for_each(self, consume: impl FnMut($Item)) {
                self.for_each(consume);
            }
            fn scope<B>(self, consume: impl FnOnce(&mut Results<'_, $Item>) -> B) -> B {
                self.scope(consume)
            }
        }

        impl Owned for $Batch<'static $(, $P)*> {
            fn start(self) -> Self {
                self.start()
            }
            fn next_timeout(&mut self, wait: Duration) -> Result<Option<$Item>, Timeout> {
                self.next_timeout(wait)
            }
            fn into_stream(self) -> ResultStream<$Item> {
                self.into_stream()
            }
        }
    )* };
}

batches! {
    (Map, Result<Output, Failure>) of Result<Output, Failure>;
    (AsCompleted, Input, Output, Failure) of pool_core::Completion<Input, Output, Failure>;
}

/// What becomes of results.
pub(crate) struct Consumer<'a> {
    actor: &'a Actor<'a>,
    run: &'a Run,
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
    fn take(&mut self, item: impl Item) -> ControlFlow<()> {
        let (run, plan) = (self.run, &self.run.plan);
        let (index, weight) = item.check(&run.book);
        run.book.note(index, Fate::Yielded);
        let before = run.seen.fetch_add(1, SeqCst);
        run.venue.seen.fetch_add(1, SeqCst);
        run.book.check(!plan.ordered || index == before, || format!("result {index} at {before}"));
        drop(item);
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

    /// Takes results that were gathered: there is nothing to leave any more.
    fn take_all(&mut self, items: Vec<impl Item>) {
        for item in items {
            let _ = self.take(item);
        }
    }

    fn look_whether_to_leave(&mut self) -> ControlFlow<()> {
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
    fn end(&self) {
        let (book, plan) = (&self.run.book, &self.run.plan);
        if self.run.left.load(SeqCst) {
            return;
        }
        let (taken, yielded, called) =
            (book.taken(), book.count(Fate::Yielded), book.count(Fate::Called));
        if plan.stop.is_none() {
            book.check(yielded == taken, || format!("{yielded} results for {taken} inputs"));
            let total =
                plan.inputs.total().filter(|_| !matches!(plan.inputs.mood, Mood::PanicsAt(_)));
            book.check(total.is_none_or(|total| total == taken), || {
                format!("{taken} of {total:?} inputs taken")
            });
        }
        book.check(self.run.noisy || yielded == called, || {
            format!("{yielded} results of {called} calls")
        });
    }

    /// The results of a batch that is still there have ended by themselves.
    fn end_of_owned(&self) {
        self.end();
        if self.run.plan.stop.is_none() && !self.run.noisy {
            let all = [Kind::Closure, Kind::Iterator, Kind::Input, Kind::Output];
            self.run.book.is_gone(&all, "when the consumer has seen the end");
        }
    }
}

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
    let panics = run.plan.ordered && (run.noisy || run.plan.calls.iter().any(Call::may_panic));
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
