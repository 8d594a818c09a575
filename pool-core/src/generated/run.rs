//! [`Run`]: the start of a batch or a task, once the compiler knows that all of its types are `Send`.

use super::send::{Begin, Outcome};
use super::signature::Ordered;
use crate::api::as_completed::AsCompleted;
use crate::api::inputs::IntoInputs;
use crate::api::map::Map;
use crate::api::pool::Pool;
use crate::api::task::Task;
use std::marker::PhantomData;
use std::time::Duration;

/// What the end of the chain of [`send`](super::send) begins. `Form` tells the four kinds apart.
pub(super) struct Run<'a, 'env, Form, In, F> {
    pool: &'a Pool,
    inputs: In,
    call: F,
    form: PhantomData<(&'env (), Form)>,
}

pub(super) enum InOrder {}
pub(super) enum Lent {}
pub(super) enum AsTheyFinish {}
pub(super) enum InBackground {}

impl<'a, Form, In, F> Run<'a, '_, Form, In, F> {
    #[inline]
    pub(super) fn of(pool: &'a Pool, inputs: In, call: F) -> Self {
        Self { pool, inputs, call, form: PhantomData }
    }
}

impl<'env, T, E, R, In, F> Begin<(), T, E, R> for Run<'_, 'env, InOrder, In, F>
where
    R: 'env,
    In: IntoInputs<Inputs: Ordered + 'env>,
    F: Fn(In::Item) -> R + Send + Sync + 'env,
{
    type Begun = Map<'env, R>;

    #[inline]
    fn begin(self) -> Map<'env, R>
    where
        R: Send,
    {
        Map::new(self.pool.crew(), self.inputs.into_inputs(), self.call)
    }
}

impl<'env, T, E, R, In, F> Begin<(), T, E, R> for Run<'_, 'env, Lent, In, F>
where
    R: 'env,
    In: IntoInputs<Inputs: Ordered + 'env>,
    F: Fn(&In::Item) -> R + Send + Sync + 'env,
{
    type Begun = Map<'env, R>;

    #[inline]
    fn begin(self) -> Map<'env, R>
    where
        R: Send,
    {
        Map::lent(self.pool.crew(), self.inputs.into_inputs(), self.call)
    }
}

impl<'env, T, E, R, In, F> Begin<In::Item, T, E, R> for Run<'_, 'env, AsTheyFinish, In, F>
where
    T: 'env,
    E: 'env,
    R: Outcome<T, E>,
    In: IntoInputs<Item: 'env, Inputs: 'env>,
    F: Fn(&In::Item) -> R + Send + Sync + 'env,
{
    type Begun = AsCompleted<'env, In::Item, T, E>;

    #[inline]
    fn begin(self) -> AsCompleted<'env, In::Item, T, E>
    where
        In::Item: Send,
        T: Send,
        E: Send,
    {
        let call = self.call;
        self.pool.as_completed(self.inputs, move |input| call(input).into_result())
    }
}

impl<T, E, R, F> Begin<(), T, E, R> for Run<'_, '_, InBackground, Option<Duration>, F>
where
    R: 'static,
    F: FnOnce() -> R + Send + 'static,
{
    type Begun = Task<R>;

    #[inline]
    fn begin(self) -> Task<R>
    where
        R: Send,
    {
        Task::start(self.pool.crew(), self.inputs, self.call)
    }
}
