//! [`Engine`]: what runs the calls of a fleet.

use crate::api::pool::Pool;
use crate::fleet::error::FleetError;
use crate::fleet::frame::Answer;
use crate::fleet::processes::Processes;
#[cfg(feature = "redis")]
use crate::fleet::redis::caller::Caller;
use crate::fleet::stats::Stats;

pub(super) enum Engine {
    Processes(Processes),
    #[cfg(feature = "redis")]
    Redis(Caller),
}

impl Engine {
    /// The pool whose calls wait for those of the workers.
    pub(super) fn pool(&self) -> &Pool {
        match self {
            Self::Processes(processes) => &processes.pool,
            #[cfg(feature = "redis")]
            Self::Redis(caller) => &caller.pool,
        }
    }

    /// Runs one call at a worker.
    pub(super) fn call(
        &self,
        function: &'static str,
        inputs: Vec<u8>,
    ) -> Result<Answer, FleetError> {
        match self {
            Self::Processes(processes) => processes.call(function, &inputs),
            #[cfg(feature = "redis")]
            Self::Redis(caller) => caller.call(function, inputs),
        }
    }

    pub(super) fn stats(&self) -> Stats {
        match self {
            Self::Processes(processes) => processes.stats(),
            #[cfg(feature = "redis")]
            Self::Redis(caller) => caller.stats(),
        }
    }
}
