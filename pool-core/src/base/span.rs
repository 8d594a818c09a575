//! In which span a call runs: one of its own, below the span in which its batch was built. Without feature `tracing`, in none.

#[cfg(feature = "tracing")]
use crate::base::sync::seeded;
use crate::base::unwind::{self, Payload};

/// Which call it is.
#[derive(Clone, Copy)]
#[cfg_attr(not(feature = "tracing"), expect(dead_code, reason = "only spans ask for the pool"))]
pub(crate) struct At {
    pub(crate) pool: &'static str,
    pub(crate) index: usize,
}

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

    /// Ends what was kept open, which may run code of the subscriber.
    pub(crate) fn close(self) -> Result<(), Payload> {
        unwind::catch(move || drop(self))
    }

    /// Runs a call in its span. A panic of the subscriber counts as the call's, which may not have run then.
    pub(crate) fn run<R>(&self, at: At, call: impl FnOnce() -> R) -> Result<R, Payload> {
        // One load, where nobody listens at this level.
        if tracing::level_filters::LevelFilter::current() < tracing::Level::DEBUG {
            return unwind::catch(call);
        }
        // Outside the span, whose panic would drop the call, and with it the user's values, while it unwinds.
        let (mut call, mut outcome) = (Some(call), None);
        let At { pool, index } = at;
        let mut in_span = || {
            let span = tracing::debug_span!(target: "pool_core", parent: &self.parent, "call", pool, index);
            span.in_scope(|| outcome = call.take().map(unwind::catch));
        };
        let spanned = unwind::catch(|| match &self.dispatch {
            Some(dispatch) => tracing::dispatcher::with_default(dispatch, &mut in_span),
            None => in_span(),
        });
        seeded!("span-panic-escapes" => if let Err(payload) = spanned { std::panic::resume_unwind(payload) });
        unwind::discard(call);
        match (outcome, spanned) {
            (Some(outcome), Ok(())) => outcome,
            // The first panic is the call's own.
            (Some(Err(payload)), Err(other)) => {
                unwind::discard(other);
                Err(payload)
            }
            (outcome, Err(payload)) => {
                unwind::discard(outcome);
                Err(payload)
            }
            (None, Ok(())) => unreachable!("a span runs what is in its scope"),
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

    pub(crate) fn close(self) -> Result<(), Payload> {
        Ok(())
    }

    pub(crate) fn run<R>(&self, _: At, call: impl FnOnce() -> R) -> Result<R, Payload> {
        unwind::catch(call)
    }
}
