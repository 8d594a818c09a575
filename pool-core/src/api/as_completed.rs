//! `AsCompleted`, the batch whose results come as they finish, and `Completion`, its item.

use crate::api::attempt::Attempt;
use crate::api::error::{CallError, Panic, Timeout};
use crate::api::inputs::IntoInputs;
use crate::api::methods::consumer;
use crate::api::pool::Pool;
use crate::api::results::Results;
use crate::api::states::{Stateful, States};
use crate::api::stop_handle::StopHandle;
use crate::api::watch::{Watch, Watched};
use crate::base::config::{self, Settings};
use crate::base::observer::{Ended, Observer};
use crate::base::span::{At, Site};
use crate::base::sync;
use crate::base::unwind;
use crate::batch::{Abandon, Call, Depart, Handle, Inputs, Late, Outcome, Stand, Start};
use crate::threads::crew::Crew;
use std::fmt;
use std::iter::FusedIterator;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// One [`Completion`] for each input, as the calls finish: nothing is lost, and one failed call spoils nothing.
///
/// Made by [`Pool::as_completed`] and by `#[concurrent]`'s `as_completed`. It starts, borrows, waits and is consumed
/// and dropped like [`Map`](crate::Map). A call that panics is a [`CallError::Panicked`] of its own input. A panic of
/// the input iterator is raised after the results of the inputs before it.
///
/// It takes inputs ahead of its consumer. For each worker, up to 16 inputs run or wait to be read. Bound them with
/// [`buffer`](Self::buffer).
///
/// # Examples
///
/// ```
/// use pool_core::Pool;
///
/// let (mut numbers, mut errors) = (Vec::new(), Vec::new());
/// Pool::new(4).as_completed(["1", "x", "3"], |text| text.parse::<u8>()).for_each(|done| match done.result {
///     Ok(number) => numbers.push(number),
///     Err(error) => errors.push((done.input, error.to_string())),
/// });
/// numbers.sort();
/// assert_eq!(numbers, [1, 3]);
/// assert_eq!(errors, [("x", "invalid digit found in string".to_string())]);
/// ```
#[must_use = "a batch is lazy: nothing runs before it is started or consumed"]
pub struct AsCompleted<'env, I, T, E>(pub(crate) Handle<'env, Completion<I, T, E>>);

/// What became of one input.
///
/// # Examples
///
/// ```
/// let done = pool_core::Pool::new(1).as_completed(["7"], |text| text.parse::<u8>()).next().unwrap();
/// assert_eq!((done.index, done.input), (0, "7"));
/// assert_eq!(done.result.unwrap(), 7);
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct Completion<I, T, E> {
    /// The position of the input, from 0.
    pub index: usize,
    /// The input, handed back whatever happened. An annotated function that takes its input by value is given a clone.
    pub input: I,
    /// How long the call ran, without the wait for its input, for a worker, or for the consumer.
    pub elapsed: Duration,
    /// What the call returned, or how it failed.
    pub result: Result<T, CallError<E>>,
}

impl<I, T, E> Completion<I, T, E> {
    /// Returns what the call returned, or goes on with its panic, as [`Map`](crate::Map) does.
    ///
    /// `?` on it keeps the error's own chain, unlike `?` on a [`CallError`]. Where the input is still needed, write
    /// `done.result.map_err(CallError::into_error)?`.
    ///
    /// # Panics
    ///
    /// Panics with the call's own payload if the call panicked. The panic hook is not called again. Panics, too, if the
    /// call was [abandoned](CallError::TimedOut): then there is no error of its own.
    ///
    /// # Errors
    ///
    /// Returns the error that the call returned.
    ///
    /// # Examples
    ///
    /// ```
    /// use pool_core::Pool;
    ///
    /// fn sum(texts: &[&str]) -> Result<u32, std::num::ParseIntError> {
    ///     Pool::new(2).as_completed(texts, |text| text.parse::<u32>()).scope(|results| {
    ///         results.map(|done| done.into_result()).sum()
    ///     })
    /// }
    /// assert_eq!(sum(&["1", "2"]), Ok(3));
    /// assert_eq!(sum(&["1", "x"]), Err("x".parse::<u32>().unwrap_err()));
    /// ```
    pub fn into_result(self) -> Result<T, E> {
        self.result.map_err(CallError::into_error)
    }
}

