//! The traits that stand for `Send` in generated code. They have no supertrait, for the reason that
//! [`signature`](super::signature) gives.
//!
//! A batch needs all `Send` bounds at once, but each bound holds only in the one impl of its trait. So the impls form a
//! chain, in which each function calls the next one: that of [`Input`], of [`Returned`], of [`Failed`] and of
//! [`Outcome`]. The batch begins at the end of the chain, where all types are known to be `Send`.

use std::convert::Infallible;

/// What begins once four types are known to be `Send`: the input, the value, the error, and what the call returns.
pub trait Begin<I, T, E, R> {
    /// A batch or a task.
    type Begun;

    /// Begins the batch or the task.
    fn begin(self) -> Self::Begun
    where
        I: Send,
        T: Send,
        E: Send,
        R: Send;
}

/// An input that goes to a call on another thread and comes back.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is lent to another thread and handed back, which only something that is `Send` can be",
    label = "not `Send`"
)]
pub trait Input: Sized {
    /// The first link of the chain.
    fn with_input<T: Returned, E: Failed, R: Outcome<T, E>, B: Begin<Self, T, E, R>>(
        begin: B,
    ) -> B::Begun;
}

#[diagnostic::do_not_recommend]
impl<I: Send> Input for I {
    #[inline]
    fn with_input<T: Returned, E: Failed, R: Outcome<T, E>, B: Begin<I, T, E, R>>(
        begin: B,
    ) -> B::Begun {
        T::with_value::<I, E, R, B>(begin)
    }
}

/// The value of a call: what it returns, or what the `Ok` of its `Result` holds.
#[diagnostic::on_unimplemented(
    message = "`{Self}` in the result cannot leave its thread; return something that is `Send`",
    label = "not `Send`",
    note = "a reference is `Send` if what it points to is `Sync`, a boxed trait object if its type says so: \
            `Box<dyn Trait + Send>`"
)]
pub trait Returned: Sized {
    /// The second link of the chain.
    fn with_value<I: Send, E: Failed, R: Outcome<Self, E>, B: Begin<I, Self, E, R>>(
        begin: B,
    ) -> B::Begun;
}

#[diagnostic::do_not_recommend]
impl<T: Send> Returned for T {
    #[inline]
    fn with_value<I: Send, E: Failed, R: Outcome<T, E>, B: Begin<I, T, E, R>>(
        begin: B,
    ) -> B::Begun {
        E::with_error::<I, T, R, B>(begin)
    }
}

/// The error of a call: what the `Err` of its `Result` holds.
#[diagnostic::on_unimplemented(
    message = "`{Self}` in the result cannot leave its thread; return an error that is `Send`",
    label = "not `Send`",
    note = "a boxed error is `Send` if its type says so: `Box<dyn Error + Send + Sync>`"
)]
pub trait Failed: Sized {
    /// The third link of the chain.
    fn with_error<I: Send, T: Send, R: Outcome<T, Self>, B: Begin<I, T, Self, R>>(
        begin: B,
    ) -> B::Begun;
}

#[diagnostic::do_not_recommend]
impl<E: Send> Failed for E {
    #[inline]
    fn with_error<I: Send, T: Send, R: Outcome<T, E>, B: Begin<I, T, E, R>>(begin: B) -> B::Begun {
        R::with_result::<I, B>(begin)
    }
}

/// What a call returns: a `Result<T, E>`, or a `T` if it cannot fail.
pub trait Outcome<T, E>: Sized {
    /// Turns what a call returns into a `Result`.
    fn into_result(self) -> Result<T, E>;

    /// What the call of an input gives whose state could not be made.
    fn failed(error: E) -> Self;

    /// The last link of the chain.
    fn with_result<I: Send, B: Begin<I, T, E, Self>>(begin: B) -> B::Begun
    where
        T: Send,
        E: Send;
}

impl<T, E> Outcome<T, E> for Result<T, E> {
    #[inline]
    fn into_result(self) -> Self {
        self
    }

    #[inline]
    fn failed(error: E) -> Self {
        Err(error)
    }

    #[inline]
    fn with_result<I: Send, B: Begin<I, T, E, Self>>(begin: B) -> B::Begun
    where
        T: Send,
        E: Send,
    {
        begin.begin()
    }
}

impl<T> Outcome<T, Infallible> for T {
    #[inline]
    fn into_result(self) -> Result<T, Infallible> {
        Ok(self)
    }

    #[inline]
    fn failed(error: Infallible) -> Self {
        match error {}
    }

    #[inline]
    fn with_result<I: Send, B: Begin<I, T, Infallible, T>>(begin: B) -> B::Begun
    where
        T: Send,
    {
        begin.begin()
    }
}
