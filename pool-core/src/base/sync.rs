//! Locks, atomics, threads, parking and deadlines: those of the standard library, or those of a model checker.
//!
//! The engine takes all of them from here, so a model runs the very code that ships.
//!
//! Under a model the clock stands still: a deadline is either past or never reached. So a model chooses with a
//! `keep_alive` of zero that idle threads retire, and with one of an hour that they wait.

#[cfg(not(any(pool_loom, pool_shuttle)))]
mod imp {
    use std::io;
    use std::sync::LazyLock;
    pub(crate) use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
    use std::thread;
    pub(crate) use std::thread_local;
    use std::time::{Duration, Instant};

    /// A lock without poisoning: no code of the user runs under any lock of this crate.
    #[derive(Debug, Default)]
    pub(crate) struct Mutex<T>(std::sync::Mutex<T>);

    pub(crate) type MutexGuard<'a, T> = std::sync::MutexGuard<'a, T>;

    impl<T> Mutex<T> {
        pub(crate) fn new(value: T) -> Self {
            Self(std::sync::Mutex::new(value))
        }

        pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
            self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
        }

        pub(crate) fn get_mut(&mut self) -> &mut T {
            self.0.get_mut().unwrap_or_else(std::sync::PoisonError::into_inner)
        }
    }

    #[derive(Default)]
    pub(crate) struct Condvar(std::sync::Condvar);

    impl Condvar {
        /// Blocks until notified or until `deadline`; may return early for no reason.
        pub(crate) fn wait<'a, T>(
            &self,
            guard: MutexGuard<'a, T>,
            deadline: Option<Instant>,
        ) -> MutexGuard<'a, T> {
            match deadline {
                None => self.0.wait(guard).unwrap_or_else(std::sync::PoisonError::into_inner),
                Some(at) => {
                    let left = at.saturating_duration_since(Instant::now());
                    self.0
                        .wait_timeout(guard, left)
                        .unwrap_or_else(std::sync::PoisonError::into_inner)
                        .0
                }
            }
        }

        pub(crate) fn notify_all(&self) {
            self.0.notify_all();
        }
    }

    /// Wakes one thread from [`park`].
    #[derive(Clone, Debug)]
    pub(crate) struct Unparker(thread::Thread);

    impl Unparker {
        pub(crate) fn current() -> Self {
            Self(thread::current())
        }

        pub(crate) fn unpark(&self) {
            self.0.unpark();
        }
    }

    /// Blocks for `duration`, or until unparked or until `deadline`; may return early for no reason.
    pub(crate) fn nap(duration: Duration, deadline: Option<Instant>) {
        let end = Instant::now() + duration;
        park(Some(deadline.map_or(end, |deadline| deadline.min(end))));
    }

    /// Blocks until unparked or until `deadline`; may return early for no reason.
    pub(crate) fn park(deadline: Option<Instant>) {
        match deadline {
            None => thread::park(),
            Some(at) => thread::park_timeout(at.saturating_duration_since(Instant::now())),
        }
    }

    pub(crate) fn past(deadline: Option<Instant>) -> bool {
        deadline.is_some_and(|at| at <= Instant::now())
    }

    pub(crate) fn spawn(
        name: String,
        stack_size: Option<usize>,
        body: impl FnOnce() + Send + 'static,
    ) -> io::Result<()> {
        let mut builder = thread::Builder::new().name(name);
        if let Some(bytes) = stack_size {
            builder = builder.stack_size(bytes);
        }
        builder.spawn(body).map(drop)
    }

    /// Lets some 400 ns pass.
    pub(crate) fn spin() {
        (0..32).for_each(|_| std::hint::spin_loop());
    }

    pub(crate) fn yield_now() {
        thread::yield_now();
    }

    /// Gives the core to a thread that waits for it, and says whether that was worthwhile.
    ///
    /// It was not if the core came back late. Then a busy thread shares the core and takes a whole time slice at each
    /// yield. So this function yields no more for a while.
    pub(crate) fn step_aside() -> bool {
        /// The moment from which `UNTIL` counts.
        static BEGINNING: LazyLock<Instant> = LazyLock::new(Instant::now);
        /// Before this microsecond no call yields.
        static UNTIL: AtomicUsize = AtomicUsize::new(0);
        /// For so many microseconds no call yields after the next late return.
        static PENALTY: AtomicUsize = AtomicUsize::new(PENALTIES.0);
        const PENALTIES: (usize, usize) = (20_000, 1_000_000);
        const LATE: usize = 100;

        let now = || BEGINNING.elapsed().as_micros() as usize;
        let begun = now();
        super::seeded!("core-given-away-at-each-look" => { thread::yield_now(); return true });
        // Relaxed: a slightly wrong time does no harm.
        if begun < UNTIL.load(Ordering::Relaxed) {
            return false;
        }
        thread::yield_now();
        let ended = now();
        let late = ended.saturating_sub(begun) > LATE;
        let penalty = PENALTY.load(Ordering::Relaxed);
        if late {
            UNTIL.store(ended.saturating_add(penalty), Ordering::Relaxed);
            PENALTY.store((2 * penalty).min(PENALTIES.1), Ordering::Relaxed);
        } else if penalty > PENALTIES.0 {
            // A thousand returns in time outweigh a late one.
            PENALTY.store((penalty - penalty / 1024).max(PENALTIES.0), Ordering::Relaxed);
        }
        !late
    }

    /// Whether a measurement of time holds. A model has no clock and decides this itself.
    pub(crate) fn measured(measure: impl FnOnce() -> bool) -> bool {
        measure()
    }
}