impl Pool {
    /// Runs `call` over the inputs. Each gives one [`Completion`](crate::Completion) as it finishes, which hands the
    /// input back.
    ///
    /// Nothing runs before the batch [starts](AsCompleted). Inputs, call and results may borrow, for `'env`.
    ///
    /// # Examples
    ///
    /// ```
    /// let pool = pool_core::Pool::new(4);
    /// let failed: Vec<&str> = pool
    ///     .as_completed(["1", "x"], |text| text.parse::<u8>())
    ///     .scope(|done| done.filter(|done| done.result.is_err()).map(|done| done.input).collect());
    /// assert_eq!(failed, ["x"]);
    /// ```
    pub fn as_completed<'env, In, T, E, F>(
        &self,
        inputs: In,
        call: F,
    ) -> AsCompleted<'env, In::Item, T, E>
    where
        In: IntoInputs<Item: Send + 'env, Inputs: 'env>,
        T: Send + 'env,
        E: Send + 'env,
        F: Fn(&In::Item) -> Result<T, E> + Send + Sync + 'env,
    {
        AsCompleted::new(self.crew(), inputs.into_inputs(), call)
    }

    /// Runs `call` over the inputs, each time with a state that it has to itself, and gives one
    /// [`Completion`](crate::Completion) for each.
    ///
    /// The states live as long as those of [`map_init`](Self::map_init). If `init` fails or panics, so does the call
    /// which needed the state, and the next call tries again. A call that returns an error keeps its state; to replace
    /// a broken one, write `*state = reopen()?` in `call`. A call that panics drops its state. The
    /// [`elapsed`](crate::Completion::elapsed) time is that of the call alone, without `init`.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::{fs, io, io::Read};
    ///
    /// let pool = pool_core::Pool::new(4);
    /// let open = || fs::File::open("Cargo.toml");
    /// let bytes = pool.as_completed_init([1, 2, 3], open, |file, count| {
    ///     let mut bytes = vec![0; *count];
    ///     file.read_exact(&mut bytes)?;
    ///     Ok(bytes)
    /// });
    /// bytes.for_each(|done| assert_eq!(done.result.unwrap().len(), done.input));
    ///
    /// let fail = || Err::<fs::File, _>(io::Error::other("no file"));
    /// let failed = pool.as_completed_init([1, 2], fail, |_, _| Ok(()));
    /// failed.for_each(|done| assert_eq!(done.result.unwrap_err().to_string(), "no file"));
    /// ```
    pub fn as_completed_init<'env, In, S, T, E, Init, F>(
        &self,
        inputs: In,
        init: Init,
        call: F,
    ) -> AsCompleted<'env, In::Item, T, E>
    where
        In: IntoInputs<Item: Send + 'env, Inputs: 'env>,
        S: Send + 'env,
        T: Send + 'env,
        E: Send + 'env,
        Init: Fn() -> Result<S, E> + Send + Sync + 'env,
        F: Fn(&mut S, &In::Item) -> Result<T, E> + Send + Sync + 'env,
    {
        AsCompleted::with_states(self.crew(), inputs.into_inputs(), init, call)
    }
}

