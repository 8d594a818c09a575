//! The traits and functions behind a `#[worker]` parameter: what makes a state, and the start of a batch that has some.

use super::run::{AsTheyFinish, InOrder, Lent};
use super::send::{Begin, Failed, Input, Outcome, Returned};
use super::signature::Ordered;
use crate::api::as_completed::AsCompleted;
use crate::api::inputs::IntoInputs;
use crate::api::map::Map;
use crate::api::pool::Pool;
use crate::base::unwind;
use std::marker::PhantomData;

/// What makes a state for a worker.
#[diagnostic::on_unimplemented(
    message = "before the inputs comes what makes a `#[worker]` its state: a closure that returns `{R}`",
    label = "not a closure that makes `{R}`"
)]
pub trait Init<R>: Fn() -> R {}

#[diagnostic::do_not_recommend]
impl<R, F: Fn() -> R> Init<R> for F {}

/// What makes the state of one task.
#[diagnostic::on_unimplemented(
    message = "before the input comes what makes a `#[worker]` its state: a closure that returns `{R}`",
    label = "not a closure that makes `{R}`"
)]
pub trait InitOnce<R>: FnOnce() -> R {}

#[diagnostic::do_not_recommend]
impl<R, F: FnOnce() -> R> InitOnce<R> for F {}

/// A state that calls use one after the other, on any worker.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is the state of a `#[worker]`, which is kept for calls on other threads; that takes a type \
               with a size that is `Send`",
    label = "not `Send`, or without a size",
    note = "a state that cannot leave its thread can be a `thread_local!` in the function; threads outlive a batch, so \
            the next batch on them finds it again"
)]
pub trait State {
    /// The first link of the chain.
    fn with_state<I, T, E, R, B>(begin: B) -> B::Begun
    where
        I: Input,
        T: Returned,
        E: Failed,
        R: Outcome<T, E>,
        B: BeginWith<Self, I, T, E, R>;
}

#[diagnostic::do_not_recommend]
impl<S: Send> State for S {
    #[inline]
    fn with_state<I, T, E, R, B>(begin: B) -> B::Begun
    where
        I: Input,
        T: Returned,
        E: Failed,
        R: Outcome<T, E>,
        B: BeginWith<S, I, T, E, R>,
    {
        I::with_input::<T, E, R, _>(With(begin, PhantomData::<S>))
    }
}

/// [`Begin`] for a batch with states.
pub trait BeginWith<S: ?Sized, I, T, E, R> {
    /// A batch.
    type Begun;

    /// Begins the batch.
    fn begin_with(self) -> Self::Begun
    where
        S: Sized + Send,
        I: Send,
        T: Send,
        E: Send,
        R: Send;
}

/// A beginning whose state is known to be `Send`.
struct With<B, S>(B, PhantomData<S>);

impl<S: Send, I, T, E, R, B: BeginWith<S, I, T, E, R>> Begin<I, T, E, R> for With<B, S> {
    type Begun = B::Begun;

    #[inline]
    fn begin(self) -> B::Begun
    where
        I: Send,
        T: Send,
        E: Send,
        R: Send,
    {
        self.0.begin_with()
    }
}

