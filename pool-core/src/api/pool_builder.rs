//! `PoolBuilder`, the settings of a new pool.

use crate::api::pool::Pool;
use crate::base::config::Config;
use std::time::Duration;

/// The settings of a new [`Pool`]. Made by [`Pool::builder`]; every method is `const`, so that a pool can be a
/// `static`.
///
/// # Examples
///
/// ```
/// use pool_core::{Pool, PoolBuilder};
/// use std::time::Duration;
///
/// const SMALL: PoolBuilder = Pool::builder().max_workers(2).keep_alive(Duration::from_secs(1));
/// static DISK: Pool = SMALL.name("disk").build();
/// static NET: Pool = SMALL.name("net").max_workers(64).build();
///
/// assert_eq!((DISK.max_workers(), NET.max_workers()), (2, 64));
/// ```
#[derive(Clone, Copy, Debug)]
#[must_use = "a builder does nothing until `build`"]
pub struct PoolBuilder(Config);

impl PoolBuilder {
    pub(crate) const fn new() -> Self {
        Self(Config::new())
    }

    /// Sets how many calls run at once, at most. The default is `min(32, available_parallelism + 4)`.
    ///
    /// # Panics
    ///
    /// Panics if `max_workers` is 0, while compiling where it can.
    ///
    /// # Examples
    ///
    /// ```
    /// let pool = pool_core::Pool::builder().max_workers(100).build();
    /// assert_eq!(pool.max_workers(), 100);
    /// ```
    #[track_caller]
    pub const fn max_workers(self, max_workers: usize) -> Self {
        Self(self.0.with_max_workers(max_workers))
    }

    /// Sets the prefix of the threads' names, which go on with a dash and a number. The default is `pool`.
    ///
    /// # Panics
    ///
    /// Panics if `name` contains NUL, while compiling where it can.
    ///
    /// # Examples
    ///
    /// ```
    /// let pool = pool_core::Pool::builder().name("disk").build();
    /// let name = pool.submit(|| std::thread::current().name().map(String::from)).join().unwrap();
    /// assert_eq!(name.as_deref(), Some("disk-0"));
    /// ```
    #[track_caller]
    pub const fn name(self, name: &'static str) -> Self {
        Self(self.0.with_name(name))
    }

    /// Sets how long a thread without work waits for some before it ends. The default is 10 s. `Duration::MAX` is as
    /// long as the pool lives.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::{thread, time::Duration};
    ///
    /// let pool = pool_core::Pool::builder().keep_alive(Duration::ZERO).build();
    /// assert_eq!(pool.submit(|| 1).join().unwrap(), 1);
    /// while pool.stats().threads > 0 {
    ///     thread::yield_now();
    /// }
    /// assert_eq!(pool.submit(|| 2).join().unwrap(), 2);
    /// ```
    pub const fn keep_alive(mut self, keep_alive: Duration) -> Self {
        self.0.keep_alive = keep_alive;
        self
    }

    /// Sets the size of each thread's stack, in bytes. The default is the standard library's.
    ///
    /// # Examples
    ///
    /// ```
    /// let pool = pool_core::Pool::builder().stack_size(64 << 20).build();
    /// let deep = pool.submit(|| std::hint::black_box([1_u8; 8 << 20])[5]);
    /// assert_eq!(deep.join().unwrap(), 1);
    /// ```
    pub const fn stack_size(mut self, bytes: usize) -> Self {
        self.0.stack_size = Some(bytes);
        self
    }

    /// Runs `code` on each new thread before its first call: to attach it to a JVM or to COM, to set its priority, to
    /// tell a profiler.
    ///
    /// If `code` panics, that counts as a thread that could not be started. The panic hook reports the panic, the
    /// thread ends, and the thread that waits for the batch or joins the task runs the calls itself, without `code`. It
    /// is tried again with the next thread.
    ///
    /// Calls do not run on threads of the pool alone: a call that waits for a batch of its own runs calls of that
    /// batch. If no thread can be started, the thread that waits runs the calls. A consumer outside of the pool gets no
    /// `on_start`.
    ///
    /// # Deadlocks
    ///
    /// `code` must not wait for a batch or a task of this pool: the pool may have started this very thread for that
    /// batch. Then the batch waits for `code`, even if another thread of the pool becomes free, and `code` for the
    /// batch.
    ///
    /// # Examples
    ///
    /// ```
    /// use pool_core::Pool;
    /// use std::cell::Cell;
    ///
    /// thread_local! { static ATTACHED: Cell<bool> = const { Cell::new(false) } }
    ///
    /// static JAVA: Pool = Pool::builder().max_workers(4).on_start(|| ATTACHED.set(true)).build();
    /// assert!(JAVA.submit(|| ATTACHED.get()).join().unwrap());
    /// ```
    pub const fn on_start(mut self, code: fn()) -> Self {
        self.0.on_start = Some(code);
        self
    }

    /// Runs `code` on each thread after its last call, when the thread ends: after `keep_alive` without work, or after
    /// the last call of a dropped pool.
    ///
    /// The thread no longer counts while `code` runs, so another one may start beside it.
    ///
    /// It does not run on threads that the end of the process cuts off, and not where `on_start` has panicked. A panic
    /// of `code` goes to the panic hook only.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::atomic::{AtomicUsize, Ordering};
    /// use std::{thread, time::Duration};
    ///
    /// static ATTACHED: AtomicUsize = AtomicUsize::new(0);
    ///
    /// let pool = pool_core::Pool::builder()
    ///     .keep_alive(Duration::ZERO)
    ///     .on_start(|| drop(ATTACHED.fetch_add(1, Ordering::Relaxed)))
    ///     .on_end(|| drop(ATTACHED.fetch_sub(1, Ordering::Relaxed)))
    ///     .build();
    /// assert_eq!(pool.submit(|| ATTACHED.load(Ordering::Relaxed)).join().unwrap(), 1);
    /// while ATTACHED.load(Ordering::Relaxed) > 0 {
    ///     thread::yield_now();
    /// }
    /// ```
    pub const fn on_end(mut self, code: fn()) -> Self {
        self.0.on_end = Some(code);
        self
    }

    /// Makes the pool. No thread is started yet.
    ///
    /// # Examples
    ///
    /// ```
    /// use pool_core::Pool;
    ///
    /// static API: Pool = Pool::builder().max_workers(8).name("api").build();
    /// assert_eq!(API.stats().threads, 0);
    /// ```
    pub const fn build(self) -> Pool {
        Pool::with(self.0)
    }
}
