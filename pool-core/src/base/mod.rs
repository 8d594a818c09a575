//! What all other modules use: locks and the clock, panics, settings, spans, and the pace of fast calls.

pub(crate) mod config;
pub(crate) mod pace;
pub(crate) mod span;
pub(crate) mod sync;
pub(crate) mod unwind;
