//! What generated code may call: nothing here is for anybody else, and all of it may change in any release.

pub use crate::__in_an_impl_write_concurrent_associated as in_an_impl_write_concurrent_associated;
pub use crate::as_completed::AsCompleted;
pub use crate::lend::Lend;
pub use crate::map::Map;
pub use crate::pool::{Pool, PoolBuilder};
pub use crate::signature::{
    Anything, Failed, Fallible, HandedBack, Input, Inputs, IntoInputs, Named, Returned, Sent,
    Shared,
};
pub use crate::task::Task;
pub use ::{core, std};

use crate::signature::{Begin, Outcome};
use std::marker::PhantomData;

/// The type beside a free function.
///
/// It stands here for its name alone: where the compiler says that an enum is not supported in an `impl`, it says that the
/// error originates in the macro of this name.
#[doc(hidden)]
#[macro_export]
macro_rules! __in_an_impl_write_concurrent_associated {
    ($(#[$($attribute:tt)*])* $visibility:vis enum $name:ident {} $($rest:tt)*) => {
        $(#[$($attribute)*])* $visibility enum $name {} $($rest)*
    };
}

/// For calls that own an input.
#[inline]
pub fn map<'env, T, E, R, In, F>(pool: &Pool, inputs: In, call: F) -> Map<'env, R>
where
    T: Returned,
    E: Failed,
    R: Outcome<T, E> + 'env,
    In: IntoInputs<Inputs: 'env>,
    F: Fn(In::Item) -> R + Send + Sync + 'env,
{
    <()>::with_input::<T, E, R, _>(Run::<InOrder, In, F>::of(pool, inputs, call))
}

/// For calls all of whose inputs are lent.
#[inline]
pub fn map_lent<'env, T, E, R, In, F>(pool: &Pool, inputs: In, call: F) -> Map<'env, R>
where
    T: Returned,
    E: Failed,
    R: Outcome<T, E> + 'env,
    In: IntoInputs<Inputs: 'env>,
    F: Fn(&In::Item) -> R + Send + Sync + 'env,
{
    <()>::with_input::<T, E, R, _>(Run::<Lent, In, F>::of(pool, inputs, call))
}

/// For outcomes as they finish.
#[inline]
pub fn as_completed<'env, T, E, R, In, F>(
    pool: &Pool,
    inputs: In,
    call: F,
) -> AsCompleted<'env, In::Item, T, E>
where
    T: Returned + 'env,
    E: Failed + 'env,
    R: Outcome<T, E>,
    In: IntoInputs<Item: Input + 'env, Inputs: 'env>,
    F: Fn(&In::Item) -> R + Send + Sync + 'env,
{
    In::Item::with_input::<T, E, R, _>(Run::<AsTheyFinish, In, F>::of(pool, inputs, call))
}

/// For one call in the background.
#[inline]
pub fn submit<T, E, R, F>(pool: &Pool, call: F) -> Task<R>
where
    T: Returned,
    E: Failed,
    R: Outcome<T, E> + 'static,
    F: FnOnce() -> R + Send + 'static,
{
    <()>::with_input::<T, E, R, _>(Run::<InBackground, (), F>::of(pool, (), call))
}

/// What begins at the end of the chain.
struct Run<'a, 'env, Form, In, F> {
    pool: &'a Pool,
    inputs: In,
    call: F,
    form: PhantomData<(&'env (), Form)>,
}

enum InOrder {}
enum Lent {}
enum AsTheyFinish {}
enum InBackground {}

impl<'a, Form, In, F> Run<'a, '_, Form, In, F> {
    #[inline]
    fn of(pool: &'a Pool, inputs: In, call: F) -> Self {
        Self { pool, inputs, call, form: PhantomData }
    }
}

impl<'env, T, E, R, In, F> Begin<(), T, E, R> for Run<'_, 'env, InOrder, In, F>
where
    R: 'env,
    In: IntoInputs<Inputs: 'env>,
    F: Fn(In::Item) -> R + Send + Sync + 'env,
{
    type Begun = Map<'env, R>;

    #[inline]
    fn begin(self) -> Map<'env, R>
    where
        R: Send,
    {
        self.pool.map(self.inputs.into_inputs(), self.call)
    }
}

impl<'env, T, E, R, In, F> Begin<(), T, E, R> for Run<'_, 'env, Lent, In, F>
where
    R: 'env,
    In: IntoInputs<Inputs: 'env>,
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
        self.pool.as_completed(self.inputs.into_inputs(), move |input| call(input).into_result())
    }
}

impl<T, E, R, F> Begin<(), T, E, R> for Run<'_, '_, InBackground, (), F>
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
        self.pool.submit(self.call)
    }
}
