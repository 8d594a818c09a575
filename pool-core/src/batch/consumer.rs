//! [`Consumer`]: how the consumer of a batch gets its results. Until the next one is there it runs an input, gives its
//! permit up, becomes a guest, looks again, naps or parks.

use crate::base::pace;
use crate::base::sync::{self, seeded};
use crate::base::unwind::{self, Payload};
use crate::batch::lot::Lot;
use crate::batch::source::{Ask, Outcome, Polled, Source};
use crate::nesting::waiter::{Register, Waiter};
use crate::nesting::{self, Away};
use crate::threads::crew::Crew;
use std::sync::Arc;
use std::time::Instant;

/// A batch that has been started, as its consumer sees it.
pub(crate) struct Consumer<'a, T> {
    pub(crate) source: &'a (dyn Source<T> + 'a),
    pub(crate) crew: &'a Arc<Crew>,
    pub(crate) lot: &'a mut Lot<T>,
    /// It stays until the last thread has left, and hears of a panic of a `Drop` until then.
    pub(crate) stays: bool,
}

/// The deadline came before a result. Nothing is lost.
pub(crate) struct Late;

impl<T> Consumer<'_, T> {
    /// Waits for the next result. `Ok(None)` is the end, and `None` as `deadline` is for ever.
    #[inline]
    pub(crate) fn next(
        &mut self,
        eager: bool,
        deadline: Option<Instant>,
    ) -> Result<Option<T>, Late> {
        if !self.lot.has_some() {
            self.fetch(eager, deadline)?;
        }
        match self.fetched() {
            Some(Ok(result)) => Ok(Some(result)),
            Some(Err(payload)) => self.raise(payload),
            None => Ok(None),
        }
    }

    /// Yields the next result that has been fetched already.
    #[inline]
    pub(crate) fn fetched(&mut self) -> Option<Outcome<T>> {
        let outcome = self.lot.next()?;
        if !self.lot.is_told() {
            self.source.yielded();
        }
        Some(outcome)
    }

    /// Asks for results, unless there are some.
    pub(crate) fn poll(&mut self, ask: &Ask<'_>, register: &mut Register<'_>) -> Polled {
        match self.lot.has_some() {
            true => Polled::Fetched,
            false => self.source.poll(ask, self.lot, register),
        }
    }

    /// Waits until results are fetched, or there are no more.
    #[inline(never)]
    pub(crate) fn fetch(&mut self, eager: bool, deadline: Option<Instant>) -> Result<(), Late> {
        match self.wait(For::Results { eager }, deadline) {
            Waited::Fetched => Ok(()),
            Waited::Late => Err(Late),
            Waited::Ended(payload) => match payload.or_else(|| self.source.close(self.stays)) {
                Some(payload) => self.raise(payload),
                None => Ok(()),
            },
        }
    }

    /// Rule 4 of the essay on borrowing: blocks until no thread is inside the batch, which is closed. Returns the first
    /// panic of a `Drop` since then.
    pub(super) fn wait_until_left(&mut self) -> Option<Payload> {
        loop {
            if let Waited::Ended(payload) = self.wait(For::TheOthers, None) {
                return payload;
            }
        }
    }

    fn wait(&mut self, what: For, deadline: Option<Instant>) -> Waited {
        let crew = self.crew;
        let own = nesting::is_inside(crew);
        let eager = what == For::Results { eager: true };
        // The call that waits, from its first wait on until it goes on with a permit.
        let mut away: Option<Away> = None;
        let mut stage = match what {
            For::TheOthers => Stage::Tired,
            // A call gets its permit back before its worker takes a new input. So a call is always woken, and never
            // naps.
            For::Results { .. } if nesting::is_in_a_call() => Stage::Tired,
            For::Results { .. } if self.lot.fast => Stage::Looks(0),
            For::Results { eager: true } if self.lot.brisk => Stage::Naps,
            For::Results { .. } => Stage::First,
        };
        // The pool is paused: this call keeps its permit and runs no input until the pause ends.
        let mut held = false;
        // Whether the consumer has parked, and since when, if it gathers results and had not napped before.
        let mut parked: Option<Option<Instant>> = None;
        loop {
            let is_late = sync::past(deadline);
            let patient = matches!(stage, Stage::Looks(_) | Stage::Naps) && !is_late;
            let ask = Ask {
                closed: what == For::TheOthers,
                eager,
                may_help: own && !held && away.as_ref().is_none_or(Away::is_back),
                call: away.as_ref().filter(|_| !is_late && !held),
                patient,
            };
            let waiter = || match &away {
                Some(call) if !held => call.waiter(),
                _ => Waiter::current(),
            };
            match self.poll(&ask, &mut |place| place.replace(waiter())) {
                Polled::Fetched => {
                    self.lot.fast &= patient;
                    if let Some(since) = parked {
                        self.lot.brisk = since.is_some_and(pace::is_brisk);
                    }
                    if let Stage::Looks(1..) = stage {
                        self.lot.look_sufficed();
                    }
                    return Waited::Fetched;
                }
                Polled::Ended(payload) => return Waited::Ended(payload),
                Polled::LeftToOverdue => {
                    away = None;
                    self.source.find_end();
                }
                Polled::Help if crew.is_paused() => {
                    // It does not count as running meanwhile.
                    if away.is_none() {
                        away = Away::begin();
                    }
                    held = true;
                }
                Polled::Help => {
                    away = None;
                    seeded!("way-made-before-helping" => {
                        if crew.permit_is_wanted() {
                            let call = Away::begin().expect("a call that helps");
                            call.give_up().pass_on();
                        }
                    });
                    // The permit is this call's own.
                    self.source.help(eager);
                }
                Polled::Unserved if held => {}
                Polled::Unserved => {
                    // A guest first gives up the permit of its own pool: the call that it runs may need that permit.
                    if away.is_none() {
                        away = Away::begin();
                    }
                    away.iter().for_each(|call| call.give_up().pass_on());
                    if !crew.as_guest(|| self.source.help(eager)) {
                        self.source.call_worker();
                    }
                }
                Polled::Pending { .. } if is_late => return Waited::Late,
                Polled::Pending { .. } if held => {
                    held = crew.hold().is_some_and(|_held| {
                        sync::park(deadline);
                        crew.is_paused()
                    });
                }
                Polled::Pending { fast: true, .. } if stage == Stage::First => {
                    self.lot.fast = true;
                    stage = Stage::Looks(0);
                }
                Polled::Pending { fast: false, .. } if matches!(stage, Stage::Looks(_)) => {
                    self.lot.fast = false;
                    stage = Stage::Tired;
                }
                Polled::Pending { look, .. } => {
                    if away.is_none() {
                        away = Away::begin();
                        if away.is_some() {
                            // Asks again as a call, which gives its permit up if there is nothing to run.
                            continue;
                        }
                    }
                    if parked.is_none() && matches!(stage, Stage::First | Stage::Tired) {
                        // Any other consumer is woken for each result, and asks no clock.
                        parked = Some((eager && stage == Stage::First).then(Instant::now));
                    }
                    stage = self.sleep(stage, deadline, look);
                }
            }
        }
    }

    /// Lets time pass until the consumer asks again, and gives the next stage.
    fn sleep(&mut self, stage: Stage, deadline: Option<Instant>, look: Option<Instant>) -> Stage {
        match stage {
            Stage::Looks(number) if number < self.lot.looks() => match pace::pause(number) {
                true => Stage::Looks(number + 1),
                false => Stage::Naps,
            },
            _ if !self.crew.is_here() => panic!("{FORKED}"),
            Stage::Looks(_) | Stage::Naps => {
                sync::nap(self.lot.nap(stage == Stage::Naps), deadline);
                Stage::Tired
            }
            Stage::First | Stage::Tired => {
                sync::park(sync::sooner(deadline, look));
                stage
            }
        }
    }

    /// Goes on with the panic that was a call's result, which ends the batch.
    #[cold]
    pub(crate) fn raise(&mut self, payload: Payload) -> ! {
        self.end();
        std::panic::resume_unwind(payload)
    }

    /// Ends the batch: no result will be asked for.
    pub(crate) fn end(&mut self) {
        let mut panics = unwind::Panics::default();
        panics.keep(self.source.close(self.stays));
        self.lot.clear(&mut panics);
        unwind::discard(panics);
    }

    pub(crate) fn size_hint(&self) -> (usize, Option<usize>) {
        self.source.size_hint(self.lot.told())
    }
}

/// What a consumer waits for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum For {
    /// Results, or their end.
    Results {
        /// As [`Ask::eager`].
        eager: bool,
    },
    /// The threads inside of a closed batch.
    TheOthers,
}

/// What ends a wait.
enum Waited {
    /// There are results in the lot.
    Fetched,
    /// There will be none any more, or no thread is inside any more. There may be a panic to go on with.
    Ended(Option<Payload>),
    Late,
}

/// How long a consumer has waited for one result.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// It sleeps until it is woken, unless calls are fast.
    First,
    /// They are: it has looked again so many times, and will do so for a while before it naps.
    Looks(usize),
    /// It naps, once for each result: calls are fast, and a busy thread shares the core. Or it only gathers results,
    /// and the last ones came briskly.
    Naps,
    /// It has napped, or calls are not as fast as they were: it sleeps until it is woken.
    Tired,
}

/// What a batch says in a process that has none of its threads.
const FORKED: &str = "the batch was started in the parent of this process, and its threads are there; \
                      start a new one after `fork`";
