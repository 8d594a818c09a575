//! Per-thread counters and [`Stats`].

use crate::base::sync::{AtomicUsize, Mutex, Ordering};
use std::sync::Arc;

/// The counters of a pool.
#[derive(Default)]
pub(crate) struct Counters {
    tallies: Mutex<Tallies>,
    /// How many calls are abandoned and have not ended.
    abandoned: AtomicUsize,
}

impl Counters {
    /// The counters of one more thread.
    pub(crate) fn new_tally(&self) -> Arc<Tally> {
        let tally = Arc::new(Tally::default());
        let mut tallies = self.tallies.lock();
        if tallies.of_threads.len() >= tallies.many {
            tallies.sum_up();
        }
        tallies.of_threads.push(Arc::clone(&tally));
        tally
    }

    /// Counts a call that has ended elsewhere.
    pub(crate) fn count_sent(&self, panicked: bool) {
        self.tallies.lock().of_ended.count(panicked);
    }

    /// Counts one call more or less as abandoned.
    pub(crate) fn count_abandoned(&self, by: isize) {
        self.abandoned.fetch_add(by as usize, Ordering::Relaxed);
    }

    /// What they say of a pool of which `away` calls have given their permit up. The caller knows the rest.
    pub(super) fn stats(&self, away: usize) -> Stats {
        let sum = Tally::default();
        {
            let tallies = self.tallies.lock();
            sum.add(&tallies.of_ended);
            tallies.of_threads.iter().for_each(|tally| sum.add(tally));
        }
        let resting = sum.resting.load(Ordering::Relaxed);
        Stats {
            max_workers: 0,
            threads: 0,
            running: sum.running.load(Ordering::Relaxed),
            // A call that is about to rest counts as resting before it gives its permit up: it may hide one that waits.
            waiting: away.saturating_sub(resting),
            resting,
            paused: false,
            abandoned: self.abandoned.load(Ordering::Relaxed),
            completed: sum.completed.load(Ordering::Relaxed),
            panicked: sum.panicked.load(Ordering::Relaxed),
        }
    }
}

#[derive(Default)]
struct Tallies {
    /// Those of the living threads, and of some that have ended.
    of_threads: Vec<Arc<Tally>>,
    /// The sum of those that are not in the list any more.
    of_ended: Tally,
    /// With so many in the list it is worthwhile to look for those of ended threads: twice as many as were left the
    /// last time. So many threads can start one after the other without a look at all of them each time.
    many: usize,
}

impl Tallies {
    /// Takes the tallies of ended threads out of the list.
    fn sum_up(&mut self) {
        for tally in std::mem::take(&mut self.of_threads) {
            // A thread that has ended left its tally to this list alone.
            match Arc::try_unwrap(tally) {
                Ok(ended) => self.of_ended.add(&ended),
                Err(tally) => self.of_threads.push(tally),
            }
        }
        self.many = 2 * self.of_threads.len().max(4);
    }
}

/// The counters of one thread. Only that thread writes them, and any thread may read them. They have cache lines of
/// their own, since every call writes them.
#[derive(Default)]
#[repr(align(128))]
pub(crate) struct Tally {
    completed: AtomicUsize,
    panicked: AtomicUsize,
    running: AtomicUsize,
    resting: AtomicUsize,
}

impl Tally {
    /// Sets how many calls run on this thread, none or one, and returns the number before.
    #[inline]
    pub(crate) fn set_running(&self, calls: usize) -> usize {
        let before = self.running.load(Ordering::Relaxed);
        self.running.store(calls, Ordering::Relaxed);
        before
    }

    /// Whether a call of this thread rests in [`back_off`](crate::back_off).
    pub(crate) fn set_resting(&self, rests: bool) {
        self.resting.store(usize::from(rests), Ordering::Relaxed);
    }

    /// Counts a call that has ended. The result is filed under a lock after that, so the consumer that takes the result
    /// sees the count.
    #[inline]
    pub(crate) fn count(&self, panicked: bool) {
        bump(&self.completed, 1);
        bump(&self.panicked, usize::from(panicked));
    }

    fn add(&self, other: &Tally) {
        bump(&self.completed, other.completed.load(Ordering::Relaxed));
        bump(&self.panicked, other.panicked.load(Ordering::Relaxed));
        bump(&self.running, other.running.load(Ordering::Relaxed));
        bump(&self.resting, other.resting.load(Ordering::Relaxed));
    }
}

/// Needs no read-modify-write, since a counter has one writer.
fn bump(counter: &AtomicUsize, by: usize) {
    counter.store(counter.load(Ordering::Relaxed).wrapping_add(by), Ordering::Relaxed);
}

/// What a [`Pool`](crate::Pool) is doing and has done, at the moment of asking.
///
/// # Examples
///
/// ```
/// let pool = pool_core::Pool::new(4);
/// let lengths: Vec<usize> = pool.map(["a", "bb"], str::len).collect();
/// assert_eq!(lengths, [1, 2]);
/// assert_eq!(pool.stats().completed, 2);
/// assert_eq!(pool.stats().running, 0);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// The cap.
    pub max_workers: usize,
    /// The threads that are alive, idle ones too, and those that are being started. One that cannot be started counts
    /// until the system has refused it.
    pub threads: usize,
    /// The calls that run at this moment; a call that waits for a batch of its own is not running.
    pub running: usize,
    /// The calls that have given their place in the pool up: they wait for a batch or a task, or for a place again.
    pub waiting: usize,
    /// The calls that have given their place up and rest in [`back_off`](crate::back_off).
    pub resting: usize,
    /// The calls that were [abandoned](crate::AsCompleted::abandon_after) and have not ended: each keeps its place.
    pub abandoned: usize,
    /// Whether the pool is [paused](crate::Pool::pause_for).
    pub paused: bool,
    /// The calls that have ended, those that panicked too. A call is counted before its result can be seen.
    pub completed: usize,
    /// The calls that have panicked.
    pub panicked: usize,
}

#[cfg(all(test, not(any(pool_loom, pool_shuttle))))]
mod tests {
    use super::Counters;

    #[test]
    fn tallies_of_ended_threads_leave_the_list_and_still_count() {
        let counters = Counters::default();
        let living: Vec<_> = (0..10).map(|_| counters.new_tally()).collect();
        (0..1_000).for_each(|_| counters.new_tally().count(false));
        living.iter().for_each(|tally| tally.count(true));
        let stats = counters.stats(0);
        assert_eq!((stats.completed, stats.panicked), (1_010, 10));
        assert!(counters.tallies.lock().of_threads.len() <= 2 * living.len() + 1);
    }
}
