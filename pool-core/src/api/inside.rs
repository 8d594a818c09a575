//! What code inside a call can ask and do: `is_cancelled`, `deadline`, `sleep`, `back_off`, `retry`, `pause`.

use crate::base::sync;
use crate::nesting;
use std::time::{Duration, Instant};

/// Tells a call whether its result is still wanted: whether its batch, or any batch around that, was dropped, stopped,
/// or ended early, or whether its time is over.
///
/// Also true inside the input iterator of such a batch: for all functions here an iterator counts as inside a call.
/// False outside calls. The call of a [`Task`](crate::Task) is cancelled by the task's
/// [stop handle](crate::Task::stop_handle) and [guard](crate::Task::cancel_on_drop) only, also if another call submitted
/// it. The time of a call is set by [`timeout`](crate::Map::timeout). Does not block.
///
/// # Examples
///
/// ```
/// use pool_core::{Pool, is_cancelled};
///
/// let pool = Pool::new(2);
/// let batch = pool.map([1, 2, 3], |n| if is_cancelled() { 0 } else { n });
/// assert_eq!(batch.collect::<Vec<_>>(), [1, 2, 3]);
/// assert!(!is_cancelled());
///
/// // These calls would never end, but the first error ends the batch.
/// let endless = |n| loop {
///     match n {
///         0 => return Err("first"),
///         _ if is_cancelled() => return Ok(()),
///         _ => std::thread::yield_now(),
///     }
/// };
/// assert_eq!(pool.map(0..9, endless).collect::<Result<Vec<_>, _>>(), Err("first"));
/// ```
pub fn is_cancelled() -> bool {
    nesting::is_cancelled()
}

/// Returns when the time of the current call is over: for the time-outs of a client, a socket, a lock.
///
/// It is set by the option `timeout` of `#[concurrent]`, or by [`timeout`](crate::Map::timeout) of a batch, and counts
/// from the start of the call. Calls of a nested batch have the deadline of the call around them, if that is sooner
/// than their own. `None` if there is no limit, and outside calls. Does not block.
///
/// After it [`is_cancelled`] is true, and [`sleep`], [`back_off`] and [`retry`] end. **The call itself is not ended**:
/// no thread can be killed from outside. A call that blocks in a client has to give the time that is left to that
/// client.
///
/// # Examples
///
/// ```
/// use pool_core::{Pool, deadline};
/// use std::sync::mpsc::channel;
/// use std::time::{Duration, Instant};
///
/// let receive = |silent| {
///     let (_sender, receiver) = channel::<u8>();
///     let left = deadline().map_or(Duration::MAX, |at| at.saturating_duration_since(Instant::now()));
///     if silent { receiver.recv_timeout(left).ok() } else { Some(7) }
/// };
/// let batch = Pool::new(2).map([false, true], receive).timeout(Duration::from_millis(20));
/// assert_eq!(batch.collect::<Vec<_>>(), [Some(7), None]);
/// assert_eq!(deadline(), None);
/// ```
pub fn deadline() -> Option<Instant> {
    nesting::deadline()
}

/// Sleeps inside a call, and keeps its place in the pool. Returns false as soon as the call [is
/// cancelled](is_cancelled).
///
/// Returns true if the whole time passed, as it always does outside calls. The call counts as running. To let another
/// call run meanwhile, take [`back_off`]; take `sleep` if the call holds something that the cap bounds, such as an open
/// connection.
///
/// # Examples
///
/// ```
/// use pool_core::{Pool, sleep};
/// use std::time::Duration;
///
/// let pool = Pool::new(2);
/// let slept = pool.map([1, 2], |ms| sleep(Duration::from_millis(ms))).collect::<Vec<_>>();
/// assert_eq!(slept, [true, true]);
///
/// // The batch ends with its first error. The other call does not sleep on.
/// let call = |seconds| if seconds > 0 && sleep(Duration::from_secs(seconds)) { Ok(()) } else { Err(seconds) };
/// assert_eq!(pool.map([0, 3600], call).collect::<Result<(), _>>(), Err(0));
/// ```
pub fn sleep(duration: Duration) -> bool {
    match nesting::current_call() {
        Some(call) => call.sleep(sync::after(duration)),
        None => {
            std::thread::sleep(duration);
            true
        }
    }
}

