//! Measures the library itself, and itself once more.

use super::{Buffer, Call, Collect, Ordered, Peer, Stream};
use crate::measure::{AGAIN, OURS};
use pool_core::Pool;
use std::convert::Infallible;

pub(crate) struct Ours(pub(crate) Pool);

/// The same with another pool: shows the noise.
pub(crate) struct Again(Ours);

impl Peer for Ours {
    const NAME: &'static str = OURS;

    fn new(workers: usize) -> Self {
        Self(Pool::new(workers))
    }
}

impl Collect for Ours {
    fn collect<R: Send + 'static>(&self, inputs: usize, call: impl Call<R>) -> Vec<R> {
        self.0.map(0..inputs, call).collect()
    }
}

impl Ordered for Ours {
    fn ordered<R, C>(&self, inputs: usize, buffer: Buffer, call: C, mut consume: impl FnMut(R))
    where
        R: Send + 'static,
        C: Call<R>,
    {
        let batch = self.0.map(0..inputs, call);
        let batch = if buffer == Buffer::Unbounded { batch.buffer(usize::MAX) } else { batch };
        batch.scope(|results| {
            for result in results {
                consume(result);
            }
        });
    }
}

impl Stream for Ours {
    fn stream<R, C>(&self, inputs: usize, buffer: Buffer, call: C, mut consume: impl FnMut(R))
    where
        R: Send + 'static,
        C: Call<R>,
    {
        let batch = self.0.as_completed(0..inputs, move |input| Ok::<_, Infallible>(call(*input)));
        let batch = if buffer == Buffer::Unbounded { batch.buffer(usize::MAX) } else { batch };
        batch.for_each(|done| consume(done.result.expect("the call returns")));
    }
}

impl Peer for Again {
    const NAME: &'static str = AGAIN;

    fn new(workers: usize) -> Self {
        Self(Ours::new(workers))
    }
}

impl Collect for Again {
    fn collect<R: Send + 'static>(&self, inputs: usize, call: impl Call<R>) -> Vec<R> {
        self.0.collect(inputs, call)
    }
}

impl Ordered for Again {
    fn ordered<R, C>(&self, inputs: usize, buffer: Buffer, call: C, consume: impl FnMut(R))
    where
        R: Send + 'static,
        C: Call<R>,
    {
        self.0.ordered(inputs, buffer, call, consume);
    }
}

impl Stream for Again {
    fn stream<R, C>(&self, inputs: usize, buffer: Buffer, call: C, consume: impl FnMut(R))
    where
        R: Send + 'static,
        C: Call<R>,
    {
        self.0.stream(inputs, buffer, call, consume);
    }
}
