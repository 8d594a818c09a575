//! The threads of a pool: where hints wait, who has a permit, who is parked, and what is counted.

pub(crate) mod counters;
pub(crate) mod crew;
pub(crate) mod parked;
pub(crate) mod permits;
pub(crate) mod queue;
