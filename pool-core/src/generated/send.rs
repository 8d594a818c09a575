//! The types that travel with a batch, each of which has to be `Send`, as generated code asks it: without a supertrait,
//! for the reason that `signature` gives.
//!
//! A batch needs all of the bounds at once, and each of them holds in one impl alone. So the impls form a chain: the
//! function of [`Input`] calls that of [`Returned`], this one that of [`Failed`] and of [`Outcome`], and a batch begins
//! at the end, where all types are known to be `Send`.

use std::convert::Infallible;

/// What begins once the types of one input, of a value and an error, and of what the call returns are known to be
/// `Send`.
pub trait Begin<I, T, E, R> {
    /// A batch or a task.
    type Begun;

    /// Begins.
    fn begin(self) -> Self::Begun
    where
        I: Send,
        T: Send,
        E: Send,
        R: Send;
}

/// One input, as it goes to a call and back.
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

/// What a call gives, or what the `Ok` of its `Result` holds.
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

/// What the `Err` of a call's `Result` holds.
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

/// What a call returns: a `Result<T, E>`, or a `T`, which cannot fail.
pub trait Outcome<T, E>: Sized {
    /// Tells a value from an error.
    fn into_result(self) -> Result<T, E>;

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
    fn with_result<I: Send, B: Begin<I, T, Infallible, T>>(begin: B) -> B::Begun
    where
        T: Send,
    {
        begin.begin()
    }
}