#[cfg(any(pool_loom, pool_shuttle))]
mod imp {
    use std::io;
    use std::sync::Arc;
    use std::time::{Duration, Instant};

    #[cfg(pool_loom)]
    use loom as checker;
    #[cfg(pool_shuttle)]
    use shuttle as checker;

    pub(crate) use checker::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
    use checker::thread;
    #[cfg(pool_shuttle)]
    pub(crate) use checker::thread_local;

    /// Loom's own macro does not accept `const`.
    #[cfg(pool_loom)]
    macro_rules! local {
        ($(#[$attribute:meta])* static $name:ident: $type:ty = const $value:block;) => {
            loom::thread_local! { $(#[$attribute])* static $name: $type = $value; }
        };
    }
    #[cfg(pool_loom)]
    pub(crate) use local as thread_local;

    #[derive(Debug)]
    pub(crate) struct Mutex<T>(checker::sync::Mutex<T>);

    pub(crate) type MutexGuard<'a, T> = checker::sync::MutexGuard<'a, T>;

    impl<T> Mutex<T> {
        pub(crate) fn new(value: T) -> Self {
            Self(checker::sync::Mutex::new(value))
        }

        pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
            self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
        }

        pub(crate) fn get_mut(&mut self) -> &mut T {
            self.0.get_mut().unwrap_or_else(std::sync::PoisonError::into_inner)
        }
    }

    impl<T: Default> Default for Mutex<T> {
        fn default() -> Self {
            Self::new(T::default())
        }
    }

    #[derive(Default)]
    pub(crate) struct Condvar(checker::sync::Condvar);

    impl Condvar {
        pub(crate) fn wait<'a, T>(
            &self,
            guard: MutexGuard<'a, T>,
            deadline: Option<Instant>,
        ) -> MutexGuard<'a, T> {
            if past(deadline) {
                return guard;
            }
            self.0.wait(guard).unwrap_or_else(std::sync::PoisonError::into_inner)
        }

        pub(crate) fn notify_all(&self) {
            self.0.notify_all();
        }
    }

    /// Built on a lock, since loom's own `park` forgets an `unpark` that comes while the thread is blocked elsewhere.
    #[derive(Clone)]
    pub(crate) struct Unparker(Arc<(Mutex<bool>, Condvar)>);

