//! [`Attempt`]: what the closure of `try_for_each` returns.

use std::ops::ControlFlow;

/// Whether to go on or to end: a `Result<(), E>`, an `Option<()>` or a `ControlFlow<B>`.
///
/// What `Iterator::try_for_each` asks for is no trait that a library can name yet. Sealed: no other type can have it.
#[diagnostic::on_unimplemented(
    message = "the closure of `try_for_each` returns `{Self}`, which does not say whether to go on",
    label = "not a `Result<(), _>`, an `Option<()>` or a `ControlFlow<_>`",
    note = "end the closure with `Ok(())`; to use values, fold them outside: `total += n; Ok(())`"
)]
pub trait Attempt: sealed::Attempt {}

impl<A: sealed::Attempt> Attempt for A {}

pub(crate) mod sealed {
    pub trait Attempt: Sized {
        /// What is returned if nothing ended the loop.
        const WENT_ON: Self;

        /// Whether the loop goes on.
        fn goes_on(&self) -> bool;
    }
}

impl<E> sealed::Attempt for Result<(), E> {
    const WENT_ON: Self = Ok(());

    fn goes_on(&self) -> bool {
        self.is_ok()
    }
}

impl sealed::Attempt for Option<()> {
    const WENT_ON: Self = Some(());

    fn goes_on(&self) -> bool {
        self.is_some()
    }
}

impl<B> sealed::Attempt for ControlFlow<B> {
    const WENT_ON: Self = ControlFlow::Continue(());

    fn goes_on(&self) -> bool {
        self.is_continue()
    }
}
