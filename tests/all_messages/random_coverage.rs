//! Random messages reach everything that a message can be: no field of any version stays untried.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use kafka_codec::Version;
use kafka_codec::schema::random::Options;
use kafka_codec::schema::{self, Field, FieldLocation, FieldType, StructSchema, Value, Visitor};
use kafka_codec::wire::Limits;

use crate::random_messages::{make, pairs};

/// What was seen of the fields of a message in one version: by struct, field and what it was.
#[derive(Default)]
struct Seen(
    BTreeSet<(&'static str, &'static str, State)>,
    Vec<&'static str>,
);

#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum State {
    Null,
    Empty,
    Value,
    Element,
}

impl Seen {
    fn see(&mut self, place: FieldLocation, state: State) {
        let state = if place.index().is_some() {
            State::Element
        } else {
            state
        };
        if place.field().is_some() {
            self.0.insert((self.1.last().unwrap(), place.name(), state));
        }
    }
}

impl<'a> Visitor<'a> for Seen {
    fn value(&mut self, place: FieldLocation, value: Value<'a>) -> ControlFlow<()> {
        let state = match value {
            Value::Null => State::Null,
            Value::String("") | Value::Bytes([]) | Value::Records([]) => State::Empty,
            _ => State::Value,
        };
        self.see(place, state);
        ControlFlow::Continue(())
    }

    fn begin_struct(
        &mut self,
        place: FieldLocation,
        schema: &'static StructSchema,
    ) -> ControlFlow<()> {
        self.see(place, State::Value);
        self.1.push(schema.name());
        ControlFlow::Continue(())
    }

    fn end_struct(&mut self, _: FieldLocation, _: &'static StructSchema) -> ControlFlow<()> {
        self.1.pop();
        ControlFlow::Continue(())
    }

    fn begin_array(&mut self, place: FieldLocation, count: usize) -> ControlFlow<()> {
        self.see(
            place,
            if count == 0 {
                State::Empty
            } else {
                State::Value
            },
        );
        ControlFlow::Continue(())
    }
}

/// What must be seen of the fields of a struct and those in it.
fn expected(
    schema: &'static StructSchema,
    version: Version,
    into: &mut BTreeSet<(&'static str, &'static str, State)>,
) {
    for field in schema.fields().iter().filter(|field| field.is_in(version)) {
        for state in states(field, version) {
            into.insert((schema.name(), field.name(), state));
        }
        if let FieldType::Struct(inner) = field.field_type() {
            expected(inner, version, into);
        }
    }
}

fn states(field: &Field, version: Version) -> Vec<State> {
    let mut states = vec![State::Value];
    let has_length = field.is_array() || field.field_type().fixed_size().is_none();
    let is_struct = matches!(field.field_type(), FieldType::Struct(_)) && !field.is_array();
    // A tagged field is left out at its default, which is null or empty.
    let is_tagged = field.is_tagged_in(version);
    if field.is_nullable_in(version) && !is_tagged {
        states.push(State::Null);
    }
    if has_length && !is_struct && !is_tagged {
        states.push(State::Empty);
    }
    if field.is_array() {
        states.push(State::Element);
    }
    states
}

#[test]
fn every_field_is_reached_null_and_not_empty_and_not() {
    const SEEDS: u64 = 1000;
    let (mut fields, mut worst) = (0, (0, ""));
    for (schema, version) in pairs() {
        let mut missing = BTreeSet::new();
        expected(schema.root(), version, &mut missing);
        fields += missing.len();
        for seed in 0..SEEDS {
            if missing.is_empty() {
                break;
            }
            let message = make(schema, version, &Options::default(), seed);
            let mut seen = Seen::default();
            let _ = schema::visit(schema, version, &message, Limits::UNLIMITED, &mut seen).unwrap();
            missing.retain(|field| !seen.0.contains(field));
            worst = worst.max((seed, schema.name()));
        }
        assert!(
            missing.is_empty(),
            "{} v{version} in {SEEDS} seeds: {missing:?}",
            schema.name()
        );
    }
    println!(
        "{fields} states of fields; most seeds: {} for {}",
        worst.0 + 1,
        worst.1
    );
}
