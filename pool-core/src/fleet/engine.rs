//! [`Engine`]: what runs the calls of a fleet.

use crate::fleet::processes::Processes;
#[cfg(feature = "redis")]
use crate::fleet::redis::caller::Caller;
use crate::fleet::stats::Stats;
use std::sync::Arc;

#[derive(Clone)]
pub(super) enum Engine {
    Processes(Arc<Processes>),
    #[cfg(feature = "redis")]
    Redis(Arc<Caller>),
}

impl Engine {
    pub(super) fn stats(&self) -> Stats {
        match self {
            Self::Processes(processes) => processes.stats(),
            #[cfg(feature = "redis")]
            Self::Redis(caller) => caller.stats(),
        }
    }
}
