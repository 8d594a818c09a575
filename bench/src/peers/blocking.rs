//! Measures `blocking::unblock`, which has one pool for the whole process, under a buffered stream.

use super::{Buffer, Call, Collect, Ordered, Peer, Stream, placed};
use blocking::unblock;
use futures_lite::future;
use futures_util::{StreamExt, stream};

pub(crate) struct Unblock(usize);

impl Peer for Unblock {
    const NAME: &'static str = "blocking::unblock";
    const CALLS: usize = 3_000;

    fn new(workers: usize) -> Self {
        Self(workers)
    }
}

impl Collect for Unblock {
    /// Not `buffered`: there a slow call holds back all behind it.
    fn collect<R: Send + 'static>(&self, inputs: usize, call: impl Call<R>) -> Vec<R> {
        placed(self, inputs, Buffer::Unbounded, call)
    }
}

impl Ordered for Unblock {
    /// Its buffer is the cap, too.
    fn ordered<R, C>(&self, inputs: usize, _: Buffer, call: C, consume: impl FnMut(R))
    where
        R: Send + 'static,
        C: Call<R>,
    {
        let calls = stream::iter(0..inputs).map(|input| {
            let call = call.clone();
            unblock(move || call(input))
        });
        drain(calls.buffered(self.0), consume);
    }
}

impl Stream for Unblock {
    fn stream<R, C>(&self, inputs: usize, _: Buffer, call: C, consume: impl FnMut(R))
    where
        R: Send + 'static,
        C: Call<R>,
    {
        let calls = stream::iter(0..inputs).map(|input| {
            let call = call.clone();
            unblock(move || call(input))
        });
        drain(calls.buffer_unordered(self.0), consume);
    }
}

fn drain<R>(mut results: impl futures_util::Stream<Item = R> + Unpin, mut consume: impl FnMut(R)) {
    future::block_on(async {
        while let Some(result) = results.next().await {
            consume(result);
        }
    });
}
