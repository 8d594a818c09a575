//! What a thread does: a root, or a call of a pool.

use crate::batch;
use crate::ledger::Fate;
use crate::plan::{self, Act, Call, End, Place, Stop};
use crate::run::Run;
use crate::tasks;
use crate::values::{Failure, Input, Origin, Output, raise};
use crate::venue::Venue;
use crate::watchdog;
use crate::world::World;
use std::hint::black_box;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::Ordering::SeqCst;
use std::sync::{Arc, PoisonError};
use std::thread;

/// The current thread, as the program sees it.
pub(crate) struct Actor<'a> {
    pub(crate) world: &'a Arc<World>,
    /// The pool whose call this is.
    pub(crate) venue: Option<&'a Arc<Venue>>,
    /// Whether it counts as running: not inside an input iterator.
    counted: bool,
    /// Nothing around it is ever cancelled.
    pub(crate) calm: bool,
    /// A subscriber that panics listens to its batches.
    pub(crate) noisy: bool,
}

impl<'a> Actor<'a> {
    pub(crate) fn root(world: &'a Arc<World>) -> Self {
        Self { world, venue: None, counted: false, calm: true, noisy: false }
    }

    pub(crate) fn call(
        world: &'a Arc<World>,
        venue: &'a Arc<Venue>,
        calm: bool,
        noisy: bool,
    ) -> Self {
        Self { world, venue: Some(venue), counted: true, calm, noisy }
    }

    /// Inside the iterator of a batch.
    pub(crate) fn iterator(run: &'a Run) -> Self {
        Self {
            world: &run.world,
            venue: Some(&run.venue),
            counted: false,
            calm: false,
            noisy: run.noisy,
        }
    }

    /// Runs what may wait for others, meanwhile the call does not run.
    pub(crate) fn wait<R>(&self, code: impl FnOnce() -> R) -> R {
        self.leave();
        let result = catch_unwind(AssertUnwindSafe(code));
        self.enter();
        result.unwrap_or_else(|payload| resume_unwind(payload))
    }

    /// Inside of that, runs code of the call.
    pub(crate) fn awake<R>(&self, code: impl FnOnce() -> R) -> R {
        self.enter();
        let result = catch_unwind(AssertUnwindSafe(code));
        self.leave();
        result.unwrap_or_else(|payload| resume_unwind(payload))
    }

    fn enter(&self) {
        if let (true, Some(venue)) = (self.counted, self.venue) {
            venue.enter(&self.world.ledger);
        }
    }

    fn leave(&self) {
        if let (true, Some(venue)) = (self.counted, self.venue) {
            venue.leave();
        }
    }

    /// Where something runs: `None` if that pool is gone, or cannot be known here.
    pub(crate) fn venue(&self, place: &Place) -> Option<Arc<Venue>> {
        match place {
            Place::Shared(number) => Some(Arc::clone(&self.world.venues[*number])),
            Place::Own => self.venue.cloned(),
            Place::New { pool, .. } => Some(Venue::new(pool)),
        }
    }

