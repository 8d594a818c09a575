//! The traits that the types of an annotated function need, with error messages for the author of that function.
//!
//! Generated code names these traits in its where-clauses. Most of them replace bounds of the standard library, and add
//! a message that says what to write instead. `do_not_recommend` keeps the compiler from explaining the bound behind
//! the trait.

use std::marker::PhantomData;

/// The type of a call's result, or one of the two types within a `Result`.
// A plain supertrait would lose the message: the compiler looks through it when a bound can never hold, and reports
// `Send` in its own words. A higher-ranked one hides the bound.
#[diagnostic::on_unimplemented(
    message = "`{Self}` in the result cannot leave its thread; return something that is `Send`",
    label = "not `Send`",
    note = "a boxed error is `Send` if its type says so: write `Box<dyn Error + Send + Sync>`"
)]
pub trait Returned: for<'any> Send {}

#[diagnostic::do_not_recommend]
impl<T: Send> Returned for T {}

/// An input that is moved into the call, where `as_completed` hands it back too.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is moved into the call, so `as_completed` needs a clone to hand back; let the function take \
               `&{Self}`, derive `Clone`, or use `map`",
    label = "not `Clone + Send`"
)]
pub trait HandedBack: Clone + Send {}

#[diagnostic::do_not_recommend]
impl<T: Clone + Send> HandedBack for T {}

/// A `#[shared]` parameter that is not a reference.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is `#[shared]`, so it is cloned for each call, on any thread; take `&{Self}` to share one",
    label = "not `Clone + Send + Sync`"
)]
pub trait Shared: for<'any> Clone + for<'any> Send + for<'any> Sync {}

#[diagnostic::do_not_recommend]
impl<T: Clone + Send + Sync> Shared for T {}

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
    /// Fails to compile, since `R` is a `Result` under another name.
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
