//! Measures tokio's `spawn_blocking`: a `JoinSet` under a semaphore, and a buffered stream.

use super::{Buffer, Call, Collect, Ordered, Peer, Stream, placed};
use futures_util::{StreamExt, stream};
use std::sync::Arc;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::Semaphore;
use tokio::task;

pub(crate) struct JoinSet {
    runtime: Runtime,
    workers: usize,
}

pub(crate) struct Buffered {
    runtime: Runtime,
    workers: usize,
}

fn runtime() -> Runtime {
    Builder::new_multi_thread().build().expect("a runtime")
}

impl Peer for JoinSet {
    const NAME: &'static str = "tokio, JoinSet";
    const CALLS: usize = 3_000;

    fn new(workers: usize) -> Self {
        Self { runtime: runtime(), workers }
    }
}

impl Peer for Buffered {
    const NAME: &'static str = "tokio, buffered";
    const CALLS: usize = 3_000;

    fn new(workers: usize) -> Self {
        Self { runtime: runtime(), workers }
    }
}

impl Collect for JoinSet {
    fn collect<R: Send + 'static>(&self, inputs: usize, call: impl Call<R>) -> Vec<R> {
        placed(self, inputs, Buffer::Unbounded, call)
    }
}

impl Stream for JoinSet {
    /// It has no buffer that could be set: results wait in the set.
    fn stream<R, C>(&self, inputs: usize, _: Buffer, call: C, mut consume: impl FnMut(R))
    where
        R: Send + 'static,
        C: Call<R>,
    {
        self.runtime.block_on(async {
            let semaphore = Arc::new(Semaphore::new(self.workers));
            let (mut set, mut inputs) = (task::JoinSet::new(), 0..inputs);
            loop {
                tokio::select! {
                    permit = semaphore.clone().acquire_owned(), if !inputs.is_empty() => {
                        let (input, call) = (inputs.next().expect("there is one"), call.clone());
                        set.spawn_blocking(move || {
                            let result = call(input);
                            drop(permit);
                            result
                        });
                    }
                    Some(done) = set.join_next() => consume(done.expect("the call returns")),
                    else => break,
                }
            }
        });
    }
}

impl Collect for Buffered {
    /// Not `buffered`: there a slow call holds back all behind it.
    fn collect<R: Send + 'static>(&self, inputs: usize, call: impl Call<R>) -> Vec<R> {
        placed(self, inputs, Buffer::Unbounded, call)
    }
}

impl Ordered for Buffered {
    /// Its buffer is the cap, too.
    fn ordered<R, C>(&self, inputs: usize, _: Buffer, call: C, mut consume: impl FnMut(R))
    where
        R: Send + 'static,
        C: Call<R>,
    {
        let calls = stream::iter(0..inputs).map(|input| {
            let call = call.clone();
            task::spawn_blocking(move || call(input))
        });
        self.runtime.block_on(async {
            let mut results = calls.buffered(self.workers);
            while let Some(done) = results.next().await {
                consume(done.expect("the call returns"));
            }
        });
    }
}

impl Stream for Buffered {
    fn stream<R, C>(&self, inputs: usize, _: Buffer, call: C, mut consume: impl FnMut(R))
    where
        R: Send + 'static,
        C: Call<R>,
    {
        let calls = stream::iter(0..inputs).map(|input| {
            let call = call.clone();
            task::spawn_blocking(move || call(input))
        });
        self.runtime.block_on(async {
            let mut results = calls.buffer_unordered(self.workers);
            while let Some(done) = results.next().await {
                consume(done.expect("the call returns"));
            }
        });
    }
}

/// All tasks at once on a runtime whose blocking threads are the cap: a pool that several callers can share.
pub(crate) struct FewThreads(Runtime);

impl Peer for FewThreads {
    const NAME: &'static str = "tokio, max_blocking_threads";
    const CALLS: usize = 3_000;

    fn new(workers: usize) -> Self {
        Self(Builder::new_multi_thread().max_blocking_threads(workers).build().expect("a runtime"))
    }
}

impl Collect for FewThreads {
    fn collect<R: Send + 'static>(&self, inputs: usize, call: impl Call<R>) -> Vec<R> {
        let tasks: Vec<_> = (0..inputs)
            .map(|input| {
                let call = call.clone();
                self.0.spawn_blocking(move || call(input))
            })
            .collect();
        self.0.block_on(async {
            let mut results = Vec::with_capacity(inputs);
            for task in tasks {
                results.push(task.await.expect("the call returns"));
            }
            results
        })
    }
}
