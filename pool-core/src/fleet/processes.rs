//! [`Processes`]: the worker processes of one caller, and which of them are free.

use crate::api::pool::Pool;
use crate::fleet::error::FleetError;
use crate::fleet::frame::Answer;
use crate::fleet::process::{self, Missing, Process};
use crate::fleet::stats::Stats;
use std::ffi::OsString;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::{env, mem, thread};

/// At most as many processes as there are places.
pub(super) struct Processes {
    /// Its workers write to the processes, and wait for them.
    pub(super) pool: Pool,
    pub(super) arguments: Vec<OsString>,
    state: Mutex<State>,
    /// A call has put its place back.
    freed: Condvar,
}

struct State {
    /// The processes of places that no call uses at this moment.
    free: Vec<Process>,
    /// Places that no call uses, and that have no process.
    empty: usize,
    /// Calls that wait for a place.
    queued: usize,
    /// Calls that have one.
    running: usize,
    /// Calls that were lost with their process.
    dead: usize,
}

impl Processes {
    pub(super) fn new(places: usize) -> Self {
        Self {
            pool: Pool::builder().max_workers(places).name("fleet").build(),
            arguments: env::args_os().skip(1).collect(),
            state: Mutex::new(State {
                free: Vec::new(),
                empty: places,
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
            let kept = place.take().filter(Process::is_ours);
            let is_new = kept.is_none();
            // What fails is not put back.
            let mut process = kept.map_or_else(|| Process::start(&self.arguments), Ok)?;
            match process.call(name, inputs) {
                Ok(answer) => {
                    *place = Some(process);
                    return Ok(answer);
                }
                // It goes on starting, for the next call.
                Err(Missing::GivenUp(error)) => {
                    *place = Some(process);
                    return Err(error);
                }
                // It ended while it had nothing to do. One that has just been started ends because of the call.
                Err(Missing::NotBegun(_)) if !is_new => {}
                Err(Missing::NotBegun(end)) => return Err(FleetError::Crashed(end)),
                Err(Missing::Lost(error)) => return Err(error),
            }
        }
    }

    fn take(&self) -> Result<Option<Process>, FleetError> {
        let mut state = self.lock();
        state.queued += 1;
        let place = loop {
            let process = state.free.pop();
            if process.is_some() || state.empty > 0 {
                state.empty -= usize::from(process.is_none());
                state.running += 1;
                break Ok(process);
            }
            // Only a batch that was put on another pool, with more workers than there are places, waits here.
            (state, _) = self
                .freed
                .wait_timeout(state, process::TICK)
                .unwrap_or_else(PoisonError::into_inner);
            if let Err(error) = process::is_wanted() {
                break Err(error);
            }
        };
        state.queued -= 1;
        place
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
        drop(state);
        if awaited {
            self.freed.notify_one();
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
