//! Batches whose calls run elsewhere, where a [`Carrier`] sends them.

use crate::api::as_completed::{AsCompleted, Completes, Completion, complete};
use crate::api::map::{Map, judge};
use crate::base::observer::Ended;
use crate::base::span::{At, Site};
use crate::base::sync::Mutex;
#[cfg(feature = "redis")]
pub(crate) use crate::base::unwind::catch;
use crate::base::unwind::{self, Panics, Payload};
pub(crate) use crate::batch::Depart;
pub(crate) use crate::batch::Outcome;
use crate::batch::{Call, Handle, Inputs};
#[cfg(feature = "redis")]
pub(crate) use crate::nesting::{current_call, token::Listening};
use crate::threads::crew::Crew;
#[cfg(feature = "redis")]
pub(crate) use crate::threads::crew::Hint;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Sends calls to where they run, and brings back what became of them.
pub(crate) trait Carrier<I, R>: Send + Sync {
    /// Readies the call for an input. `None` if it is known already what became of it.
    fn send(&self, index: usize, input: &I) -> Option<Depart>;

    /// What became of a call, and how long it ran where it did, if that is known. It is asked for once.
    fn receive(&self, index: usize) -> (Outcome<R>, Option<Duration>);
}

/// The calls of a [`Map`]. Their inputs are dropped when they are sent.
struct Mapped<C> {
    site: Site,
    carrier: C,
    /// What has panicked at sending, by index.
    failed: Mutex<BTreeMap<usize, Payload>>,
}

impl<I, R, C: Carrier<I, R>> Call<I, R> for Mapped<C> {
    const SENDS: bool = true;

    fn run(&self, _: At, _: I) -> (Outcome<R>, Ended) {
        unreachable!("calls of this kind run elsewhere")
    }

    fn send(&self, at: At, input: I) -> Option<Depart> {
        let departs = unwind::catch(|| self.carrier.send(at.index, &input));
        unwind::without(input, departs).unwrap_or_else(|payload| {
            self.failed.lock().insert(at.index, payload);
            None
        })
    }

    fn receive(&self, at: At) -> (Outcome<R>, Ended) {
        let failed = self.failed.lock().remove(&at.index);
        judge(match failed {
            Some(payload) => Err(payload),
            None => self.site.run(at, || self.carrier.receive(at.index).0).and_then(|done| done),
        })
    }
}

/// The calls of an [`AsCompleted`].
struct Completed<I, C> {
    site: Site,
    carrier: C,
    kept: Mutex<BTreeMap<usize, Kept<I>>>,
}

/// What is kept of a call until its outcome is there.
struct Kept<I> {
    input: I,
    since: Instant,
    /// What has panicked at sending.
    failed: Option<Payload>,
}

impl<I, T, E, C> Call<I, Completion<I, T, E>> for Completed<I, C>
where
    I: Send,
    C: Carrier<I, Result<T, E>>,
{
    const SENDS: bool = true;

    fn run(&self, _: At, _: I) -> (Outcome<Completion<I, T, E>>, Ended) {
        unreachable!("calls of this kind run elsewhere")
    }

    fn send(&self, at: At, input: I) -> Option<Depart> {
        let since = Instant::now();
        let (departs, failed) = match unwind::catch(|| self.carrier.send(at.index, &input)) {
            Ok(departs) => (departs, None),
            Err(payload) => (None, Some(payload)),
        };
        self.kept.lock().insert(at.index, Kept { input, since, failed });
        departs
    }

    fn receive(&self, at: At) -> (Outcome<Completion<I, T, E>>, Ended) {
        let kept = self.kept.lock().remove(&at.index);
        let Kept { input, since, failed } = kept.expect("a call is received once");
        let outcome = match failed {
            Some(payload) => Ok((Err(payload), None)),
            None => self.site.run(at, || self.carrier.receive(at.index)),
        };
        let timed = |(done, elapsed): (_, Option<_>)| (done, elapsed.unwrap_or(since.elapsed()));
        complete(at, input, outcome.map(timed))
    }
}

impl<I, C> Drop for Completed<I, C> {
    /// Drops the inputs one at a time, and goes on with the first panic.
    fn drop(&mut self) {
        let mut panics = Panics::default();
        for kept in std::mem::take(self.kept.get_mut()).into_values() {
            panics.drop(kept.input);
        }
        panics.raise();
    }
}

impl<'env, R: Send + 'env> Map<'env, R> {
    /// A batch whose calls run elsewhere.
    pub(crate) fn sent<It, C>(crew: Arc<Crew>, inputs: It, carrier: C) -> Self
    where
        It: Inputs + 'env,
        C: Carrier<It::Item, R> + 'env,
    {
        let failed = Mutex::new(BTreeMap::new());
        Self::of(Handle::new(crew, inputs, Mapped { site: Site::here(), carrier, failed }))
    }
}

impl<'env, I, T, E> AsCompleted<'env, I, T, E>
where
    I: Send + 'env,
    T: Send + 'env,
    E: Send + 'env,
{
    /// A batch whose calls run elsewhere.
    pub(crate) fn sent<It, C>(crew: Arc<Crew>, inputs: It, carrier: C) -> Self
    where
        It: Inputs<Item = I> + 'env,
        C: Carrier<I, Result<T, E>> + 'env,
    {
        let kept = Mutex::new(BTreeMap::new());
        Self(Handle::new(crew, inputs, Completes(Completed { site: Site::here(), carrier, kept })))
    }
}
