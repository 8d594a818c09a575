//! The engine under model checkers: every interleaving within a bound, and many of the whole pool at random.

#[cfg(pool_loom)]
mod models;
#[cfg(pool_shuttle)]
mod scenarios;
