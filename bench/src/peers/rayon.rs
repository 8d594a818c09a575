//! Measures rayon: `par_iter` as it comes, and one input at a time.

use super::{Buffer, Call, Collect, Peer, Stream};
use rayon::iter::{IndexedParallelIterator, IntoParallelIterator, ParallelIterator};
use rayon::{ThreadPool, ThreadPoolBuilder};
use std::sync::mpsc;

/// It cuts the inputs into pieces as it sees fit.
pub(crate) struct Plain(pub(crate) ThreadPool);

/// Each input is a piece, as its documentation advises for calls that take long.
pub(crate) struct OneByOne(pub(crate) ThreadPool);

fn pool(workers: usize) -> ThreadPool {
    ThreadPoolBuilder::new().num_threads(workers).build().expect("threads for rayon")
}

impl Peer for Plain {
    const NAME: &'static str = "rayon";

    fn new(workers: usize) -> Self {
        Self(pool(workers))
    }
}

impl Peer for OneByOne {
    const NAME: &'static str = "rayon, one by one";
    const STREAMED: usize = 30_000;

    fn new(workers: usize) -> Self {
        Self(pool(workers))
    }
}

impl Collect for Plain {
    fn collect<R: Send + 'static>(&self, inputs: usize, call: impl Call<R>) -> Vec<R> {
        self.0.install(|| (0..inputs).into_par_iter().map(call).collect())
    }
}

impl Collect for OneByOne {
    fn collect<R: Send + 'static>(&self, inputs: usize, call: impl Call<R>) -> Vec<R> {
        self.0.install(|| (0..inputs).into_par_iter().with_max_len(1).map(call).collect())
    }
}

impl Stream for OneByOne {
    fn stream<R, C>(&self, inputs: usize, buffer: Buffer, call: C, mut consume: impl FnMut(R))
    where
        R: Send + 'static,
        C: Call<R>,
    {
        let inputs = (0..inputs).into_par_iter().with_max_len(1);
        self.0.in_place_scope(|scope| {
            let results = match buffer.size(self.0.current_num_threads()) {
                Some(size) => {
                    let (sender, results) = mpsc::sync_channel(size);
                    scope.spawn(|_| {
                        inputs.for_each_with(sender, |sender, input| _ = sender.send(call(input)))
                    });
                    results
                }
                None => {
                    let (sender, results) = mpsc::channel();
                    scope.spawn(|_| {
                        inputs.for_each_with(sender, |sender, input| _ = sender.send(call(input)))
                    });
                    results
                }
            };
            for result in results {
                consume(result);
            }
        });
    }
}