impl<'env, I, T, E> AsCompleted<'env, I, T, E>
where
    I: Send + 'env,
    T: Send + 'env,
    E: Send + 'env,
{
    pub(crate) fn new<It, F>(crew: Arc<Crew>, inputs: It, call: F) -> Self
    where
        It: Inputs<Item = I> + 'env,
        F: Fn(&I) -> Result<T, E> + Send + Sync + 'env,
    {
        let site = Site::here();
        let call = move |at: At, input: I| {
            let timed = site.run(at, || timed(|| call(&input)));
            complete(at, input, timed)
        };
        Self(Handle::new(crew, inputs, Completes(call)))
    }

    /// A batch whose calls take states. If `init` fails, so does the call.
    pub(crate) fn with_states<It, S, Init, F>(
        crew: Arc<Crew>,
        inputs: It,
        init: Init,
        call: F,
    ) -> Self
    where
        It: Inputs<Item = I> + 'env,
        S: Send + 'env,
        Init: Fn() -> Result<S, E> + Send + Sync + 'env,
        F: Fn(&mut S, &I) -> Result<T, E> + Send + Sync + 'env,
    {
        let site = Site::here();
        let call = move |states: &States<S, Init>, at: At, input: I| {
            let lent = |state: &mut S| {
                let timed = timed(|| call(state, &input));
                let ended = Ended::of(&timed.0);
                (timed, ended)
            };
            let timed = site.run(at, || {
                states.lend(lent).unwrap_or_else(|failed| (Ok(Err(failed)), Duration::ZERO))
            });
            complete(at, input, timed)
        };
        Self(Handle::new(crew, inputs, Completes(Stateful::new(init, call))))
    }
}

/// A call whose outcome is a completion.
pub(super) struct Completes<C>(pub(super) C);

impl<I, T, E, C> Call<I, Completion<I, T, E>> for Completes<C>
where
    C: Call<I, Completion<I, T, E>>,
{
    const KEEPS: bool = C::KEEPS;
    const SENDS: bool = C::SENDS;

    #[inline]
    fn run(&self, at: At, input: I) -> (Outcome<Completion<I, T, E>>, Ended) {
        self.0.run(at, input)
    }

    fn send(&self, at: At, input: I) -> Option<Depart> {
        self.0.send(at, input)
    }

    fn receive(&self, at: At) -> (Outcome<Completion<I, T, E>>, Ended) {
        self.0.receive(at)
    }

    fn stand_in(
        &self,
        at: At,
        input: I,
        abandon: Abandon<Completion<I, T, E>>,
    ) -> Stand<I, Completion<I, T, E>> {
        let (index, elapsed) = (at.index, abandon.after);
        let done = Completion { index, input, elapsed, result: Err(CallError::TimedOut) };
        match unwind::catch(|| (abandon.again)(&done)) {
            Ok(copy) => Stand::In(copy, done.input),
            Err(payload) => {
                Stand::Outcome(complete(at, done.input, Ok((Err(payload), Duration::ZERO))))
            }
        }
    }

    fn retire(&self) {
        self.0.retire();
    }
}

/// What a call has come to, and how long it ran.
type Timed<R> = (Outcome<R>, Duration);

fn timed<R>(call: impl FnOnce() -> R) -> Timed<R> {
    let begun = Instant::now();
    let outcome = unwind::catch(call);
    (outcome, begun.elapsed())
}

/// The completion of an input, and how its call ended.
pub(super) fn complete<I, T, E>(
    at: At,
    input: I,
    timed: Outcome<Timed<Result<T, E>>>,
) -> (Outcome<Completion<I, T, E>>, Ended) {
    let (outcome, elapsed) = timed.unwrap_or_else(|payload| (Err(payload), Duration::ZERO));
    let (result, ended) = match outcome {
        Ok(Ok(value)) => (Ok(value), Ended::Well),
        Ok(Err(error)) => (Err(CallError::Failed(error)), Ended::Failed),
        Err(payload) => (Err(CallError::Panicked(Panic::new(payload))), Ended::Panicked),
    };
    (Ok(Completion { index: at.index, input, elapsed, result }), ended)
}