/// Rests inside a call: it gives its place in the pool to another call meanwhile, and then takes the next free one.
///
/// So a few calls that rest for a second do not hold the others up. Returns true if the whole time passed, as it always
/// does outside calls. Returns false as soon as the call [is cancelled](is_cancelled) and has a place again. While the
/// pool is [paused](pause) the rest goes on.
///
/// The input stays in flight, and results in the order of the inputs wait for it: it counts towards the
/// [`buffer`](crate::Map::buffer) of its batch, and towards the batch's own [`max_workers`](crate::Map::max_workers),
/// if that is set. The thread stays, too: a pool has a thread for each call that rests, beside those that run.
///
/// # Deadlocks
///
/// A call must not hold a lock while it rests, if other calls of the pool block on that lock: they may take all places
/// of the pool meanwhile, and then it never goes on. The same holds for a call that waits for a batch on its own pool,
/// if calls of that batch rest. [`sleep`] has no such danger.
///
/// # Examples
///
/// ```
/// use pool_core::{Pool, back_off};
/// use std::time::Duration;
///
/// // With one worker, the second call runs while the first one rests.
/// let (first, second) = (Duration::from_millis(20), Duration::ZERO);
/// let order = Pool::new(1).as_completed([first, second], |rest| {
///     if !rest.is_zero() {
///         assert!(back_off(*rest));
///     }
///     Ok::<_, ()>(())
/// });
/// assert_eq!(order.map(|done| done.index).collect::<Vec<_>>(), [1, 0]);
/// ```
pub fn back_off(duration: Duration) -> bool {
    match nesting::current_call() {
        Some(call) => call.rest(sync::after(duration)),
        None => {
            std::thread::sleep(duration);
            true
        }
    }
}

/// Calls `call` until it succeeds, and [rests](back_off) between the attempts. Blocks.
///
/// `delays` says how long to rest after each failure: an array, `backon`'s `ExponentialBuilder::default().build()`, the
/// strategies of `retry`. There is one attempt more than there are delays.
///
/// `again` is asked after each failure for which a delay is left, with the error and that delay. It returns the delay
/// to rest for: the planned one, or another, such as that of a `Retry-After`. With `None` it gives up. For any error,
/// `|_, delay| Some(delay)` will do.
///
/// Inside a call, no further attempt is made once the call [is cancelled](is_cancelled). Outside calls it sleeps on the
/// current thread.
///
/// # Errors
///
/// Returns the last error, when there is no further delay, `again` gives up, or the call is cancelled.
///
/// # Deadlocks
///
/// As for [`back_off`]: it must not hold a lock that other calls of the pool block on.
///
/// # Examples
///
/// ```
/// use pool_core::retry;
/// use std::sync::atomic::{AtomicUsize, Ordering};
/// use std::time::Duration;
///
/// let attempts = AtomicUsize::new(0);
/// let flaky = || match attempts.fetch_add(1, Ordering::Relaxed) {
///     0 | 1 => Err("503 Service Unavailable"),
///     _ => Ok("200 OK"),
/// };
/// let delays = [1, 2, 4].map(Duration::from_millis);
/// assert_eq!(retry(delays, flaky, |_, delay| Some(delay)), Ok("200 OK"));
///
/// // Some errors are final.
/// let refused = || Err::<(), _>("404 Not Found");
/// let only_server_errors = |error: &&str, delay| error.starts_with('5').then_some(delay);
/// assert_eq!(retry(delays, refused, only_server_errors), Err("404 Not Found"));
/// ```
pub fn retry<T, E>(
    delays: impl IntoIterator<Item = Duration>,
    mut call: impl FnMut() -> Result<T, E>,
    mut again: impl FnMut(&E, Duration) -> Option<Duration>,
) -> Result<T, E> {
    let mut delays = delays.into_iter();
    loop {
        let error = match call() {
            Ok(value) => return Ok(value),
            Err(error) => error,
        };
        let delay = delays.next().and_then(|planned| again(&error, planned));
        match delay {
            Some(delay) if back_off(delay) => {}
            _ => return Err(error),
        }
    }
}

/// Pauses the pool of the current call: until then no call starts on it, and none that rests in [`back_off`] goes on.
///
/// It does not block, and the call that asks runs on. So one call that is told `429 Too Many Requests` holds back all
/// calls of its pool. It is [`Pool::pause_for`](crate::Pool::pause_for), which says more, for code that does not know
/// on which pool it runs.
///
/// Returns false outside calls, and where `pause_for` does.
///
/// # Examples
///
/// ```
/// use pool_core::{Pool, pause};
/// use std::time::{Duration, Instant};
///
/// let (pool, begun) = (Pool::new(2), Instant::now());
/// let retry_after = Duration::from_millis(50);
/// assert!(pool.submit(move || pause(retry_after)).join().unwrap());
/// let started = pool.submit(Instant::now).join().unwrap();
/// assert!(started.duration_since(begun) >= retry_after);
/// assert!(!pause(retry_after));
/// ```
pub fn pause(duration: Duration) -> bool {
    nesting::current_call().is_some_and(|call| call.crew.pause(sync::after(duration)))
}