    checker::thread_local! {
        static UNPARKER: Unparker = Unparker(Arc::new((Mutex::new(false), Condvar::default())));
    }

    impl Unparker {
        pub(crate) fn current() -> Self {
            UNPARKER.with(Clone::clone)
        }

        pub(crate) fn unpark(&self) {
            *self.0.0.lock() = true;
            self.0.1.notify_all();
        }
    }

    pub(crate) fn nap(_: Duration, _: Option<Instant>) {
        thread::yield_now();
    }

    pub(crate) fn park(deadline: Option<Instant>) {
        let Unparker(own) = Unparker::current();
        let mut token = own.0.lock();
        while !*token && !past(deadline) {
            token = own.1.wait(token, deadline);
        }
        *token = false;
    }

    pub(crate) fn past(deadline: Option<Instant>) -> bool {
        deadline.is_some_and(|at| at <= Instant::now())
    }

    pub(crate) fn spawn(
        name: String,
        stack_size: Option<usize>,
        body: impl FnOnce() + Send + 'static,
    ) -> io::Result<()> {
        if stack_size == Some(usize::MAX) {
            return Err(io::ErrorKind::OutOfMemory.into());
        }
        #[cfg(pool_loom)]
        match super::STARTS.get().checked_sub(1) {
            Some(left) => super::STARTS.set(left),
            None => return Err(io::ErrorKind::OutOfMemory.into()),
        }
        thread::Builder::new().name(name).spawn(body).map(drop)
    }

    pub(crate) fn spin() {
        thread::yield_now();
    }

    pub(crate) fn yield_now() {
        thread::yield_now();
    }

    pub(crate) fn step_aside() -> bool {
        thread::yield_now();
        true
    }

    #[cfg(pool_loom)]
    pub(crate) fn measured(_: impl FnOnce() -> bool) -> bool {
        super::FAST.get()
    }

    #[cfg(pool_shuttle)]
    pub(crate) fn measured(_: impl FnOnce() -> bool) -> bool {
        shuttle::rand::Rng::gen_bool(&mut shuttle::rand::thread_rng(), 0.25)
    }
}

pub(crate) use imp::*;

#[cfg(pool_loom)]
std::thread_local! {
    /// Whether inputs run fast, in the model that this thread checks.
    pub(crate) static FAST: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };

    /// How many threads that model can still start.
    pub(crate) static STARTS: std::cell::Cell<usize> = const { std::cell::Cell::new(usize::MAX) };
}

/// Puts a known defect back, so that a model or a test has to fail.
///
/// The statement runs before the correct code that follows it, if the environment variable `SEEDED` names the defect.
/// Without one of the three `cfg`s nothing of it is compiled.
macro_rules! seeded {
    ($name:literal => $defect:expr) => {
        #[cfg(any(pool_loom, pool_shuttle, pool_seeded))]
        #[allow(
            unreachable_code,
            clippy::diverging_sub_expression,
            reason = "a defect leaves early"
        )]
        if $crate::base::sync::is_seeded($name) {
            $defect;
        }
    };
}
pub(crate) use seeded;

#[cfg(any(pool_loom, pool_shuttle, pool_seeded))]
pub(crate) fn is_seeded(name: &str) -> bool {
    static SEEDED: std::sync::OnceLock<String> = std::sync::OnceLock::new();
    SEEDED.get_or_init(|| std::env::var("SEEDED").unwrap_or_default()) == name
}

/// The sooner of two deadlines.
pub(crate) fn sooner(
    one: Option<std::time::Instant>,
    other: Option<std::time::Instant>,
) -> Option<std::time::Instant> {
    one.into_iter().chain(other).min()
}

/// The moment `duration` from now, or `None` if the clock does not reach so far. As a deadline `None` means never.
pub(crate) fn after(duration: std::time::Duration) -> Option<std::time::Instant> {
    std::time::Instant::now().checked_add(duration)
}
