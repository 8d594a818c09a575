//! [`Processes`]: the worker processes of one caller, and which of them are free.

use crate::api::pool::Pool;
use crate::fleet::error::FleetError;
use crate::fleet::frame::Answer;
use crate::fleet::process::{self, Missing, Process};
use crate::fleet::stats::Stats;
use std::ffi::OsString;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use std::{env, mem, thread};

/// At most as many processes as there are places.
pub(super) struct Processes {
    /// Its workers write to the processes, and wait for them.
    pub(super) pool: Pool,
    pub(super) arguments: Vec<OsString>,
    places: usize,
    state: Mutex<State>,
    /// A call has put its place back.
    freed: Condvar,
}

struct State {
    /// The processes of places that no call uses at this moment.
    free: Vec<Process>,
    /// Places that no call uses, and that have no process.
    empty: usize,
    /// The processes that there are, free or not.
    alive: usize,
    /// When a process could not be started, and the pool was made as small as there are processes.
    short: Option<Instant>,
    /// Calls that wait for a place, or for another's process.
    queued: usize,
    /// Calls that have one.
    running: usize,
    /// Calls that were lost with their process.
    dead: usize,
}

/// How long after a process could not be started the next one is tried.
const RESPITE: Duration = Duration::from_secs(1);

impl Processes {
    pub(super) fn new(places: usize) -> Self {
        Self {
            pool: Pool::builder().max_workers(places).name("fleet").build(),
            arguments: env::args_os().skip(1).collect(),
            places,
            state: Mutex::new(State {
                free: Vec::new(),
                empty: places,
                alive: 0,
                short: None,
                queued: 0,
                running: 0,
                dead: 0,
            }),
            freed: Condvar::new(),
        }
    }

    /// Runs one call, in a process that runs no other meanwhile.
    pub(super) fn call(&self, name: &str, inputs: &[u8]) -> Result<Answer, FleetError> {
        let mut place = self.take()?;
        let outcome = self.call_in(&mut place, name, inputs);
        self.put_back(place, &outcome);
        outcome
    }

    fn call_in(
        &self,
        place: &mut Option<Process>,
        name: &str,
        inputs: &[u8],
    ) -> Result<Answer, FleetError> {
        loop {
            let (mut process, is_new) = match place.take() {
                Some(kept) => (kept, false),
                None => self.start()?,
            };
            let missing = match process.call(name, inputs) {
                Ok(answer) => {
                    *place = Some(process);
                    return Ok(answer);
                }
                // It goes on starting, for the next call.
                Err(Missing::GivenUp(error)) => {
                    *place = Some(process);
                    return Err(error);
                }
                Err(missing) => missing,
            };
            self.lock().alive -= 1;
            match missing {
                // It ended while it had nothing to do. One that has just been started ends because of the call.
                Missing::NotBegun(_) if !is_new => {}
                Missing::NotBegun(end) => return Err(FleetError::Crashed(end)),
                Missing::GivenUp(error) | Missing::Lost(error) => return Err(error),
            }
        }
    }

    /// Starts a process, and says that it is new. If it cannot be started, the call waits for the process of another
    /// place: the fleet gets smaller, and no call is lost while there is a process.
    fn start(&self) -> Result<(Process, bool), FleetError> {
        let started = Process::start(&self.arguments);
        let mut state = self.lock();
        let error = match started {
            Ok(process) => {
                state.alive += 1;
                return Ok((process, true));
            }
            Err(error) => error,
        };
        state.short = Some(Instant::now());
        // Else further calls would begin without a process, ahead of those that wait here.
        self.pool.set_max_workers(state.alive.max(1));
        state.running -= 1;
        let (mut state, process) = self.wait(state, |state| match state.pop() {
            Some(process) => {
                // The place that this call has had.
                state.empty += 1;
                Some(Ok(process))
            }
            None if state.alive == 0 => Some(Err(error.clone())),
            None => None,
        });
        state.running += 1;
        Ok((process??, false))
    }

    fn take(&self) -> Result<Option<Process>, FleetError> {
        // Only a batch that was put on another pool, with more workers than there are places, waits here.
        let (mut state, place) = self.wait(self.lock(), |state| match state.pop() {
            Some(process) => Some(Some(process)),
            None if state.empty > 0 => {
                state.empty -= 1;
                Some(None)
            }
            None => None,
        });
        state.running += usize::from(place.is_ok());
        place
    }

    /// Waits until a call finds what it waits for, or is not wanted any more.
    fn wait<'a, T>(
        &'a self,
        mut state: MutexGuard<'a, State>,
        mut find: impl FnMut(&mut State) -> Option<T>,
    ) -> (MutexGuard<'a, State>, Result<T, FleetError>) {
        state.queued += 1;
        let found = loop {
            if let Some(found) = find(&mut state) {
                break Ok(found);
            }
            (state, _) = self
                .freed
                .wait_timeout(state, process::TICK)
                .unwrap_or_else(PoisonError::into_inner);
            if let Err(error) = process::is_wanted() {
                break Err(error);
            }
        };
        state.queued -= 1;
        (state, found)
    }

    fn put_back(&self, place: Option<Process>, outcome: &Result<Answer, FleetError>) {
        let mut state = self.lock();
        state.running -= 1;
        let lost = matches!(outcome, Err(FleetError::Crashed(_) | FleetError::TimedOut));
        state.dead += usize::from(lost && place.is_none());
        match place {
            Some(process) => state.free.push(process),
            None => state.empty += 1,
        }
        // A wake-up costs a system call, even if no thread waits.
        let awaited = state.queued > 0;
        let grows = state.short.is_some_and(|at| at.elapsed() > RESPITE);
        if grows {
            state.short = None;
        }
        drop(state);
        if awaited {
            self.freed.notify_one();
        }
        if grows {
            self.pool.set_max_workers(self.places);
        }
    }

    pub(super) fn stats(&self) -> Stats {
        let state = self.lock();
        let idle = state.free.iter().filter(|process| process.serves()).count();
        let State { queued, running, dead, .. } = *state;
        Stats { queued, running, workers: idle + running, dead }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Takes a process that is free. Those of the process that this one is a fork of are none of ours.
    fn pop(&mut self) -> Option<Process> {
        while let Some(process) = self.free.pop() {
            if process.is_ours() {
                return Some(process);
            }
            self.alive -= 1;
            self.empty += 1;
        }
        None
    }
}

impl Drop for Processes {
    fn drop(&mut self) {
        let free = mem::take(&mut self.lock().free);
        let mut ending: Vec<_> = free.into_iter().map(Process::dismiss).collect();
        if !ending.is_empty() {
            // They end by themselves; a process whose end is never asked for would stay in the system's list.
            let wait = move || ending.iter_mut().for_each(|process| drop(process.wait()));
            drop(thread::Builder::new().name("fleet".into()).spawn(wait));
        }
    }
}
