//! The traits that the types of an annotated function need, with error messages for the author of that function.
//!
//! Generated code names these traits in its where-clauses, and **none of them has a supertrait**. A where-clause that
//! implies `Cow<'static, str>: Send` hides the impl for every other lifetime: the compiler takes the clause for the
//! only reason why any `Cow<'_, str>` could be `Send`, and refuses the rest of the function. So each trait keeps its
//! bound to its one impl, and has a function in which the bound holds.
//!
//! A where-clause names each trait for one type of a signature at most. Two clauses of one trait for `Cow<'a, str>` and
//! `Cow<'b, str>` would be ambiguous. Where several parameters need the same trait, a number tells them apart.

use std::marker::PhantomData;

/// An input that is moved into the call, where `as_completed` hands it back too. `N` is the parameter's position.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is moved into the call, so `as_completed` needs a clone to hand back; let the function take \
               `&{Self}`, derive `Clone`, or use `map`",
    label = "not `Clone`"
)]
pub trait HandedBack<const N: usize> {
    /// Clones the input for the call.
    #[must_use]
    fn again(&self) -> Self;
}

#[diagnostic::do_not_recommend]
impl<T: Clone, const N: usize> HandedBack<N> for T {
    #[inline]
    fn again(&self) -> T {
        self.clone()
    }
}

/// An input that is moved into a task. `N` is the parameter's position.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is moved to another thread, which only something that is `Send` can be",
    label = "not `Send`"
)]
pub trait Sent<const N: usize>: Sized {
    /// Turns the input into a closure that returns it on another thread.
    fn sent<'env>(self) -> impl FnOnce() -> Self + Send + 'env
    where
        Self: 'env;
}

#[diagnostic::do_not_recommend]
impl<T: Send, const N: usize> Sent<N> for T {
    #[inline]
    fn sent<'env>(self) -> impl FnOnce() -> T + Send + 'env
    where
        T: 'env,
    {
        move || self
    }
}

/// A `#[shared]` parameter that is not a reference, or one whose lifetime has a name. `N` is the parameter's position.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is `#[shared]`, so each call gets a clone of it, on any thread; to share one value, take `&T` \
               with a `T` that is `Sync`",
    label = "not `Clone + Send + Sync`"
)]
pub trait Shared<const N: usize>: Sized {
    /// Turns the value into a closure that returns a clone for each call.
    fn shared<'env>(self) -> impl Fn() -> Self + Send + Sync + 'env
    where
        Self: 'env;
}

#[diagnostic::do_not_recommend]
impl<T: Clone + Send + Sync, const N: usize> Shared<N> for T {
    #[inline]
    fn shared<'env>(self) -> impl Fn() -> T + Send + Sync + 'env
    where
        T: 'env,
    {
        move || self.clone()
    }
}

/// Asks nothing of the inputs. A bound keeps clippy from reporting the `&` in `map(&["a", "b"])` as needless. Any bound
/// that asks for something would fail before [`IntoInputs`](crate::IntoInputs), with a message of its own.
pub trait Inputs {}

impl<It> Inputs for It {}

/// The inputs of a `map`, whose results come in their order: an iterator.
#[diagnostic::on_unimplemented(
    message = "`map` takes no feed; use `as_completed`, with `.in_order()` where the order matters",
    label = "a feed"
)]
pub trait Ordered {}

impl<It: Iterator> Ordered for It {}

/// A return type that is called `Result`, taken apart for `as_completed`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is called `Result` and is not the standard library's; import it under another name",
    label = "`as_completed` cannot take this apart"
)]
pub trait Fallible {
    /// What `Ok` holds.
    type Value;
    /// What `Err` holds.
    type Error;
}

impl<T, E> Fallible for Result<T, E> {
    type Value = T;
    type Error = E;
}

/// A return type that is not called `Result`.
///
/// `Named::<R>::check()` is the function of [`Anything`], unless `R` is a `Result` under another name. Then it is the
/// function of this type, whose bound never holds, and the compiler reports the name.
pub struct Named<R>(PhantomData<R>);

impl<T, E> Named<Result<T, E>> {
    /// Never compiles, since `R` is a `Result` under another name.
    pub fn check()
    where
        Result<T, E>: NotAResult,
    {
    }
}

/// Accepts every other return type.
pub trait Anything {
    /// Does nothing. The compiler chooses it if `R` is not a `Result`.
    fn check() {}
}

impl<R> Anything for Named<R> {}

/// Implemented by no `Result`.
#[diagnostic::on_unimplemented(
    message = "the return type is a `Result` under another name; write `{Self}`, or call the alias `Result`",
    label = "`as_completed` would not tell errors from values"
)]
pub trait NotAResult {}
