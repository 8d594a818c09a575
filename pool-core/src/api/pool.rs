//! `Pool`, the workers behind functions.

use crate::api::pool_builder::PoolBuilder;
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
/// on the lock may fill the cap meanwhile, and then it never goes on. The same holds for a call that rests in
/// [`back_off`](crate::back_off), and for one that waits for a batch whose calls rest or
/// [are abandoned](crate::AsCompleted::abandon_after).
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
        PoolBuilder::new()
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
    /// calls may run than the new cap allows. Threads beyond it end after that. If it is raised, a batch whose
    /// [`buffer`](crate::Map::buffer) is full starts further calls when one of its calls ends or a result is taken.
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
        self.crew().stats()
    }

    /// Blocks until no batch or task has anything left to run, at most for `timeout`, and tells whether that is so.
    ///
    /// A batch that was not started has nothing to run, and results that were not taken do not matter. But a started
    /// batch whose buffer is full has inputs left: it has to be read or dropped first. So has a started batch on a
    /// [`Feed`](crate::Feed), until its consumer has seen the end. `Duration::MAX` is for ever.
    ///
    /// Inside a call of this pool it returns false at once, since that call still runs.
    ///
    /// # Deadlocks
    ///
    /// A call of another pool is no call of this one, even if a call of this pool waits for it. There `wait_idle`
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

    /// Starts no call on this pool for `duration`, when the other side asks for a rest. Does not block.
    ///
    /// Calls that run go on, and so do calls that wait for a batch or a task, once their results are there. A call that
    /// rests in [`back_off`](crate::back_off) does not go on before. A call that was about to start may still do so.
    /// Consumers wait as ever, with their time-outs, and a batch can be stopped or dropped.
    ///
    /// A later pause extends the one before, and never shortens it. `Duration::MAX` has no end of its own. A pause ends
    /// at its time, with [`resume`](Self::resume), or when the `Pool` is dropped. No thread polls: one sleeps until
    /// then.
    ///
    /// Returns false if that thread could not be started: then the pool is not paused. Also false for a
    /// [`pause`](crate::pause) without an end after the `Pool` was dropped: nothing could end it.
    ///
    /// # Examples
    ///
    /// ```
    /// use pool_core::{Pool, Timeout};
    /// use std::time::Duration;
    ///
    /// let pool = Pool::new(4);
    /// assert!(pool.pause_for(Duration::MAX));
    /// let mut batch = pool.map([1, 2], |n| n);
    /// assert_eq!(batch.next_timeout(Duration::from_millis(10)), Err(Timeout));
    /// assert!(pool.stats().paused);
    ///
    /// pool.resume();
    /// assert_eq!(batch.next(), Some(1));
    /// ```
    pub fn pause_for(&self, duration: Duration) -> bool {
        self.crew().pause(sync::after(duration))
    }

    /// Ends a pause, from [`pause_for`](Self::pause_for) or [`pause`](crate::pause). Without one it does nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let pool = pool_core::Pool::new(1);
    /// pool.pause_for(Duration::from_secs(3600));
    /// let task = pool.submit(|| 7);
    /// pool.resume();
    /// assert_eq!(task.join().unwrap(), 7);
    /// ```
    pub fn resume(&self) {
        self.crew().resume();
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
