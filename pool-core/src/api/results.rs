//! `Results`, and what a consumer does until the next result is there: it helps, gives its permit up, stands in for
//! threads, waits.

use crate::api::error::Timeout;
use crate::base::pace;
use crate::base::sync::{self, seeded};
use crate::batch::{Ask, Consumer, Polled};
use crate::nesting::waiter::Waiter;
use crate::nesting::{self, Away};
use std::fmt;
use std::iter::FusedIterator;
use std::time::{Duration, Instant};

/// The results of a batch that may borrow, as an iterator that cannot leave the closure it is lent to.
///
/// Made by [`Map::scope`](crate::Map::scope) and [`AsCompleted::scope`](crate::AsCompleted::scope). `next` blocks
/// until a result is there.
///
/// # Panics
///
/// `next` goes on with a panic of the input iterator and, from [`Map`](crate::Map), with that of a call.
///
/// # Examples
///
/// ```
/// use pool_core::Pool;
///
/// let words = vec![String::from("to"), String::from("wait")];
/// let longest = Pool::new(2).map(&words, |word| word.len()).scope(|results| results.max());
/// assert_eq!(longest, Some(4));
/// ```
#[must_use = "iterators are lazy"]
pub struct Results<'a, T> {
    consumer: Consumer<'a, T>,
    eager: bool,
}

impl<'a, T> Results<'a, T> {
    /// The results for a loop, in which one result may be what the input iterator waits for.
    pub(crate) fn one_by_one(consumer: Consumer<'a, T>) -> Self {
        Self { consumer, eager: false }
    }

    /// The results for a consumer that only gathers them. Waits for the first ones: of a batch that has just been
    /// started it is the consumer that sees to it that calls begin.
    pub(crate) fn all(mut consumer: Consumer<'a, T>) -> Self {
        // Without a deadline nothing is ever too late.
        let _ = fetch(&mut consumer, true, None);
        Self { consumer, eager: true }
    }

    /// Waits at most `wait` for the next result; `Ok(None)` is the end.
    ///
    /// A wait of zero takes what is there; one of `Duration::MAX` is for ever. Inside a call of the batch's own pool
    /// the wait may take an input of the batch and run it. Then it lasts at least as long as that input and its call
    /// do.
    ///
    /// # Panics
    ///
    /// As `next` does.
    ///
    /// # Errors
    ///
    /// Returns [`Timeout`] if none is there by then. Nothing is lost: ask again.
    ///
    /// # Deadlocks
    ///
    /// As for [`Map::next_timeout`](crate::Map::next_timeout): inside a call, a loop over waits of zero makes way for
    /// no other call.
    ///
    /// # Examples
    ///
    /// ```
    /// use pool_core::Pool;
    /// use std::time::Duration;
    ///
    /// let total = Pool::new(2).map([1, 2], |n| n).scope(|results| {
    ///     let mut total = 0;
    ///     while let Some(n) = results.next_timeout(Duration::from_secs(60))? {
    ///         total += n;
    ///     }
    ///     Ok::<_, pool_core::Timeout>(total)
    /// });
    /// assert_eq!(total, Ok(3));
    /// ```
    pub fn next_timeout(&mut self, wait: Duration) -> Result<Option<T>, Timeout> {
        next(&mut self.consumer, self.eager, sync::after(wait))
    }
}

impl<T> Iterator for Results<'_, T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        next(&mut self.consumer, self.eager, None).unwrap_or(None)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let (lower, upper) = self.consumer.size_hint();
        // A collection may reserve room for as many as the inputs claim to be.
        (if self.eager { lower.min(modest::<T>()) } else { lower }, upper)
    }
}

impl<T> FusedIterator for Results<'_, T> {}

impl<T> fmt::Debug for Results<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Results").finish_non_exhaustive()
    }
}

/// How many results are worth room before they are there: 16 MiB of them.
fn modest<T>() -> usize {
    (16 << 20) / size_of::<T>().max(1)
}

/// Waits for the next result. `None` as `deadline` is for ever.
#[inline]
pub(crate) fn next<T>(
    consumer: &mut Consumer<'_, T>,
    eager: bool,
    deadline: Option<Instant>,
) -> Result<Option<T>, Timeout> {
    if !consumer.has_fetched() {
        fetch(consumer, eager, deadline)?;
    }
    match consumer.fetched() {
        Some(Ok(result)) => Ok(Some(result)),
        Some(Err(payload)) => consumer.raise(payload),
        None => Ok(None),
    }
}

