//! What a contender can be asked to do. Each is written as its own documentation does it, one file each.

mod blocking;
mod channels;
mod floor;
mod ours;
mod pariter;
mod python;
mod rayon;
mod threadpool;
mod tokio;

pub(crate) use self::blocking::Unblock;
pub(crate) use self::channels::Channels;
pub(crate) use self::floor::{Scoped, ScopedBounded, ScopedMpsc};
pub(crate) use self::ours::{Again, Ours};
pub(crate) use self::pariter::Pariter;
pub(crate) use self::python::python;
pub(crate) use self::rayon::{OneByOne, Plain};
pub(crate) use self::threadpool::Threadpool;
pub(crate) use self::tokio::{Buffered, FewThreads, JoinSet};

/// What is called for each input. The inputs are the numbers from 0 on.
pub(crate) trait Call<R>: Fn(usize) -> R + Clone + Send + Sync + 'static {}
impl<R, F: Fn(usize) -> R + Clone + Send + Sync + 'static> Call<R> for F {}

/// How far workers may run ahead of the consumer.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Buffer {
    /// 16 for each worker, where the contender lets one choose: the library's default.
    Bounded,
    Unbounded,
}

impl Buffer {
    /// The size of a queue beside so many workers; `None` without a bound.
    pub(crate) fn size(self, workers: usize) -> Option<usize> {
        (self == Self::Bounded).then_some(16 * workers)
    }
}

pub(crate) trait Peer: 'static {
    const NAME: &'static str;
    /// How many no-op calls make a batch that is long beside its own start, and short beside a run: fewer where a call
    /// costs microseconds.
    const CALLS: usize = 300_000;
    /// The same for results that go through a channel.
    const STREAMED: usize = Self::CALLS;

    /// At most `workers` calls at once. Where threads belong to a batch and not to a pool, they are started by each
    /// batch.
    fn new(workers: usize) -> Self;
}

/// All results, in the order of the inputs.
pub(crate) trait Collect: Peer {
    fn collect<R: Send + 'static>(&self, inputs: usize, call: impl Call<R>) -> Vec<R>;
}

/// One result after the other, in the order of the inputs, while others run.
pub(crate) trait Ordered: Peer {
    fn ordered<R, C>(&self, inputs: usize, buffer: Buffer, call: C, consume: impl FnMut(R))
    where
        R: Send + 'static,
        C: Call<R>;
}

/// One result after the other, as they finish.
pub(crate) trait Stream: Peer {
    fn stream<R, C>(&self, inputs: usize, buffer: Buffer, call: C, consume: impl FnMut(R))
    where
        R: Send + 'static,
        C: Call<R>;
}

/// All results in order, where a peer gives them as they finish: each brings its place along.
fn placed<P: Stream, R: Send + 'static>(
    peer: &P,
    inputs: usize,
    buffer: Buffer,
    call: impl Call<R>,
) -> Vec<R> {
    let mut results: Vec<Option<R>> = (0..inputs).map(|_| None).collect();
    let call = move |input| (input, call(input));
    peer.stream(inputs, buffer, call, |(input, result)| results[input] = Some(result));
    results.into_iter().map(|result| result.expect("the call returns")).collect()
}
