//! `Pool` and `PoolBuilder`.

use crate::base::config::{self, Config};
use crate::base::sync;
use crate::nesting::{self, Away};
use crate::threads::counters::Stats;
use crate::threads::crew::Crew;
use std::fmt;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

/// The workers behind one or more functions, and the cap that holds for all of them together.
///
/// A pool is a handle: batches and tasks keep what they need of it. Dropping it never blocks; what was handed in
/// finishes, and its threads end after that. Threads are started only when there is work for them and end after a
/// while without work.
///
/// At most `max_workers` calls run at any instant, over all batches, threads and functions that share the pool. A
/// call that waits for a batch or a task of its own is not running: it keeps its thread, and another call may run
/// meanwhile.
///
/// # Deadlocks
///
/// A call may hold a lock while it waits for a batch on its **own** pool, though other calls of the pool block on
/// that lock. It must not hold one while it waits for a batch of **another** pool: calls of its own pool that block
/// on the lock may fill the cap meanwhile, and then it never goes on.
///
/// # Examples
///
/// ```
/// use pool_core::Pool;
///
/// static API: Pool = Pool::new(8);
///
/// let lengths: Vec<usize> = API.map(["a", "bb"], str::len).collect();
/// assert_eq!(lengths, [1, 2]);
/// ```
///
/// A cap of 0 does not compile in a `static`:
///
/// ```compile_fail,E0080
/// static NONE: pool_core::Pool = pool_core::Pool::new(0);
/// ```
pub struct Pool {
    config: Config,
    crews: Crews,
}

/// The crew of this process. Made when it is first needed, since only the configuration can be built in a constant.
struct Crews {
    crew: OnceLock<Arc<Crew>>,
    /// The crew of a child after `fork`, which has none of its parent's threads.
    child: OnceLock<Box<Crews>>,
}

impl Crews {
    const fn new() -> Self {
        Self { crew: OnceLock::new(), child: OnceLock::new() }
    }

    fn here(&self, config: &Config) -> &Arc<Crew> {
        let crew = self.crew.get_or_init(|| Crew::new(*config));
        if crew.is_here() {
            crew
        } else {
            self.child.get_or_init(|| Box::new(Self::new())).here(config)
        }
    }
}

impl Pool {
    /// Makes a pool that runs at most `max_workers` calls at once. The rest is as [`builder`](Self::builder) has it
    /// by default.
    ///
    /// # Panics
    ///
    /// Panics if `max_workers` is 0, while compiling where it can.
    ///
    /// # Examples
    ///
    /// ```
    /// let pool = pool_core::Pool::new(2);
    /// assert_eq!(pool.max_workers(), 2);
    /// // No thread is started before there is work.
    /// assert_eq!(pool.stats().threads, 0);
    /// ```
    #[track_caller]
    pub const fn new(max_workers: usize) -> Self {
        Self::builder().max_workers(max_workers).build()
    }

    /// Starts with the defaults: `min(32, available_parallelism + 4)` workers, which are named `pool` and end after
    /// 10 s without work.
    ///
    /// # Examples
    ///
    /// ```
    /// use pool_core::Pool;
    /// use std::time::Duration;
    ///
    /// static DISK: Pool = Pool::builder().max_workers(4).name("disk").keep_alive(Duration::from_secs(1)).build();
    ///
    /// let name = DISK.submit(|| std::thread::current().name().map(str::to_owned)).join().unwrap();
    /// assert_eq!(name.as_deref(), Some("disk-0"));
    /// ```
    pub const fn builder() -> PoolBuilder {
        PoolBuilder(Config::new())
    }

    /// Returns the cap: how many calls run at once, at most.
    ///
    /// # Examples
    ///
    /// ```
    /// use pool_core::Pool;
    ///
    /// assert_eq!(Pool::new(3).max_workers(), 3);
    /// assert!((1..=32).contains(&Pool::default().max_workers()));
    /// ```
    pub fn max_workers(&self) -> usize {
        self.crew().cap()
    }

    /// Changes the cap, also while calls run. Does not block.
    ///
    /// If it is lowered, the calls that run finish, and so do the batches that they run on this pool. Until then more
    /// calls may run than the new cap allows. Threads beyond it end after that.
    ///
    /// # Panics
    ///
    /// Panics if `max_workers` is 0.
    ///
    /// # Examples
    ///
    /// ```
    /// let pool = pool_core::Pool::new(4);
    /// pool.set_max_workers(2);
    /// assert_eq!(pool.max_workers(), 2);
    /// ```
    #[track_caller]
    pub fn set_max_workers(&self, max_workers: usize) {
        self.crew().set_cap(config::at_least_one("max_workers", max_workers).get());
    }

