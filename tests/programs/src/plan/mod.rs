//! A program as data: pools, and what each root thread does with them.

mod batch;

pub(crate) use batch::{Batch, Consume, Hands, Hint, Inputs, Leave, Mood, Pushes, States, Stop};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

/// Parts of programs that can be left out. The rest of each stays as it is.
pub(crate) static NOISE: AtomicBool = AtomicBool::new(true);
pub(crate) static LOCKS: AtomicBool = AtomicBool::new(true);
pub(crate) static LIARS: AtomicBool = AtomicBool::new(true);

pub(crate) fn leave_out(word: &str) -> Result<(), String> {
    let part = match word {
        "noise" => &NOISE,
        "locks" => &LOCKS,
        "liars" => &LIARS,
        _ => return Err(format!("there is no part `{word}`")),
    };
    part.store(false, Relaxed);
    Ok(())
}

#[derive(Debug)]
pub(crate) struct Program {
    pub(crate) pools: Vec<PoolPlan>,
    /// What each thread outside the pools does, one act after the other.
    pub(crate) roots: Vec<Vec<Act>>,
    /// One in so many callbacks of the subscriber panics.
    pub(crate) noise: Option<usize>,
    /// Some batch is leaked.
    pub(crate) leaks: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct PoolPlan {
    pub(crate) cap: usize,
    /// The highest cap that the program ever sets.
    pub(crate) highest: usize,
    pub(crate) keep_alive: Duration,
    pub(crate) threads: Threads,
    pub(crate) habit: Habit,
}

/// Whether the pool's threads can be started.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Threads {
    All,
    /// Some are refused.
    Some,
    /// Some panic at their start.
    Fragile,
    None,
}

/// What calls of a pool do that does not go together: a worker inside a blocking iterator keeps its place, and so may a
/// call that waits for a lock.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Habit {
    /// They hold the pool's lock across batches of their own.
    Locks,
    /// Their loops feed their own inputs, and the cap stays what it is.
    Crawls,
    /// Neither: only loops outside calls feed their inputs.
    Plain,
}

#[derive(Clone, Debug)]
pub(crate) enum Act {
    Spin(u32),
    Yield,
    Sleep(Duration),
    /// `pool_core::sleep`.
    Rest(Duration),
    /// `pool_core::back_off`: in a call that holds no lock, in no batch that a call waits for which does.
    BackOff(Duration),
    /// What fails so many times.
    Retry {
        delays: Vec<Duration>,
        failures: usize,
    },
    /// Pauses that pool, or without a number that of this call. A thread beside may resume it after some time.
    Pause {
        on: Option<usize>,
        time: Duration,
        resumed: Option<Duration>,
    },
    Resume(usize),
    Batch(Arc<Batch>),
    Tasks(Arc<Tasks>),
    /// In a call: holds the lock of its pool meanwhile. The acts are batches on the same pool that take no lock and
    /// wait for no other pool.
    Hold(Vec<Act>),
    /// In a call: takes the lock of its pool for a moment.
    Lock,
    SetCap(usize, usize),
    DropPool(usize),
    WaitIdle(usize, Duration),
    /// Reads the counters.
    Look(usize),
}

/// Where a batch or a task runs.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    Shared(usize),
    /// On the pool whose call this is.
    Own,
    /// On a pool of its own, which is dropped at once or when the batch is over.
    New {
        pool: PoolPlan,
        dropped_early: bool,
    },
}

#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) acts: Vec<Act>,
    pub(crate) end: End,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum End {
    Returns,
    Fails,
    Panics,
}

impl Call {
    pub(crate) fn may_panic(&self) -> bool {
        self.end == End::Panics
            || self.acts.iter().any(|act| matches!(act, Act::Batch(batch) if batch.raises))
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Tasks {
    pub(crate) place: Place,
    pub(crate) count: usize,
    pub(crate) call: Call,
    pub(crate) ahead: Vec<Act>,
    pub(crate) wait: Wait,
}

impl Wait {
    /// Whether the call may be cancelled.
    pub(crate) fn cancels(&self) -> bool {
        matches!(self, Self::Stops | Self::Guard(_) | Self::DropFuture(_))
    }

    /// Whether the call may go on when nobody waits any more, or never run.
    pub(crate) fn lets_go(&self) -> bool {
        matches!(self, Self::Drop | Self::Guard(_) | Self::DropFuture(_))
    }

    pub(crate) fn is_async(&self) -> bool {
        matches!(self, Self::Future | Self::GuardFuture | Self::DropFuture(_))
    }
}

#[derive(Clone, Debug)]
pub(crate) enum Wait {
    Join,
    Timeouts(Vec<Duration>),
    /// Asks whether it is finished, then joins.
    Asks,
    CancelOrJoin,
    /// Stops it, then joins.
    Stops,
    /// Through a guard, which is dropped if the task has not ended by then.
    Guard(Duration),
    /// As a future through a guard.
    GuardFuture,
    /// As a future through a guard, which is dropped while the call runs, or before or after that.
    DropFuture(Duration),
    Drop,
    /// Polled by hand.
    Future,
}