/// Waits until results are fetched, or there are no more.
#[inline(never)]
fn fetch<T>(
    consumer: &mut Consumer<'_, T>,
    eager: bool,
    deadline: Option<Instant>,
) -> Result<(), Timeout> {
    let crew = consumer.crew;
    let own = nesting::is_inside(crew);
    // The call that waits, from its first wait on until it goes on with a permit.
    let mut away: Option<Away> = None;
    // A call goes on before its worker takes a new input: it must not look away from that.
    let mut stage = match consumer.lot.fast {
        _ if nesting::is_in_a_call() => Stage::Tired,
        true => Stage::Looks(0),
        false => Stage::First,
    };
    // The pool is paused: a call of it must not run an input, and keeps its permit until it may.
    let mut held = false;
    loop {
        let is_late = sync::past(deadline);
        let patient = matches!(stage, Stage::Looks(_) | Stage::Shared) && !is_late;
        let may_help = own && !held && away.as_ref().is_none_or(Away::is_back);
        let call = away.as_ref().filter(|_| !is_late && !held);
        let waiter = || match &away {
            Some(call) if !held => call.waiter(),
            _ => Waiter::current(),
        };
        let ask = Ask { eager, may_help, call, patient };
        match consumer.poll(&ask, &mut |place| place.replace(waiter())) {
            Polled::Fetched => {
                consumer.lot.fast = patient;
                return Ok(());
            }
            Polled::Ended(payload) => {
                drop(away);
                match payload.or_else(|| consumer.source.close(false)) {
                    Some(payload) => consumer.raise(payload),
                    None => return Ok(()),
                }
            }
            Polled::LeftToOverdue => {
                away = None;
                consumer.source.find_end();
            }
            Polled::Help if crew.is_paused() => {
                // It does not count as running meanwhile.
                if away.is_none() {
                    away = Away::begin();
                }
                held = true;
            }
            Polled::Help => {
                away = None;
                seeded!("way-made-before-helping" => {
                    if crew.permit_is_wanted() {
                        let call = Away::begin().expect("a call that helps");
                        call.give_up().pass_on();
                    }
                });
                // The permit is this call's own.
                consumer.source.help(eager);
            }
            Polled::Unserved if held => {}
            Polled::Unserved => {
                // A guest of one pool that kept its permit of another could wait there for itself.
                if away.is_none() {
                    away = Away::begin();
                }
                away.iter().for_each(|call| call.give_up().pass_on());
                if !crew.as_guest(|| consumer.source.help(eager)) {
                    consumer.source.call_worker();
                }
            }
            Polled::Pending { .. } if is_late => return Err(Timeout),
            Polled::Pending { .. } if held => {
                held = crew.hold().is_some_and(|_held| {
                    sync::park(deadline);
                    crew.is_paused()
                });
            }
            Polled::Pending { fast: true, .. } if stage == Stage::First => stage = Stage::Looks(0),
            Polled::Pending { fast: false, .. } if patient => {
                consumer.lot.fast = false;
                stage = Stage::Tired;
            }
            Polled::Pending { look, .. } => {
                match stage {
                    Stage::Looks(look) if look < consumer.lot.looks() => {
                        let again = pace::pause(look);
                        stage = if again { Stage::Looks(look + 1) } else { Stage::Shared };
                        continue;
                    }
                    _ => {}
                }
                assert!(crew.is_here(), "{FORKED}");
                if away.is_none() {
                    away = Away::begin();
                    if away.is_some() {
                        // Asks again as a call, which gives its permit up if there is nothing to run.
                        continue;
                    }
                }
                if matches!(stage, Stage::Looks(_) | Stage::Shared) {
                    sync::nap(consumer.lot.nap(stage == Stage::Shared), deadline);
                    stage = Stage::Tired;
                } else {
                    sync::park(sync::sooner(deadline, look));
                }
            }
        }
    }
}

/// How long a consumer has waited for one result.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// It sleeps until it is woken, unless calls are fast.
    First,
    /// They are: it has looked again so many times, and will do so for a while before it naps.
    Looks(usize),
    /// They are, but a busy thread shares the core: it naps, and longer each time.
    Shared,
    /// It has napped, or calls are not as fast as they were: it sleeps until it is woken.
    Tired,
}

/// What a batch says in a process that has none of its threads.
const FORKED: &str = "the batch was started in the parent of this process, and its threads are there; \
                      start a new one after `fork`";
