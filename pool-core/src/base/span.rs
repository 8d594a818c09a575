//! The span of a call: a child of the span in which its batch was built. Without feature `tracing` there is none.

#[cfg(feature = "tracing")]
use crate::base::sync::seeded;
use crate::base::unwind::{self, Payload};

/// What names a call in its span.
#[derive(Clone, Copy)]
#[cfg_attr(not(feature = "tracing"), expect(dead_code, reason = "only spans ask for the pool"))]
pub(crate) struct At {
    pub(crate) pool: &'static str,
    pub(crate) index: usize,
}

/// Where a batch was built.
#[cfg(feature = "tracing")]
pub(crate) struct Site {
    /// The subscriber of the thread that built the batch, if there was one. A span's id has a meaning for its own
    /// subscriber only, and a worker does not see a subscriber that was set for another thread.
    dispatch: Option<tracing::Dispatch>,
    /// Kept open for the calls, whose spans are its children.
    parent: tracing::Span,
}

#[cfg(feature = "tracing")]
impl Site {
    pub(crate) fn here() -> Self {
        let dispatch = tracing::dispatcher::get_default(tracing::Dispatch::clone);
        let some = !dispatch.is::<tracing::subscriber::NoSubscriber>();
        Self { dispatch: some.then_some(dispatch), parent: tracing::Span::current() }
    }

    /// Closes the parent span. That may run code of the subscriber, so a panic is caught.
    pub(crate) fn close(self) -> Result<(), Payload> {
        unwind::catch(move || drop(self))
    }

    /// Runs a call in its span. A panic of the subscriber becomes the outcome of the call, which may not have run then.
    pub(crate) fn run<R>(&self, at: At, call: impl FnOnce() -> R) -> Result<R, Payload> {
        // One load is the whole cost where no subscriber listens at this level.
        if tracing::level_filters::LevelFilter::current() < tracing::Level::DEBUG {
            return unwind::catch(call);
        }
        // Both stay outside the span: a panic of the span would drop them, and the user's values in them, while it
        // unwinds.
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
            // The call panicked first.
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
