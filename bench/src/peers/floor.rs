//! Measures what one writes by hand: scoped threads and an atomic cursor. Nothing that does more can cost less.

use super::{Buffer, Call, Collect, Peer, Stream};
use std::cell::UnsafeCell;
use std::mem::MaybeUninit;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

/// Each result goes to its place, without a lock and without a word about panics.
pub(crate) struct Scoped(usize);

/// Each result goes through a channel of the standard library, whose queue may grow.
pub(crate) struct ScopedMpsc(usize);

/// Each result goes through one that is bounded as the library's is.
pub(crate) struct ScopedBounded(usize);

/// Runs `call` for each of the inputs on so many threads, in a loop over one cursor.
fn scoped(workers: usize, inputs: usize, call: impl Fn(usize) + Sync) {
    let cursor = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                loop {
                    let input = cursor.fetch_add(1, Ordering::Relaxed);
                    if input >= inputs {
                        break;
                    }
                    call(input);
                }
            });
        }
    });
}

impl Peer for Scoped {
    const NAME: &'static str = "scoped threads";

    fn new(workers: usize) -> Self {
        Self(workers)
    }
}

struct Place<R>(UnsafeCell<MaybeUninit<R>>);

// SAFETY: the cursor gives each place to one thread, and the others look at it after that thread has been joined.
unsafe impl<R: Send> Sync for Place<R> {}

impl Collect for Scoped {
    fn collect<R: Send + 'static>(&self, inputs: usize, call: impl Call<R>) -> Vec<R> {
        let mut places = Vec::with_capacity(inputs);
        places.resize_with(inputs, || Place(UnsafeCell::new(MaybeUninit::<R>::uninit())));
        scoped(self.0, inputs, |input| {
            let result = call(input);
            // SAFETY: the cursor has given this place to this thread alone.
            unsafe { (*places[input].0.get()).write(result) };
        });
        // SAFETY: `scoped` has run all calls to their end, so each place was written. If one had panicked, so had `scoped`.
        places.into_iter().map(|place| unsafe { place.0.into_inner().assume_init() }).collect()
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

fn work(cursor: &AtomicUsize, inputs: usize, call: impl Fn(usize) -> bool) {
    loop {
        let input = cursor.fetch_add(1, Ordering::Relaxed);
        if input >= inputs || !call(input) {
            break;
        }
    }
}
