//! What all other modules use: locks and the clock, panics, settings, spans, observers, and the pace of fast
//! calls.

pub(crate) mod config;
pub(crate) mod observer;
pub(crate) mod pace;
pub(crate) mod span;
pub(crate) mod sync;
pub(crate) mod unwind;
