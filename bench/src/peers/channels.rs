//! Measures workers written by hand between two channels of crossbeam.

use super::{Buffer, Call, Collect, Ordered, Peer, Stream, placed};
use crossbeam_channel::{Receiver, Sender, bounded, unbounded};
use std::collections::VecDeque;
use std::thread;

pub(crate) struct Channels(usize);

impl Peer for Channels {
    const NAME: &'static str = "crossbeam-channel workers";

    fn new(workers: usize) -> Self {
        Self(workers)
    }
}

fn channel<T>(buffer: Buffer, workers: usize) -> (Sender<T>, Receiver<T>) {
    buffer.size(workers).map_or_else(unbounded, bounded)
}

impl Stream for Channels {
    fn stream<R, C>(&self, inputs: usize, buffer: Buffer, call: C, mut consume: impl FnMut(R))
    where
        R: Send + 'static,
        C: Call<R>,
    {
        let (input, jobs) = channel(buffer, self.0);
        let (output, results) = channel(buffer, self.0);
        thread::scope(|scope| {
            for _ in 0..self.0 {
                let (jobs, output, call) = (jobs.clone(), output.clone(), &call);
                scope.spawn(move || jobs.iter().try_for_each(|job| output.send(call(job))));
            }
            drop((jobs, output));
            scope.spawn(move || (0..inputs).try_for_each(|job| input.send(job)));
            for result in results {
                consume(result);
            }
        });
    }
}

impl Collect for Channels {
    fn collect<R: Send + 'static>(&self, inputs: usize, call: impl Call<R>) -> Vec<R> {
        placed(self, inputs, Buffer::Bounded, call)
    }
}

impl Ordered for Channels {
    /// What came too early waits in a queue whose head is the next one.
    fn ordered<R, C>(&self, inputs: usize, buffer: Buffer, call: C, mut consume: impl FnMut(R))
    where
        R: Send + 'static,
        C: Call<R>,
    {
        let (mut early, mut next) = (VecDeque::<Option<R>>::new(), 0);
        let call = move |input| (input, call(input));
        self.stream(inputs, buffer, call, |(input, result)| {
            let place = input - next;
            if early.len() <= place {
                early.resize_with(place + 1, || None);
            }
            early[place] = Some(result);
            while let Some(result) = early.front_mut().and_then(Option::take) {
                early.pop_front();
                next += 1;
                consume(result);
            }
        });
    }
}
