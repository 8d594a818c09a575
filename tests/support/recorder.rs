//! A subscriber that writes down which spans there were, below which, and what was said in them.

use std::collections::HashMap;
use std::fmt::Debug;
use std::sync::{Arc, Mutex};
use std::thread::{self, ThreadId};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Dispatch, Event, Level, Metadata, Subscriber};
use tracing_core::span::Current;

/// One span, or what became of it.
#[derive(Clone, Debug)]
pub struct Span {
    /// Its name.
    pub name: &'static str,
    /// Its target.
    pub target: &'static str,
    /// Its level.
    pub level: Level,
    /// The index of the span that it is a child of.
    pub parent: Option<usize>,
    /// Its fields, as text.
    pub fields: HashMap<&'static str, String>,
    /// How often it was entered.
    pub entered: usize,
    /// How often it was left.
    pub exited: usize,
    /// Handles to it that are alive.
    pub handles: usize,
    /// The messages of the events in it.
    pub said: Vec<String>,
    metadata: &'static Metadata<'static>,
}

#[derive(Clone, Default)]
/// The subscriber. Clones of it write to the same record.
pub struct Recorder(Arc<Mutex<Log>>);

#[derive(Default)]
struct Log {
    spans: Vec<Span>,
    /// The spans that each thread is in.
    stacks: HashMap<ThreadId, Vec<usize>>,
}

impl Recorder {
    /// What `with_default` takes.
    pub fn dispatch(&self) -> Dispatch {
        Dispatch::new(self.clone())
    }

    /// All spans so far; one that is the parent of others stands at that index.
    pub fn spans(&self) -> Vec<Span> {
        self.0.lock().unwrap().spans.clone()
    }

    /// The calls of the pool with that name, in the order of their indices.
    pub fn calls(&self, pool: &str) -> Vec<Span> {
        let mut calls = self.spans();
        calls.retain(|span| span.name == "call" && span.fields["pool"] == pool);
        calls.sort_by_key(|span| span.fields["index"].parse::<usize>().unwrap());
        calls
    }

    /// The index of the one span of that name.
    pub fn position(&self, name: &str) -> usize {
        let spans = self.spans();
        let mut found =
            spans.iter().enumerate().filter(|(_, span)| span.name == name).map(|(at, _)| at);
        let first = found.next().expect("a span of that name");
        assert_eq!(found.next(), None, "one span of that name");
        first
    }
}

impl Log {
    fn stack(&mut self) -> &mut Vec<usize> {
        self.stacks.entry(thread::current().id()).or_default()
    }

    fn span(&mut self, id: &Id) -> &mut Span {
        &mut self.spans[at(id)]
    }
}

fn at(id: &Id) -> usize {
    id.into_u64() as usize - 1
}

impl Subscriber for Recorder {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        let mut log = self.0.lock().unwrap();
        let parent = match attributes.parent() {
            Some(parent) => Some(at(parent)),
            None if attributes.is_contextual() => log.stack().last().copied(),
            None => None,
        };
        assert!(
            parent.is_none_or(|parent| log.spans[parent].handles > 0),
            "the parent is still open"
        );
        let metadata = attributes.metadata();
        let mut span = Span {
            name: metadata.name(),
            target: metadata.target(),
            level: *metadata.level(),
            parent,
            fields: HashMap::new(),
            entered: 0,
            exited: 0,
            handles: 1,
            said: Vec::new(),
            metadata,
        };
        attributes.record(&mut Fields(&mut span.fields));
        log.spans.push(span);
        Id::from_u64(log.spans.len() as u64)
    }

    fn record(&self, id: &Id, values: &Record<'_>) {
        values.record(&mut Fields(&mut self.0.lock().unwrap().span(id).fields));
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut fields = HashMap::new();
        event.record(&mut Fields(&mut fields));
        let mut log = self.0.lock().unwrap();
        let current = log.stack().last().copied().expect("an event in a span");
        log.spans[current].said.push(fields.remove("message").unwrap());
    }

    fn enter(&self, id: &Id) {
        let mut log = self.0.lock().unwrap();
        log.span(id).entered += 1;
        log.stack().push(at(id));
    }

    fn exit(&self, id: &Id) {
        let mut log = self.0.lock().unwrap();
        log.span(id).exited += 1;
        assert_eq!(
            log.stack().pop(),
            Some(at(id)),
            "spans are left in the order in which they were entered, by the same thread"
        );
    }

    fn current_span(&self) -> Current {
        let mut log = self.0.lock().unwrap();
        match log.stack().last().copied() {
            Some(current) => {
                Current::new(Id::from_u64(current as u64 + 1), log.spans[current].metadata)
            }
            None => Current::none(),
        }
    }

    fn clone_span(&self, id: &Id) -> Id {
        self.0.lock().unwrap().span(id).handles += 1;
        id.clone()
    }

    fn try_close(&self, id: Id) -> bool {
        let mut log = self.0.lock().unwrap();
        let span = log.span(&id);
        span.handles -= 1;
        span.handles == 0
    }
}

struct Fields<'a>(&'a mut HashMap<&'static str, String>);

impl Visit for Fields<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name(), value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }
}
