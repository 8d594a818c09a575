//! The threads of a pool: the queue of hints, the permits, the parked threads, and the counters.

pub(crate) mod counters;
pub(crate) mod crew;
pub(crate) mod parked;
pub(crate) mod pause;
pub(crate) mod permits;
pub(crate) mod queue;
