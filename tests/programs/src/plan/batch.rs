//! A batch as data: what it runs, how it is set up, and how its results are taken.

use super::{Act, Call, Place};
use std::sync::Arc;
use std::time::Duration;

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
    /// Whose hands consume it.
    pub(crate) hands: Hands,
    /// The `Drop` of every so manieth result and state panics.
    pub(crate) bombs: Option<usize>,
    /// Its calls have states.
    pub(crate) states: Option<States>,
    /// How long each call may run before it is cancelled.
    pub(crate) timeout: Option<Duration>,
    /// How long each call may run before the batch goes on without it.
    pub(crate) abandon_after: Option<Duration>,
    pub(crate) watched: bool,
    /// Completions in the order of the inputs.
    pub(crate) in_order: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Hands {
    /// Those of the thread that made it.
    Maker,
    Thread,
    /// Those of a call of that pool.
    Call(usize),
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct States {
    /// Every so manieth cannot be made.
    pub(crate) faults: Option<usize>,
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
    /// A channel that the loop fills: a result of weight `n` brings `n` inputs of weight `n - 1`. This is the first
    /// one's.
    Crawl(u32),
    /// A feed: an input of weight `n` brings `n` inputs of weight `n - 1`.
    Feed {
        weight: u32,
        pushes: Pushes,
        /// Who pushes takes its number under a lock, so that numbers and positions are the same.
        numbered: bool,
        /// A thread beside the batch pushes so many inputs, after so long each.
        beside: Option<(usize, Duration)>,
    },
}

/// Who pushes what an input brings.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Pushes {
    Call,
    Consumer,
    Both,
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
    /// Where that can be, into the values of all or the first failure.
    TryCollect,
    ForEach,
    /// Until it wants no more.
    TryForEach,
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

impl Batch {
    /// Whether it may borrow from the frame of its consumer.
    pub(crate) fn lends(&self) -> bool {
        self.ahead.is_none() && self.hands == Hands::Maker && self.consume.lends()
    }

    /// Whether its calls can never see that they are cancelled by its own end. By their own time they may be.
    pub(crate) fn is_calm(&self) -> bool {
        let ends_early = self.abandon_after.is_some()
            || self.leave != Leave::AtEnd
            || self.stop.is_some()
            || matches!(
                self.consume,
                Consume::Unused
                    | Consume::CollectUntilFailure
                    | Consume::TryCollect
                    | Consume::CollectAndLeak
            );
        let panics = matches!(self.inputs.mood, Mood::PanicsAt(_))
            || self.ordered
                && (self.calls.iter().any(Call::may_panic)
                    || self.states.is_some_and(|states| states.faults.is_some()));
        !ends_early && !panics
    }
}

impl Consume {
    /// Takes all results before it looks at one.
    pub(crate) fn gathers(&self) -> bool {
        matches!(
            self,
            Self::Collect | Self::CollectUntilFailure | Self::CollectAndLeak | Self::TryCollect
        )
    }

    pub(crate) fn lends(&self) -> bool {
        !matches!(self, Self::Unused | Self::Loop | Self::Timeouts(_) | Self::Stream(_))
    }
}
