//! Measures what one writes by hand: scoped threads and an atomic cursor. Nothing that does more can cost less.

use super::{Buffer, Call, Collect, Peer, Stream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

/// No lock, and not a word about panics.
pub(crate) struct Scoped(usize);

/// Each result goes through a channel of the standard library, whose queue may grow.
pub(crate) struct ScopedMpsc(usize);

/// Each result goes through one that is bounded as the library's is.
pub(crate) struct ScopedBounded(usize);

impl Peer for Scoped {
    const NAME: &'static str = "scoped threads";

    fn new(workers: usize) -> Self {
        Self(workers)
    }
}

impl Collect for Scoped {
    /// Each thread keeps what it has done. If all wrote into one list, neighbours in it would fight for cache lines,
    /// and that costs more than to put them in order at the end.
    fn collect<R: Send + 'static>(&self, inputs: usize, call: impl Call<R>) -> Vec<R> {
        let cursor = AtomicUsize::new(0);
        let mut results = Vec::with_capacity(inputs);
        let places = results.spare_capacity_mut();
        let done: usize = thread::scope(|scope| {
            let work = || {
                let mut done = Vec::new();
                work(&cursor, inputs, |input| {
                    done.push((input, call(input)));
                    true
                });
                done
            };
            let threads: Vec<_> = (0..self.0).map(|_| scope.spawn(work)).collect();
            threads
                .into_iter()
                .map(|thread| {
                    let done = thread.join().expect("the call returns");
                    let count = done.len();
                    for (input, result) in done {
                        places[input].write(result);
                    }
                    count
                })
                .sum()
        });
        assert_eq!(done, inputs);
        // SAFETY: the cursor gives out each place below `inputs` once, and so many were written.
        unsafe { results.set_len(inputs) };
        results
    }
}

impl Peer for ScopedMpsc {
    const NAME: &'static str = "scoped threads, mpsc";

    fn new(workers: usize) -> Self {
        Self(workers)
    }
}

impl Stream for ScopedMpsc {
    fn stream<R, C>(&self, inputs: usize, _: Buffer, call: C, mut consume: impl FnMut(R))
    where
        R: Send + 'static,
        C: Call<R>,
    {
        let (sender, results) = mpsc::channel();
        let (cursor, call) = (AtomicUsize::new(0), &call);
        thread::scope(|scope| {
            for _ in 0..self.0 {
                let (sender, cursor) = (sender.clone(), &cursor);
                scope.spawn(move || work(cursor, inputs, |input| sender.send(call(input)).is_ok()));
            }
            drop(sender);
            for result in results {
                consume(result);
            }
        });
    }
}

impl Peer for ScopedBounded {
    const NAME: &'static str = "scoped threads, sync_channel";
    const CALLS: usize = 30_000;

    fn new(workers: usize) -> Self {
        Self(workers)
    }
}

impl Stream for ScopedBounded {
    fn stream<R, C>(&self, inputs: usize, _: Buffer, call: C, mut consume: impl FnMut(R))
    where
        R: Send + 'static,
        C: Call<R>,
    {
        let (sender, results) = mpsc::sync_channel(16 * self.0);
        let (cursor, call) = (AtomicUsize::new(0), &call);
        thread::scope(|scope| {
            for _ in 0..self.0 {
                let (sender, cursor) = (sender.clone(), &cursor);
                scope.spawn(move || work(cursor, inputs, |input| sender.send(call(input)).is_ok()));
            }
            drop(sender);
            for result in results {
                consume(result);
            }
        });
    }
}

/// The loop of one thread, until the inputs are used up or `call` says no.
fn work(cursor: &AtomicUsize, inputs: usize, mut call: impl FnMut(usize) -> bool) {
    loop {
        let input = cursor.fetch_add(1, Ordering::Relaxed);
        if input >= inputs || !call(input) {
            break;
        }
    }
}
