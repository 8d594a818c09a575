//! A program as data: pools, and what each root thread does with them.

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
    None,
}

/// What calls of a pool do that does not go together: a worker inside a blocking iterator keeps its place, and so may a call that waits
/// for a lock.
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
    Batch(Arc<Batch>),
    Tasks(Arc<Tasks>),
    /// In a call: holds the lock of its pool meanwhile. The acts are batches on the same pool that take no lock and wait for no other pool.
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
pub(crate) struct Batch {
    pub(crate) place: Place,
    /// The pool that makes the batch, which then runs `on` its place.
    pub(crate) made_by: Option<usize>,
    pub(crate) ordered: bool,
    pub(crate) max_workers: Option<usize>,
    pub(crate) buffer: Option<usize>,
    /// Starts at once, and does this before it asks for results.
    pub(crate) ahead: Option<Vec<Act>>,
    pub(crate) inputs: Inputs,
    /// The call of input `i` is the one at `i` modulo their number.
    pub(crate) calls: Vec<Call>,
    pub(crate) consume: Consume,
    pub(crate) leave: Leave,
    /// What the consumer does with every so manieth result.
    pub(crate) between: Option<(usize, Vec<Act>)>,
    pub(crate) stop: Option<Stop>,
    /// The call goes on with the panic that the batch raises.
    pub(crate) raises: bool,
    /// Built where a subscriber listens that panics.
    pub(crate) noisy: bool,
    /// Consumed by another thread than the one that made it.
    pub(crate) handed_over: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Inputs {
    /// `None` as endless.
    pub(crate) count: Option<usize>,
    pub(crate) hint: Hint,
    pub(crate) mood: Mood,
}

/// What the inputs say of their number.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Hint {
    Exact,
    Unknown,
    Zero,
    Low,
    High,
    Huge,
}

impl Hint {
    pub(crate) fn lies(self) -> bool {
        !matches!(self, Self::Exact | Self::Unknown)
    }
}

#[derive(Clone, Debug)]
pub(crate) enum Mood {
    Plain,
    /// Every so manieth input takes a while.
    Slow(usize, Duration),
    PanicsAt(usize),
    /// Every so manieth input comes from a batch.
    Nested(usize, Arc<Batch>),
    /// A channel that the loop fills: a result of weight `n` brings `n` inputs of weight `n - 1`. This is the first one's.
    Crawl(u32),
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

#[derive(Clone, Debug)]
pub(crate) enum Consume {
    /// Is never asked for a result.
    Unused,
    Collect,
    /// Into a collection that ends at the first failure.
    CollectUntilFailure,
    /// Into a collection that leaks the iterator.
    CollectAndLeak,
    ForEach,
    Scope,
    ScopeTimeouts(Vec<Duration>),
    Loop,
    Timeouts(Vec<Duration>),
    /// Polled by hand, and polled once more than needed every so many times.
    Stream(usize),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Leave {
    /// When the results end.
    AtEnd,
    After(usize),
    /// The consumer panics.
    Panics(usize),
    /// The batch is leaked.
    Forgets(usize),
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Stop {
    /// By the call of that input.
    Call(usize),
    /// By the consumer, after so many results.
    Consumer(usize),
    /// By another thread.
    Thread(Duration),
    /// Before the start.
    Before,
}

#[derive(Clone, Debug)]
pub(crate) struct Tasks {
    pub(crate) place: Place,
    pub(crate) count: usize,
    pub(crate) call: Call,
    pub(crate) ahead: Vec<Act>,
    pub(crate) wait: Wait,
}

#[derive(Clone, Debug)]
pub(crate) enum Wait {
    Join,
    Timeouts(Vec<Duration>),
    /// Asks whether it is finished, then joins.
    Asks,
    CancelOrJoin,
    Drop,
    /// Polled by hand.
    Future,
}

impl Batch {
    /// Whether it may borrow from the frame of its consumer.
    pub(crate) fn lends(&self) -> bool {
        self.ahead.is_none() && !self.handed_over && self.consume.lends()
    }

    /// Whether its calls can never see that they are cancelled by its own end.
    pub(crate) fn is_calm(&self) -> bool {
        let ends_early = self.leave != Leave::AtEnd
            || self.stop.is_some()
            || matches!(
                self.consume,
                Consume::Unused | Consume::CollectUntilFailure | Consume::CollectAndLeak
            );
        let panics = matches!(self.inputs.mood, Mood::PanicsAt(_))
            || self.ordered && self.calls.iter().any(Call::may_panic);
        !ends_early && !panics
    }
}

impl Consume {
    /// Takes all results before it looks at one.
    pub(crate) fn gathers(&self) -> bool {
        matches!(self, Self::Collect | Self::CollectUntilFailure | Self::CollectAndLeak)
    }

    pub(crate) fn lends(&self) -> bool {
        !matches!(self, Self::Unused | Self::Loop | Self::Timeouts(_) | Self::Stream(_))
    }
}

impl Call {
    pub(crate) fn may_panic(&self) -> bool {
        self.end == End::Panics
            || self.acts.iter().any(|act| matches!(act, Act::Batch(batch) if batch.raises))
    }
}
