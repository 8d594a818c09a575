//! The methods that `Map` and `AsCompleted` have in common: how a batch is set up, consumed and ended.
//!
//! The two differ in what their items are and in how these are made. All that a user does with either is written here
//! once.

/// Writes the inherent methods and the iterator of one kind of batch, a tuple struct around a `Handle`.
macro_rules! consumer {
    (impl $Batch:ident<'env $(, $P:ident)*> of $Item:ty) => {
        impl<'env $(, $P)*> $Batch<'env $(, $P)*> {
            /// Runs at most `max_workers` calls of this batch at once, and never more than its pool allows.
            ///
            /// It lowers the cap for this batch and never raises it. For more calls at once than the pool allows, run
            /// the batch on another pool with [`on`](Self::on), or raise the cap for all with
            /// [`Pool::set_max_workers`].
            ///
            /// # Panics
            ///
            /// Panics if `max_workers` is 0, or after the batch has started.
            ///
            /// # Examples
            ///
            /// ```
            /// let pool = pool_core::Pool::new(8);
            /// let gentle = pool.map([1, 2, 3], |n| n).max_workers(2);
            /// assert_eq!(gentle.collect::<Vec<_>>(), [1, 2, 3]);
            /// ```
            #[track_caller]
            pub fn max_workers(mut self, max_workers: usize) -> Self {
                self.settings("max_workers").max_workers = Some(config::at_least_one("max_workers", max_workers));
                self
            }

            /// Holds at most `inputs` that run, or have finished and were not yet taken by the consumer. The default
            /// is 16 for each worker.
            ///
            /// So it bounds how far the calls run ahead of the consumer, and what their inputs and results keep in
            /// memory or open.
            ///
            /// # Panics
            ///
            /// Panics if `inputs` is 0, or after the batch has started.
            ///
            /// # Examples
            ///
            /// ```
            /// let pool = pool_core::Pool::new(8);
            /// // However slow the loop is, no more than four results wait for it.
            /// for n in pool.map(1..100, |n| n).buffer(4) {
            ///     assert!(n < 100);
            /// }
            /// ```
            #[track_caller]
            pub fn buffer(mut self, inputs: usize) -> Self {
                self.settings("buffer").buffer = Some(config::at_least_one("buffer", inputs));
                self
            }

            /// Gives each call `limit`, from its start. After that [`is_cancelled`](crate::is_cancelled) is true in
            /// it, and [`sleep`](crate::sleep), [`back_off`](crate::back_off) and [`retry`](crate::retry) end.
            ///
            /// **It asks, and cannot kill**: a call that neither asks nor sleeps runs on. The outcome is what the call
            /// returns, whenever that is. A call that blocks in a client gives it the time that is left, from
            /// [`deadline`](crate::deadline). Batches that the call runs inherit its deadline.
            ///
            /// It replaces the option `timeout` of an annotated function.
            ///
            /// # Panics
            ///
            /// Panics if `limit` is zero, or after the batch has started.
            ///
            /// # Examples
            ///
            /// ```
            /// use pool_core::{Pool, sleep};
            /// use std::time::Duration;
            ///
            /// let pool = Pool::new(2);
            /// let slept = pool.map([0, 3600], |s| sleep(Duration::from_secs(s))).timeout(Duration::from_millis(50));
            /// assert_eq!(slept.collect::<Vec<_>>(), [true, false]);
            /// ```
            #[track_caller]
            pub fn timeout(mut self, limit: Duration) -> Self {
                self.settings("timeout").timeout = Some(config::above_zero("timeout", limit));
                self
            }

            /// Runs the batch on another pool than the one that made it: for a command line's `-j`, or for the cap of
            /// a library's user.
            ///
            /// # Panics
            ///
            /// Panics after the batch has started.
            ///
            /// # Examples
            ///
            /// ```
            /// use pool_core::Pool;
            ///
            /// let (usual, wide) = (Pool::new(2), Pool::new(64));
            /// let doubled: Vec<_> = usual.map([1, 2, 3], |n| n * 2).on(&wide).collect();
            /// assert_eq!(doubled, [2, 4, 6]);
            /// assert_eq!(usual.stats().completed, 0);
            /// ```
            #[track_caller]
            pub fn on(mut self, pool: &Pool) -> Self {
                self.settings("on");
                self.0.run_on(pool.crew());
                self
            }

            /// Returns a handle that stops the batch from anywhere, before its start too.
            ///
            /// # Examples
            ///
            /// ```
            /// let batch = pool_core::Pool::new(2).map(1.., |n| n);
            /// let stop = batch.stop_handle();
            /// let seen = batch.scope(|results| {
            ///     assert_eq!(results.next(), Some(1));
            ///     stop.stop();
            ///     results.count()
            /// });
            /// // The calls that ran were still yielded, and then it ended.
            /// assert!(seen < 100);
            /// ```
            pub fn stop_handle(&self) -> StopHandle {
                StopHandle(self.0.stopper())
            }

            /// Returns a view of what the batch runs: which inputs, for how long, on which threads.
            ///
            /// # Panics
            ///
            /// Panics after the batch has started.
            ///
            /// # Examples
            ///
            /// ```
            /// let batch = pool_core::Pool::new(2).map(1..=10, |n| n);
            /// let watch = batch.watch();
            /// for _ in batch {
            ///     eprintln!("{} done, {} running", watch.finished(), watch.running().len());
            /// }
            /// assert_eq!(watch.finished(), 10);
            /// ```
            #[track_caller]
            pub fn watch(&self) -> Watch {
                self.assert_not_started("watch");
                let watched = Arc::<Watched>::default();
                self.0.observe(Arc::clone(&watched) as Arc<dyn Observer>);
                Watch(watched)
            }

            /// Gathers all results on the calling thread. Blocks until no call of the batch runs any more.
            ///
            /// A collection that ends early ends the batch early: no further input is started. `Result<Vec<_>, _>` ends
            /// at the first `Err`; `Vec<Result<_, _>>` keeps every result. Where results come in quick succession it
            /// gathers many at a time, so an early end may come up to half a millisecond late. A batch that is stopped
            /// gives what it has, as if the inputs had ended there. Unless [`buffer`](Self::buffer) is set, inputs of
            /// known length are not held back while the result at the head is slow.
            ///
            /// # Panics
            ///
            /// Goes on with a panic of the input iterator, of a `Drop` of an input or a result, and, for `Map`, of a
            /// call.
            ///
            /// # Deadlocks
            ///
            /// It waits also for a `next()` of the inputs that is under way, as [`for_each`](Self::for_each) and
            /// [`scope`](Self::scope) do, however it ends. Inputs that block for ever block it for ever.
            ///
            /// In async code it blocks the executor's thread, as the other two do. Calls that need a timer or a task
            /// of that thread never end: use a [stream, or `spawn_blocking`](crate#where-a-wait-blocks). Inside a
            /// call of the same pool it runs inputs of this batch on the current thread: a `RefCell` of a
            /// `thread_local!` must not be borrowed meanwhile.
            ///
            /// # Examples
            ///
            /// ```
            /// let pool = pool_core::Pool::new(4);
            /// let all: Option<Vec<u8>> = pool.map(["1", "2"], |text| text.parse().ok()).collect();
            /// assert_eq!(all, Some(vec![1, 2]));
            /// ```
            pub fn collect<C: FromIterator<$Item>>(mut self) -> C {
                self.0.unbound();
                self.0.lend(Start::Gathers, |consumer| C::from_iter(Results::all(consumer)))
            }

            /// Calls `consume` with each result on the calling thread. Blocks until no call of the batch runs any more.
            ///
            /// To end early, use [`scope`](Self::scope), or a [`stop_handle`](Self::stop_handle).
            ///
            /// # Panics
            ///
            /// Goes on with a panic of `consume`, of the input iterator, of a `Drop` of an input or a result, and,
            /// for `Map`, of a call.
            ///
            /// # Deadlocks
            ///
            /// As for [`collect`](Self::collect): in async code, and inside calls that have a `RefCell` borrowed.
            ///
            /// # Examples
            ///
            /// ```
            /// let lines = vec!["a", "bc"];
            /// let mut bytes = 0;
            /// pool_core::Pool::new(4).map(&lines, |line| line.len()).for_each(|n| bytes += n);
            /// assert_eq!(bytes, 3);
            /// ```
            pub fn for_each(self, consume: impl FnMut($Item)) {
                self.0.lend(Start::Gathers, |consumer| Results::one_by_one(consumer).for_each(consume));
            }

            /// Calls `consume` with each result on the calling thread, until it returns an error. Blocks until no call
            /// of the batch runs any more.
            ///
            /// The error ends the batch and is returned: no further input is started, and the calls that run see
            /// [`is_cancelled`](crate::is_cancelled). `consume` may return a `Result<(), E>`, an `Option<()>` or a
            /// [`ControlFlow`](std::ops::ControlFlow). It takes the batch, where `Iterator::try_for_each` borrows it:
            /// to go on with the rest afterwards, write `batch.by_ref().try_for_each(…)`.
            ///
            /// # Panics
            ///
            /// As [`for_each`](Self::for_each) does.
            ///
            /// # Deadlocks
            ///
            /// As for [`collect`](Self::collect): in async code, and inside calls that have a `RefCell` borrowed.
            ///
            /// # Examples
            ///
            /// ```
            /// let texts = vec!["1", "x", "3"];
            /// let mut numbers = Vec::new();
            /// let end = pool_core::Pool::new(4).map(&texts, |text| text.parse::<u8>()).try_for_each(|number| {
            ///     numbers.push(number?);
            ///     Ok::<_, std::num::ParseIntError>(())
            /// });
            /// assert_eq!(numbers, [1]);
            /// assert!(end.is_err());
            /// ```
            pub fn try_for_each<A: Attempt>(self, mut consume: impl FnMut($Item) -> A) -> A {
                // Moved, since the inputs may wait for what `consume` holds: it is gone before this waits for them.
                self.0.lend(Start::Gathers, move |consumer| {
                    let mut attempts = Results::one_by_one(consumer).map(|result| consume(result));
                    attempts.find(|attempt| !attempt.goes_on()).unwrap_or(A::WENT_ON)
                })
            }

            /// Starts the batch and lends its results to `consume` as an iterator, for any loop or adaptor over
            /// borrowed data.
            ///
            /// Calls begin on entry, before `consume` asks for a result. It blocks until no call of the batch runs
            /// any more. Results that `consume` leaves are dropped, and inputs that were not started are not run.
            ///
            /// # Panics
            ///
            /// Goes on with a panic of `consume`, of the input iterator, of a `Drop` of an input or a result, and,
            /// for `Map`, of a call.
            ///
            /// # Deadlocks
            ///
            /// As for [`collect`](Self::collect): in async code, and inside calls that have a `RefCell` borrowed.
            ///
            /// # Examples
            ///
            /// ```
            /// let lines = vec![String::from("a"), String::from("bc"), String::from("def")];
            /// let pool = pool_core::Pool::new(2);
            /// let first_long = pool.map(&lines, |line| line.len()).scope(|results| results.find(|&n| n > 1));
            /// assert_eq!(first_long, Some(2));
            /// ```
            ///
            /// The results cannot leave the closure:
            ///
            /// ```compile_fail
            /// let lines = vec![String::from("a")];
            /// let pool = pool_core::Pool::new(2);
            /// let kept = pool.map(&lines, |line| line.len()).scope(|results| results);
            /// ```
            pub fn scope<B>(self, consume: impl FnOnce(&mut Results<'_, $Item>) -> B) -> B {
                self.0.lend(Start::Waits, |consumer| consume(&mut Results::one_by_one(consumer)))
            }

            #[track_caller]
            fn settings(&mut self, name: &str) -> &mut Settings {
                self.assert_not_started(name);
                self.0.settings()
            }

            #[track_caller]
            fn assert_not_started(&self, name: &str) {
                assert!(
                    !self.0.has_started(),
                    "`{name}` comes too late: the batch has started; set it before the first result is asked for"
                );
            }
        }

        impl<$($P),*> $Batch<'static $(, $P)*> {
            /// Starts the batch now, before it is consumed. Does not block.
            ///
            /// It runs ahead of its consumer as far as its [`buffer`](Self::buffer) allows. A second `start` does
            /// nothing.
            ///
            /// # Examples
            ///
            /// ```
            /// let pool = pool_core::Pool::new(2);
            /// let ahead = pool.map([1, 2, 3], |n| n + 1).start();
            /// // ... something else meanwhile ...
            /// assert_eq!(ahead.collect::<Vec<_>>(), [2, 3, 4]);
            /// ```
            pub fn start(mut self) -> Self {
                self.0.start(Start::Ahead);
                self
            }

            /// Waits at most `wait` for the next result; `Ok(None)` is the end.
            ///
            /// A wait of zero takes what is there; one of `Duration::MAX` is for ever. Like `next`, it starts the
            /// batch.
            ///
            /// Inside a call of the batch's own pool the wait may take an input of the batch and run it. Then it
            /// lasts at least as long as that input and its call do, and a `RefCell` of a `thread_local!` that is
            /// borrowed meanwhile may be borrowed twice. The same holds where no thread of the pool can be started.
            ///
            /// # Panics
            ///
            /// As `next` does: it goes on with a panic of the input iterator and, for `Map`, of a call.
            ///
            /// # Errors
            ///
            /// Returns [`Timeout`] if none is there by then. Nothing is lost: ask again.
            ///
            /// # Deadlocks
            ///
            /// Inside a call, a loop over waits of zero keeps the call's place under the cap. With a cap of 1, a batch
            /// of another pool whose calls need this one never ends. A wait above zero makes way for them.
            ///
            /// # Examples
            ///
            /// ```
            /// use pool_core::{Pool, Timeout};
            /// use std::{sync::mpsc, time::Duration};
            ///
            /// let (input, inputs) = mpsc::channel();
            /// let mut batch = Pool::new(2).map(inputs, |n| n + 1);
            /// assert_eq!(batch.next_timeout(Duration::from_millis(1)), Err(Timeout));
            /// input.send(1).unwrap();
            /// assert_eq!(batch.next_timeout(Duration::MAX), Ok(Some(2)));
            /// drop(input);
            /// assert_eq!(batch.next_timeout(Duration::MAX), Ok(None));
            /// ```
            pub fn next_timeout(&mut self, wait: Duration) -> Result<Option<$Item>, Timeout> {
                self.0.start(Start::Waits);
                self.0.consumer().next(false, sync::after(wait)).map_err(|Late| Timeout)
            }
        }

        impl<$($P),*> Iterator for $Batch<'static $(, $P)*> {
            type Item = $Item;

            fn next(&mut self) -> Option<$Item> {
                self.0.start(Start::Waits);
                self.0.consumer().next(false, None).unwrap_or(None)
            }

            fn size_hint(&self) -> (usize, Option<usize>) {
                self.0.size_hint()
            }
        }

        impl<$($P),*> FusedIterator for $Batch<'static $(, $P)*> {}

        // No panic leaves a batch half changed: a panic of the user's code ends it or is one of its results.
        impl<$($P),*> UnwindSafe for $Batch<'_ $(, $P)*> {}
        impl<$($P),*> RefUnwindSafe for $Batch<'_ $(, $P)*> {}

        impl<$($P),*> fmt::Debug for $Batch<'_ $(, $P)*> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($Batch)).field("started", &self.0.has_started()).finish_non_exhaustive()
            }
        }
    };
}

pub(crate) use consumer;
