//! The engine under two model checkers: loom's every interleaving within a bound, and shuttle's random ones.

#[cfg(pool_loom)]
mod models;
#[cfg(pool_shuttle)]
mod scenarios;