/// What the end of the chain begins. `M` is what the closure makes.
struct Run<'a, 'env, Form, M, In, Init, F> {
    pool: &'a Pool,
    init: Init,
    inputs: In,
    call: F,
    form: PhantomData<(&'env (), Form, M)>,
}

impl<'env, S, T, E, R, M, In, Init, F> BeginWith<S, (), T, E, R>
    for Run<'_, 'env, InOrder, M, In, Init, F>
where
    S: 'env,
    R: Outcome<T, E> + 'env,
    M: Outcome<S, E>,
    In: IntoInputs<Inputs: Ordered + 'env>,
    Init: Fn() -> M + Send + Sync + 'env,
    F: Fn(&mut S, In::Item) -> R + Send + Sync + 'env,
{
    type Begun = Map<'env, R>;

    #[inline]
    fn begin_with(self) -> Map<'env, R>
    where
        S: Send,
        R: Send,
    {
        let (inputs, init) = (self.inputs.into_inputs(), self.init);
        Map::with_states(
            self.pool.crew(),
            inputs,
            move || init().into_result().map_err(R::failed),
            self.call,
        )
    }
}

impl<'env, S, T, E, R, M, In, Init, F> BeginWith<S, (), T, E, R>
    for Run<'_, 'env, Lent, M, In, Init, F>
where
    S: 'env,
    R: Outcome<T, E> + 'env,
    M: Outcome<S, E>,
    In: IntoInputs<Inputs: Ordered + 'env>,
    Init: Fn() -> M + Send + Sync + 'env,
    F: Fn(&mut S, &In::Item) -> R + Send + Sync + 'env,
{
    type Begun = Map<'env, R>;

    #[inline]
    fn begin_with(self) -> Map<'env, R>
    where
        S: Send,
        R: Send,
    {
        let (inputs, init) = (self.inputs.into_inputs(), self.init);
        Map::lent_with_states(
            self.pool.crew(),
            inputs,
            move || init().into_result().map_err(R::failed),
            self.call,
        )
    }
}

impl<'env, S, T, E, R, M, In, Init, F> BeginWith<S, In::Item, T, E, R>
    for Run<'_, 'env, AsTheyFinish, M, In, Init, F>
where
    S: 'env,
    T: 'env,
    E: 'env,
    R: Outcome<T, E>,
    M: Outcome<S, E>,
    In: IntoInputs<Item: 'env, Inputs: 'env>,
    Init: Fn() -> M + Send + Sync + 'env,
    F: Fn(&mut S, &In::Item) -> R + Send + Sync + 'env,
{
    type Begun = AsCompleted<'env, In::Item, T, E>;

    #[inline]
    fn begin_with(self) -> AsCompleted<'env, In::Item, T, E>
    where
        S: Send,
        In::Item: Send,
        T: Send,
        E: Send,
    {
        let Self { pool, init, inputs, call, .. } = self;
        let call = move |state: &mut S, input: &In::Item| call(state, input).into_result();
        AsCompleted::with_states(
            pool.crew(),
            inputs.into_inputs(),
            move || init().into_result(),
            call,
        )
    }
}

/// Makes the batch of a function that has a state and owns an input.
#[inline]
pub fn map_init<'env, S, T, E, R, M, In, I, F>(
    pool: &Pool,
    init: I,
    inputs: In,
    call: F,
) -> Map<'env, R>
where
    S: State + 'env,
    T: Returned,
    E: Failed,
    R: Outcome<T, E> + 'env,
    M: Outcome<S, E>,
    In: IntoInputs<Inputs: Ordered + 'env>,
    I: Init<M> + Send + Sync + 'env,
    F: Fn(&mut S, In::Item) -> R + Send + Sync + 'env,
{
    let run = Run { pool, init, inputs, call, form: PhantomData::<(&(), InOrder, M)> };
    S::with_state::<(), T, E, R, _>(run)
}

/// Makes the batch of a function that has a state and whose inputs are all lent.
#[inline]
pub fn map_lent_init<'env, S, T, E, R, M, In, I, F>(
    pool: &Pool,
    init: I,
    inputs: In,
    call: F,
) -> Map<'env, R>
where
    S: State + 'env,
    T: Returned,
    E: Failed,
    R: Outcome<T, E> + 'env,
    M: Outcome<S, E>,
    In: IntoInputs<Inputs: Ordered + 'env>,
    I: Init<M> + Send + Sync + 'env,
    F: Fn(&mut S, &In::Item) -> R + Send + Sync + 'env,
{
    let run = Run { pool, init, inputs, call, form: PhantomData::<(&(), Lent, M)> };
    S::with_state::<(), T, E, R, _>(run)
}

/// Makes the batch of a function that has a state, which hands outcomes over as they finish.
#[inline]
pub fn as_completed_init<'env, S, T, E, R, M, In, I, F>(
    pool: &Pool,
    init: I,
    inputs: In,
    call: F,
) -> AsCompleted<'env, In::Item, T, E>
where
    S: State + 'env,
    T: Returned + 'env,
    E: Failed + 'env,
    R: Outcome<T, E>,
    M: Outcome<S, E>,
    In: IntoInputs<Item: Input + 'env, Inputs: 'env>,
    I: Init<M> + Send + Sync + 'env,
    F: Fn(&mut S, &In::Item) -> R + Send + Sync + 'env,
{
    let run = Run { pool, init, inputs, call, form: PhantomData::<(&(), AsTheyFinish, M)> };
    S::with_state::<In::Item, T, E, R, _>(run)
}

/// Runs the call of a task with a state of its own, which is dropped after it.
pub fn with_state<S, T, E, R, M, F>(init: impl FnOnce() -> M, call: F) -> R
where
    R: Outcome<T, E>,
    M: Outcome<S, E>,
    F: FnOnce(&mut S) -> R,
{
    let (call, made) = unwind::beside(call, init);
    let mut state = match made.into_result() {
        Ok(state) => state,
        Err(error) => return R::failed(error),
    };
    let outcome = unwind::catch(|| call(&mut state));
    unwind::without(state, outcome).unwrap_or_else(|payload| std::panic::resume_unwind(payload))
}
