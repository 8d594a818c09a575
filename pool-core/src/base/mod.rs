//! What every room stands on: locks and the clock, panics, settings, spans, and how long to look before a sleep.

pub(crate) mod config;
pub(crate) mod pace;
pub(crate) mod span;
pub(crate) mod sync;
pub(crate) mod unwind;
