//! Events of connections and batches reach `tracing`, one for one, with the fields that the documentation promises.

mod batches;
mod connections;
mod requests;

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::{Arc, Mutex};

use kafka_codec::connection::{Event, Severity};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Level, Metadata, Subscriber};

use crate::driver::{BROKER, Driver};

/// The spans and events of a subscriber.
#[derive(Debug)]
struct Traced {
    level: Level,
    target: &'static str,
    message: String,
    fields: BTreeMap<&'static str, Value>,
}

#[derive(Clone, Debug, PartialEq)]
enum Value {
    Text(String),
    Number(i128),
    Flag(bool),
    /// What was not recorded as one of these, as it prints.
    Printed(String),
}

use Value::{Flag, Number, Printed};

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

#[derive(Clone, Default)]
struct Collector(Arc<Mutex<Vec<Traced>>>);

impl Subscriber for Collector {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        // Releases of `tracing` before the limit was lifted take no more.
        assert!(event.metadata().fields().len() <= 32);
        let mut fields = Fields::default();
        event.record(&mut fields);
        let message = match fields.0.remove("message") {
            Some(Printed(message)) => message,
            other => panic!("no message: {other:?}"),
        };
        self.0.lock().unwrap().push(Traced {
            level: *event.metadata().level(),
            target: event.metadata().target(),
            message,
            fields: fields.0,
        });
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[derive(Default)]
struct Fields(BTreeMap<&'static str, Value>);

impl Visit for Fields {
    fn record_i64(&mut self, field: &Field, value: i64) {
        self.0.insert(field.name(), Number(value.into()));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.0.insert(field.name(), Number(value.into()));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.0.insert(field.name(), Flag(value));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name(), text(value));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name(), Printed(format!("{value:?}")));
    }
}

/// The spans and events of `tracing` while a closure runs.
fn traced(act: impl FnOnce()) -> Vec<Traced> {
    let collector = Collector::default();
    tracing::subscriber::with_default(collector.clone(), act);
    let mut traced = collector.0.lock().unwrap();
    std::mem::take(&mut *traced)
}

/// All events so far, handed over. Each is one event of `tracing`, at the level of its severity.
fn trace(driver: &mut Driver) -> Vec<Traced> {
    let events: Vec<Event> = driver.events.drain(..).collect();
    let broker = driver.connection.broker();
    let traced = traced(|| events.iter().for_each(|event| event.trace(broker)));
    assert_eq!(traced.len(), events.len());
    for (traced, event) in traced.iter().zip(&events) {
        assert_eq!(traced.level, level(event.severity()), "{event:?}");
        assert_eq!(traced.target, "kafka_codec::connection");
        assert_eq!(traced.fields["broker"], text(BROKER));
        assert!(traced.message.starts_with(BROKER), "{}", traced.message);
    }
    traced
}

fn level(severity: Severity) -> Level {
    match severity {
        Severity::Debug => Level::DEBUG,
        Severity::Info => Level::INFO,
        Severity::Warning => Level::WARN,
        Severity::Error => Level::ERROR,
        other => panic!("{other:?} has no level"),
    }
}

/// The one event of a name.
fn one(traced: &[Traced], name: &str) -> (String, BTreeMap<&'static str, Value>) {
    let mut found = traced
        .iter()
        .filter(|each| each.fields["event"] == text(name));
    let (Some(one), None) = (found.next(), found.next()) else {
        panic!("not one `{name}` in {traced:#?}");
    };
    (one.message.clone(), one.fields.clone())
}

/// The fields of an event, with those that all have.
fn fields<const N: usize>(
    name: &str,
    more: [(&'static str, Value); N],
) -> BTreeMap<&'static str, Value> {
    let all = [("event", text(name)), ("broker", text(BROKER))];
    all.into_iter().chain(more).collect()
}