impl<I, T, E> AsCompleted<'_, I, T, E> {
    /// Gives the completions in the order of the inputs.
    ///
    /// Each is the same as without: errors and panics are data, and none ends the batch. A completion waits for those
    /// before it, and counts towards the [`buffer`](Self::buffer) meanwhile.
    ///
    /// # Panics
    ///
    /// Panics after the batch has started.
    ///
    /// # Examples
    ///
    /// ```
    /// let pool = pool_core::Pool::new(4);
    /// let lines: Vec<String> = pool
    ///     .as_completed(["7", "x", "9"], |text| text.parse::<u8>())
    ///     .in_order()
    ///     .map(|done| match done.result {
    ///         Ok(number) => format!("{}: {number}", done.input),
    ///         Err(error) => format!("{}: {error}", done.input),
    ///     })
    ///     .collect();
    /// assert_eq!(lines, ["7: 7", "x: invalid digit found in string", "9: 9"]);
    /// ```
    #[track_caller]
    pub fn in_order(mut self) -> Self {
        self.settings("in_order").in_order = true;
        self
    }
}

impl<I: Clone, T, E> AsCompleted<'static, I, T, E> {
    /// Goes on without a call that runs for longer than `limit`, so that a loop over a thousand inputs ends although
    /// three servers never answer.
    ///
    /// The input of such a call yields [`CallError::TimedOut`] when its time is over, with a copy of the input, which
    /// is made before the call. The late result is dropped. The end of the batch does not wait for the call, nor does
    /// dropping the pool. Each input still yields one outcome: a call that has taken longer is timed out, also if the
    /// consumer looks only after its end.
    ///
    /// **The call itself goes on**: no thread can be killed. It keeps its thread and its place in the pool until it
    /// returns. [`Stats::abandoned`](crate::Stats::abandoned) counts such calls. If they take all places, no further
    /// call starts: [raise the cap](Pool::set_max_workers), or let the calls end by themselves. `limit` is also a
    /// [`timeout`](Self::timeout) of each call, so [`is_cancelled`](crate::is_cancelled) is true in it and
    /// [`deadline`](crate::deadline) tells the time. [`wait_idle`](Pool::wait_idle) waits for it. Where calls have to
    /// be killed, run them in processes.
    ///
    /// The clock is read by the consumer that waits, and no thread polls. For a stream, a thread sleeps until the next
    /// call is overdue. A call that the consumer runs itself cannot be timed out. The consumer runs one only if no
    /// thread can be started.
    ///
    /// If only abandoned calls are left and the size hint promises no more inputs, the consumer calls `next()` of the
    /// inputs itself. It blocks if that blocks.
    ///
    /// The batch must borrow nothing, and the inputs must be `Clone`.
    ///
    /// # Panics
    ///
    /// Panics if `limit` is zero, or after the batch has started.
    ///
    /// # Deadlocks
    ///
    /// A call that waits for such a batch on its own pool must not hold a lock meanwhile on which other calls of the
    /// pool block, as for a batch of another pool.
    ///
    /// # Examples
    ///
    /// ```
    /// use pool_core::{CallError, Pool};
    /// use std::time::Duration;
    ///
    /// let pool = Pool::new(4);
    /// let answer = |server: &&str| match *server {
    ///     "never" => loop { std::thread::park() },
    ///     server => Ok::<_, ()>(server.len()),
    /// };
    /// let batch = pool.as_completed(["one", "never", "three"], answer).abandon_after(Duration::from_millis(50));
    /// for done in batch {
    ///     match done.result {
    ///         Ok(length) => assert_eq!(length, done.input.len()),
    ///         Err(CallError::TimedOut) => assert_eq!(done.input, "never"),
    ///         Err(error) => panic!("{error:?}"),
    ///     }
    /// }
    /// assert_eq!(pool.stats().abandoned, 1);
    /// ```
    #[track_caller]
    pub fn abandon_after(mut self, limit: Duration) -> Self {
        let after = config::above_zero("abandon_after", limit);
        self.settings("abandon_after").abandon_after = Some(after);
        let again = |done: &Completion<I, T, E>| Completion {
            index: done.index,
            input: done.input.clone(),
            elapsed: done.elapsed,
            result: Err(CallError::TimedOut),
        };
        self.0.abandon(Abandon { after, again });
        self
    }
}

consumer!(impl AsCompleted<'env, I, T, E> of Completion<I, T, E>);
