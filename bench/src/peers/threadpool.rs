//! Measures the `threadpool` crate: boxed jobs, and results through a channel of the standard library.

use super::{Buffer, Call, Collect, Peer, Stream, placed};
use std::sync::mpsc;
use threadpool::ThreadPool;

pub(crate) struct Threadpool(pub(crate) ThreadPool);

impl Peer for Threadpool {
    const NAME: &'static str = "threadpool";

    fn new(workers: usize) -> Self {
        Self(ThreadPool::new(workers))
    }
}

impl Collect for Threadpool {
    fn collect<R: Send + 'static>(&self, inputs: usize, call: impl Call<R>) -> Vec<R> {
        placed(self, inputs, Buffer::Unbounded, call)
    }
}

impl Stream for Threadpool {
    /// It takes all jobs at once.
    fn stream<R, C>(&self, inputs: usize, _: Buffer, call: C, mut consume: impl FnMut(R))
    where
        R: Send + 'static,
        C: Call<R>,
    {
        let (sender, results) = mpsc::channel();
        for input in 0..inputs {
            let (sender, call) = (sender.clone(), call.clone());
            self.0.execute(move || _ = sender.send(call(input)));
        }
        drop(sender);
        for result in results {
            consume(result);
        }
    }
}
