//! Decides in which span a call runs: one of its own, below the span in which its batch was built. Without feature `tracing`, in none.

/// Where a batch was built.
#[cfg(feature = "tracing")]
pub(crate) struct Site {
    /// The subscriber of that place, if there was one. The id of a span means something to its own subscriber only, and threads of the
    /// pool know none that was set for one thread.
    dispatch: Option<tracing::Dispatch>,
    /// Kept open for the calls below it.
    parent: tracing::Span,
}

#[cfg(feature = "tracing")]
impl Site {
    pub(crate) fn here() -> Self {
        let dispatch = tracing::dispatcher::get_default(tracing::Dispatch::clone);
        let some = !dispatch.is::<tracing::subscriber::NoSubscriber>();
        Self { dispatch: some.then_some(dispatch), parent: tracing::Span::current() }
    }

    pub(crate) fn call<R>(&self, pool: &'static str, index: usize, call: impl FnOnce() -> R) -> R {
        // One load, where nobody listens at this level.
        if tracing::level_filters::LevelFilter::current() < tracing::Level::DEBUG {
            return call();
        }
        let in_span = || {
            let span = tracing::debug_span!(target: "pool_core", parent: &self.parent, "call", pool, index);
            span.in_scope(call)
        };
        match &self.dispatch {
            Some(dispatch) => tracing::dispatcher::with_default(dispatch, in_span),
            None => in_span(),
        }
    }
}

#[cfg(not(feature = "tracing"))]
pub(crate) struct Site;

#[cfg(not(feature = "tracing"))]
impl Site {
    pub(crate) fn here() -> Self {
        Self
    }

    pub(crate) fn call<R>(
        &self,
        _pool: &'static str,
        _index: usize,
        call: impl FnOnce() -> R,
    ) -> R {
        call()
    }
}