    /// Returns what the pool is doing and has done.
    ///
    /// # Examples
    ///
    /// ```
    /// let pool = pool_core::Pool::new(2);
    /// assert!(pool.submit(|| -> u8 { panic!("broken") }).join().is_err());
    /// let stats = pool.stats();
    /// assert_eq!((stats.completed, stats.panicked, stats.running), (1, 1, 0));
    /// ```
    pub fn stats(&self) -> Stats {
        let crew = self.crew();
        crew.tallied().stats(crew.cap(), crew.threads())
    }

    /// Blocks until no batch or task has anything left to run, at most for `timeout`, and tells whether that is so.
    ///
    /// A batch that was not started has nothing to run, and results that were not taken do not matter. But a started
    /// batch whose buffer is full has inputs left: it has to be read or dropped first. `Duration::MAX` is for ever.
    ///
    /// Inside a call of this pool it returns false at once, since that call still runs.
    ///
    /// # Deadlocks
    ///
    /// A call of another pool for which a call of this one waits does not count as one of this pool's own: there it
    /// blocks until `timeout`.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let pool = pool_core::Pool::new(4);
    /// drop(pool.submit(|| println!("in the background")));
    /// assert!(pool.wait_idle(Duration::from_secs(60)));
    /// assert_eq!(pool.stats().completed, 1);
    /// ```
    pub fn wait_idle(&self, timeout: Duration) -> bool {
        let crew = self.crew();
        if nesting::has_entered(&crew) {
            return false;
        }
        let deadline = sync::after(timeout);
        crew.wait_idle(Some(Instant::now())) || {
            let away = Away::begin();
            away.iter().for_each(|call| call.give_up().pass_on());
            crew.wait_idle(deadline)
        }
    }

    pub(crate) const fn with(config: Config) -> Self {
        Self { config, crews: Crews::new() }
    }

    pub(crate) fn crew(&self) -> Arc<Crew> {
        Arc::clone(self.crews.here(&self.config))
    }
}

// No panic leaves a pool half changed: code of the user runs under none of its locks.
impl UnwindSafe for Pool {}
impl RefUnwindSafe for Pool {}

impl Default for Pool {
    fn default() -> Self {
        Self::builder().build()
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        if self.crews.crew.get().is_some() {
            self.crews.here(&self.config).dismiss();
        }
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool").field("name", &self.config.name).finish_non_exhaustive()
    }
}

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
    /// Calls do not run on threads of the pool alone: a call that waits for a batch of its own runs calls of that batch,
    /// and so does whoever waits if no thread can be started. A consumer outside of the pool gets no `on_start`.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::cell::Cell;
    ///
    /// thread_local! { static ATTACHED: Cell<bool> = const { Cell::new(false) } }
    ///
    /// static JAVA: pool_core::Pool = pool_core::Pool::builder().max_workers(4).on_start(|| ATTACHED.set(true)).build();
    /// assert!(JAVA.submit(|| ATTACHED.get()).join().unwrap());
    /// ```
    pub const fn on_start(mut self, code: fn()) -> Self {
        self.0.on_start = Some(code);
        self
    }

    /// Runs `code` on each thread after its last call, when the thread ends: after `keep_alive` without work, or after
    /// the last call of a dropped pool.
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

#[cfg(all(test, not(any(pool_loom, pool_shuttle))))]
mod tests {
    use super::Pool;
    use std::sync::Arc;

    #[test]
    fn a_pool_that_could_start_no_thread_leaves_nothing_behind() {
        let uses: [fn(Pool); 4] = [
            |pool| assert_eq!(pool.submit(|| 1).join().unwrap(), 1),
            |pool| assert_eq!(pool.map([1, 2], |n| n).collect::<Vec<_>>(), [1, 2]),
            |pool| {
                let batch = pool.map([1, 2], |n| n).start();
                drop(pool);
                assert_eq!(batch.collect::<Vec<_>>(), [1, 2]);
            },
            |pool| {
                let batch = pool.map([1, 2], |n| n).start();
                drop((pool, batch));
            },
        ];
        for (number, pass) in uses.into_iter().enumerate() {
            let pool = Pool::builder().stack_size(isize::MAX as usize).build();
            let crew = Arc::downgrade(&pool.crew());
            pass(pool);
            assert_eq!(crew.strong_count(), 0, "after use {number}");
        }
    }
}
