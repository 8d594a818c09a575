//! The engine under two model checkers: loom's every interleaving within a bound, and shuttle's random ones.

#[cfg(any(pool_loom, pool_shuttle))]
mod meeting;
#[cfg(pool_loom)]
mod models;
#[cfg(pool_shuttle)]
mod scenarios;
