//! The two kinds of batch, as code that takes either sees them.

use crate::values::{Failure, Input, Item, Output};
use pool_core::{
    AsCompleted, Completion, Map, Pool, ResultStream, Results, StopHandle, Timeout, Watch,
};
use std::ops::ControlFlow;
use std::time::Duration;

/// What both kinds of batch have in common.
pub(crate) trait Lent: Sized {
    type Item: Item;
    fn max_workers(self, max_workers: usize) -> Self;
    fn buffer(self, inputs: usize) -> Self;
    fn on(self, pool: &Pool) -> Self;
    fn timeout(self, limit: Duration) -> Self;
    fn stop_handle(&self) -> StopHandle;
    fn watch(&self) -> Watch;
    fn in_order(self) -> Self;
    fn collect<C: FromIterator<Self::Item>>(self) -> C;
    /// The values of all, or the first failure; of a kind that has no such thing, all results.
    fn try_collect(self) -> Result<Vec<Self::Item>, Failure>;
    fn try_for_each(self, consume: impl FnMut(Self::Item) -> ControlFlow<()>) -> ControlFlow<()>;
    fn for_each(self, consume: impl FnMut(Self::Item));
    fn scope<B>(self, consume: impl FnOnce(&mut Results<'_, Self::Item>) -> B) -> B;
}

/// And what they have where they own all that they need.
pub(crate) trait Owned:
    Lent + Iterator<Item = <Self as Lent>::Item> + Send + 'static
{
    fn start(self) -> Self;
    /// Of a kind that has no such thing, the batch as it is.
    fn abandon_after(self, limit: Duration) -> Self;
    fn next_timeout(&mut self, wait: Duration) -> Result<Option<<Self as Lent>::Item>, Timeout>;
    fn into_stream(self) -> ResultStream<<Self as Lent>::Item>;
}

macro_rules! batches {
    ($(($Batch:ident $(, $P:ty)*) of $Item:ty { $($lent:tt)* } $abandon_after:item)*) => { $(
        impl<'env> Lent for $Batch<'env $(, $P)*> {
            type Item = $Item;
            $($lent)*
            fn max_workers(self, max_workers: usize) -> Self {
                self.max_workers(max_workers)
            }
            fn buffer(self, inputs: usize) -> Self {
                self.buffer(inputs)
            }
            fn on(self, pool: &Pool) -> Self {
                self.on(pool)
            }
            fn timeout(self, limit: Duration) -> Self {
                self.timeout(limit)
            }
            fn stop_handle(&self) -> StopHandle {
                self.stop_handle()
            }
            fn watch(&self) -> Watch {
                self.watch()
            }
            fn collect<C: FromIterator<$Item>>(self) -> C {
                self.collect()
            }
            fn try_for_each(self, consume: impl FnMut($Item) -> ControlFlow<()>) -> ControlFlow<()> {
                self.try_for_each(consume)
            }
            fn for_each(self, consume: impl FnMut($Item)) {
                self.for_each(consume);
            }
            fn scope<B>(self, consume: impl FnOnce(&mut Results<'_, $Item>) -> B) -> B {
                self.scope(consume)
            }
        }

        impl Owned for $Batch<'static $(, $P)*> {
            fn start(self) -> Self {
                self.start()
            }
            $abandon_after
            fn next_timeout(&mut self, wait: Duration) -> Result<Option<$Item>, Timeout> {
                self.next_timeout(wait)
            }
            fn into_stream(self) -> ResultStream<$Item> {
                self.into_stream()
            }
        }
    )* };
}

batches! {
    (Map, Result<Output, Failure>) of Result<Output, Failure> {
        fn in_order(self) -> Self {
            self
        }
        fn try_collect(self) -> Result<Vec<Result<Output, Failure>>, Failure> {
            let values: Vec<_> = self.try_collect()?;
            Ok(values.into_iter().map(Ok).collect())
        }
    }
    fn abandon_after(self, _: Duration) -> Self {
        self
    }
    (AsCompleted, Input, Output, Failure) of Completion<Input, Output, Failure> {
        fn in_order(self) -> Self {
            self.in_order()
        }
        fn try_collect(self) -> Result<Vec<Completion<Input, Output, Failure>>, Failure> {
            Ok(self.collect())
        }
    }
    fn abandon_after(self, limit: Duration) -> Self {
        self.abandon_after(limit)
    }
}