    pub(crate) fn act(&self, act: &Act) {
        match act {
            Act::Spin(turns) => {
                for turn in 0..*turns {
                    black_box(turn);
                }
            }
            Act::Yield => thread::yield_now(),
            Act::Sleep(time) => thread::sleep(*time),
            Act::Rest(time) => self.sleep(*time),
            Act::BackOff(time) => self.back_off(*time),
            Act::Retry { delays, failures } => self.retry(delays, *failures),
            Act::Pause { on, time, resumed } => self.pause(*on, *time, *resumed),
            Act::Resume(number) => {
                let pool = self.world.venues[*number].pool();
                pool.iter().for_each(|pool| pool.resume());
            }
            Act::Batch(plan) => batch::run(self, plan),
            Act::Tasks(plan) => tasks::run(self, plan),
            Act::Hold(acts) => {
                let Some(venue) = self.venue else { return };
                let locks = plan::LOCKS.load(SeqCst);
                let held = locks.then(|| venue.lock.lock().unwrap_or_else(PoisonError::into_inner));
                acts.iter().for_each(|act| self.act(act));
                drop(held);
            }
            Act::Lock => {
                let Some(venue) = self.venue else { return };
                drop(venue.lock.lock().unwrap_or_else(PoisonError::into_inner));
            }
            Act::SetCap(number, cap) => {
                if let Some(pool) = self.world.venues[*number].pool() {
                    pool.set_max_workers(*cap);
                }
            }
            Act::DropPool(number) => self.world.venues[*number].drop_pool(),
            Act::WaitIdle(number, time) => {
                let venue = &self.world.venues[*number];
                let Some(pool) = venue.pool() else { return };
                let idle = self.wait(|| pool.wait_idle(*time));
                let own = self.venue.is_some_and(|own| Arc::ptr_eq(own, venue));
                self.check(!(idle && own), "a pool is idle, says a call of its own");
            }
            Act::Look(number) => {
                let venue = &self.world.venues[*number];
                let Some(pool) = venue.pool() else { return };
                let seen = venue.seen.load(SeqCst);
                let stats = pool.stats();
                let counted = stats.completed as u64 >= seen || self.world.noise.is_some();
                self.check(counted, "a result was seen before its call was counted");
                black_box(format!("{pool:?}"));
            }
        }
    }

    pub(crate) fn check(&self, holds: bool, fault: &str) {
        self.world.ledger.check(holds, || fault.into());
    }
}

/// Runs one call of a batch.
pub(crate) fn run(run: &Run, input: &Input) -> Result<Output, Failure> {
    input.token.touch();
    run.book.note(input.index, Fate::Called);
    let running = run.book.running.enter();
    let most = run.plan.max_workers.unwrap_or(usize::MAX);
    run.book
        .check(running <= most, || format!("{running} calls of a batch that runs {most} at once"));
    run.limit.check(run);
    run.see_call(input.index);
    if let Some(feeder) = &run.feeder {
        feeder.push_from_call(input.weight, &run.book);
    }
    let call = &run.plan.calls[input.index % run.plan.calls.len()];
    let end = catch_unwind(AssertUnwindSafe(|| {
        perform(&Actor::call(&run.world, &run.venue, run.calm, run.noisy), call);
        if matches!(run.plan.stop, Some(Stop::Call(index)) if index == input.index) {
            run.stop();
        }
        if call.end == End::Panics {
            raise(&run.book, Origin::Call(input.index));
        }
    }));
    run.book.running.leave();
    if let Err(payload) = end {
        run.venue.panicked.fetch_add(1, SeqCst);
        run.failed.fetch_add(1, SeqCst);
        resume_unwind(payload);
    }
    if call.end == End::Fails && !run.plan.ordered {
        run.failed.fetch_add(1, SeqCst);
    }
    let bomb = run.plan.bombs.is_some_and(|every| input.index % every == 0);
    let output = Output::of(input, &run.book, bomb);
    if call.end == End::Fails { Err(Failure(output)) } else { Ok(output) }
}

/// Does what a call does, but for its end.
pub(crate) fn perform(actor: &Actor<'_>, call: &Call) {
    as_call(actor, || call.acts.iter().for_each(|act| actor.act(act)));
}

/// Runs code that is a call of a pool.
pub(crate) fn as_call(actor: &Actor<'_>, code: impl FnOnce()) {
    let venue = actor.venue.expect("a call runs on a pool");
    venue.calls.fetch_add(1, SeqCst);
    actor.world.ledger.calls.fetch_add(1, SeqCst);
    watchdog::progress();
    actor.enter();
    let done = catch_unwind(AssertUnwindSafe(code));
    let (late, cancelled) = (actor.is_late(), pool_core::is_cancelled());
    actor.check(!late || cancelled, "a call is not cancelled whose time is over");
    actor.check(
        !cancelled || !actor.calm || actor.is_late(),
        "a call is cancelled that nothing cancels",
    );
    actor.leave();
    watchdog::progress();
    done.unwrap_or_else(|payload| resume_unwind(payload));
}
