//! [`Served`]: a call that another process asks for, which the current thread runs by itself.

use crate::api::inside::back_off;
use crate::base::observer::{Ended, Observer as _};
use crate::base::span::{At, Site};
use crate::base::unwind::{self, Payload};
use crate::nesting::limit::Limit;
use crate::nesting::token::Token;
use crate::nesting::{self, Inside};
use std::sync::Arc;
use std::time::Duration;

/// One call within a call that lasts for as long as the process serves. It has a place of its own among the calls of
/// the thread, so that a cancel, a time limit and batches of its own mean this call alone.
#[derive(Clone, Default)]
pub(crate) struct Served(Arc<Token>);

impl Served {
    /// Makes `is_cancelled` true in the call and in the batches that it runs, and ends their sleep.
    pub(crate) fn cancel(&self) {
        self.0.cancel();
    }

    /// Runs the call, with the permit of the call around it.
    pub(crate) fn run<R>(
        &self,
        limit: Option<Duration>,
        call: impl FnOnce() -> R,
    ) -> Result<R, Payload> {
        let crew = nesting::current_call().expect("a call around this one").crew;
        let (site, at) = (Site::here(), At { pool: crew.name(), index: 0 });
        let inside = Inside::enter(&crew, &self.0);
        limit.inspect(|limit| Limit(*limit).begin(0));
        if crew.is_paused() {
            // A call before this one has asked for that.
            back_off(Duration::ZERO);
        }
        let outcome = inside.call(|| {
            let outcome = site.run(at, call);
            let ended = Ended::of(&outcome);
            (outcome, ended)
        });
        drop(inside);
        unwind::discard(site.close());
        outcome
    }
}
