//! How many workers a function should have: [`Measure`], and what it finds.
//!
//! # How it goes
//!
//! A **level** runs a fresh batch with one number of workers, on a pool of its own, and gives a [`Row`]. The levels
//! double from 1. They go on while throughput gains 20 % over the best level before, then for one level more, and never
//! beyond 1024. The **knee** is the fewest workers within 5 % of the best throughput: what more workers add is not
//! worth their threads and connections.
//!
//! A level ends when its inputs do, or after [`at_most`](Measure::at_most). Then it takes no further input and waits
//! for the calls that run. They are not cancelled, so that each call that counts is a whole one. No input is run twice
//! in a level; each level runs `build` anew.
//!
//! # The columns
//!
//! | column | |
//! | --- | --- |
//! | workers | calls at once, at most |
//! | calls | that ran, failed ones too |
//! | calls/s | that succeeded, while each worker had an input |
//! | × best | calls/s as a part of the best level's: so far in a row alone, of all in a [`Found`] |
//! | p50, p99 | how long half, and 99 of 100, of the calls that succeeded took at most |
//! | failed | calls that returned an error or panicked |
//! | CPU | which part of its time a call kept a core busy |
//!
//! After them stands `few`, for less than two calls a worker, or `noisy`.
//!
//! # What is measured too
//!
//! - **The service at the other end.** It gets all these calls, and its caches warm up from level to level. The levels
//!   start low, and end with the first one at which calls fail more often.
//! - **The process.** The CPU share is taken from the clock of the whole process, so other threads of it count, and
//!   processes that a call starts do not. Measure in a program that does nothing else.
//! - **The machine.** Noise makes a row `noisy`, and where it matters the verdict says so: [`Doubt::Noise`], or
//!   [`Doubt::OtherPrograms`]. More time for each level helps against the first.
//! - **The consumer is not.** Results are dropped as they come.

mod brake;
mod found;
mod level;
mod machine;
mod measurement;
mod row;
mod subject;
mod verdict;

pub use found::Found;
pub use measurement::Measure;
pub use row::Row;
pub use subject::{Batch, Fallible};
pub use verdict::{Doubt, Verdict};
