//! A layer that notes of the span of each call which thread it is on, when it begins and when it ends.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use std::{mem, thread};
use tracing::Subscriber;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

/// A call, as its span shows it. The times count from the first one.
pub(crate) struct Call {
    pub(crate) index: usize,
    pub(crate) thread: String,
    pub(crate) begin: Duration,
    pub(crate) end: Duration,
}

/// The calls whose spans are closed. Clones share them.
#[derive(Clone)]
pub(crate) struct Spans {
    start: Instant,
    closed: Arc<Mutex<Vec<Call>>>,
}

impl Spans {
    pub(crate) fn new() -> Self {
        Self { start: Instant::now(), closed: Arc::default() }
    }

    /// Takes the calls. The first one begins at zero.
    pub(crate) fn take(&self) -> Vec<Call> {
        let mut calls = mem::take(&mut *self.closed.lock().unwrap());
        let first = calls.iter().map(|call| call.begin).min().unwrap_or_default();
        for call in &mut calls {
            call.begin -= first;
            call.end -= first;
        }
        calls
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Spans {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut index = Index(None);
        attributes.record(&mut index);
        let (Index(Some(index)), Some(span)) = (index, context.span(id)) else { return };
        let thread = thread::current().name().unwrap_or("?").to_owned();
        let begin = self.start.elapsed();
        span.extensions_mut().insert(Call { index, thread, begin, end: begin });
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let end = self.start.elapsed();
        let call = context.span(&id).and_then(|span| span.extensions_mut().remove::<Call>());
        self.closed.lock().unwrap().extend(call.map(|call| Call { end, ..call }));
    }
}

/// The field `index` of a span.
struct Index(Option<usize>);

impl Visit for Index {
    fn record_u64(&mut self, field: &Field, value: u64) {
        if field.name() == "index" {
            self.0 = usize::try_from(value).ok();
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn std::fmt::Debug) {}
}
