//! Measures pariter: `parallel_map` on an iterator, with the buffer of its own.

use super::{Buffer, Call, Collect, Ordered, Peer};
use pariter::IteratorExt;

pub(crate) struct Pariter(usize);

impl Peer for Pariter {
    const NAME: &'static str = "pariter";
    const CALLS: usize = 30_000;

    fn new(workers: usize) -> Self {
        Self(workers)
    }
}

impl Collect for Pariter {
    fn collect<R: Send + 'static>(&self, inputs: usize, call: impl Call<R>) -> Vec<R> {
        (0..inputs).parallel_map_custom(|options| options.threads(self.0), call).collect()
    }
}

impl Ordered for Pariter {
    fn ordered<R, C>(&self, inputs: usize, _: Buffer, call: C, consume: impl FnMut(R))
    where
        R: Send + 'static,
        C: Call<R>,
    {
        (0..inputs).parallel_map_custom(|options| options.threads(self.0), call).for_each(consume);
    }
}
