//! [`Config`] of a pool and [`Settings`] of a batch, checked at compile time where that is possible.

use crate::base::observer::{Both, Observer};
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

/// How a pool runs its threads. A `const` context can build it; the first use of the pool reads it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Config {
    /// `None` stands for the default, which is known only at run time.
    max_workers: Option<NonZeroUsize>,
    pub(crate) name: &'static str,
    pub(crate) keep_alive: Duration,
    pub(crate) stack_size: Option<usize>,
    /// Runs on each new thread before its first call.
    pub(crate) on_start: Option<fn()>,
    /// Runs on each thread after its last call.
    pub(crate) on_end: Option<fn()>,
}

impl Config {
    pub(crate) const fn new() -> Self {
        Self {
            max_workers: None,
            name: "pool",
            keep_alive: Duration::from_secs(10),
            stack_size: None,
            on_start: None,
            on_end: None,
        }
    }

    #[track_caller]
    pub(crate) const fn with_max_workers(mut self, max_workers: usize) -> Self {
        self.max_workers = Some(at_least_one("max_workers", max_workers));
        self
    }

    #[track_caller]
    pub(crate) const fn with_name(mut self, name: &'static str) -> Self {
        let (bytes, mut at) = (name.as_bytes(), 0);
        while at < bytes.len() {
            assert!(bytes[at] != 0, "a thread's name cannot contain NUL");
            at += 1;
        }
        self.name = name;
        self
    }

    /// The default is Python's for blocking calls: enough to overlap waits, few enough to be harmless everywhere.
    pub(crate) fn max_workers(&self) -> usize {
        match self.max_workers {
            Some(n) => n.get(),
            None => std::thread::available_parallelism()
                .map_or(1, NonZeroUsize::get)
                .saturating_add(4)
                .min(32),
        }
    }
}

/// Refuses 0, in the same words for every caller.
#[track_caller]
pub(crate) const fn at_least_one(what: &'static str, n: usize) -> NonZeroUsize {
    match NonZeroUsize::new(n) {
        Some(n) => n,
        None => {
            // One literal for each, since a `const fn` cannot format.
            match what.as_bytes() {
                b"buffer" => panic!("`buffer` is 0; a batch needs room for at least one input"),
                _ => panic!("`max_workers` is 0; at least one worker is needed to run a call"),
            }
        }
    }
}

/// Refuses a limit of zero, in the same words for every caller.
#[track_caller]
pub(crate) const fn above_zero(what: &'static str, limit: Duration) -> Duration {
    if limit.is_zero() {
        match what.as_bytes() {
            b"timeout" => {
                panic!("`timeout` is zero; each call would be cancelled before it starts")
            }
            _ => panic!("`abandon_after` is zero; each call would be abandoned before it starts"),
        }
    }
    limit
}

/// The settings of one batch. `None` stands for the default.
#[derive(Default)]
pub(crate) struct Settings {
    pub(crate) max_workers: Option<NonZeroUsize>,
    pub(crate) buffer: Option<NonZeroUsize>,
    /// The results come in the order of the inputs, and not as the calls end.
    pub(crate) in_order: bool,
    pub(crate) observer: Option<Arc<dyn Observer>>,
    /// How long each call may run before it sees that it is cancelled.
    pub(crate) timeout: Option<Duration>,
    /// How long each call may run before the batch goes on without it.
    pub(crate) abandon_after: Option<Duration>,
}

impl Settings {
    /// Lets another observer see each call.
    pub(crate) fn observe(&mut self, observer: Arc<dyn Observer>) {
        self.observer = Some(match self.observer.take() {
            Some(before) => Arc::new(Both(before, observer)),
            None => observer,
        });
    }
}
