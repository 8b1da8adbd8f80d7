//! Rule 6: the throttle time in malformed and mutated bodies. Whatever the walker finds before it fails, the
//! connection reads too.

use std::ops::ControlFlow;

use kafka_codec::schema::{FieldLocation, Schema, StructSchema, Value, Visitor, visit};
use kafka_codec::wire::Limits;
use kafka_codec::{ApiKey, Version};

use crate::mutation::mutate;
use crate::random::Random;
use crate::rule_06_throttle_times::{responses, time_in, time_of};
use crate::vectors::{self, Vector};

/// Keeps the throttle time of the message itself.
#[derive(Default)]
struct Told {
    depth: usize,
    time: Option<i64>,
}

impl<'a> Visitor<'a> for Told {
    fn value(&mut self, place: FieldLocation, value: Value<'a>) -> ControlFlow<()> {
        match value {
            Value::Int32(time) if self.depth == 1 && place.name() == "throttleTimeMs" => {
                self.time = Some(time.into());
                ControlFlow::Break(())
            }
            _ => ControlFlow::Continue(()),
        }
    }

    fn begin_struct(&mut self, _: FieldLocation, _: &'static StructSchema) -> ControlFlow<()> {
        self.depth += 1;
        ControlFlow::Continue(())
    }

    fn end_struct(&mut self, _: FieldLocation, _: &'static StructSchema) -> ControlFlow<()> {
        self.depth -= 1;
        ControlFlow::Continue(())
    }
}

/// Returns `true` if the walker got as far as the time, or to the end without one.
fn compare(key: ApiKey, version: Version, body: &[u8]) -> bool {
    let (version, time) = time_in(key, version, body);
    let schema = Schema::of_response(key).unwrap();
    let mut told = Told::default();
    let walked = visit(schema, version, body, Limits::UNLIMITED, &mut told);
    if walked.is_ok() {
        let place = || format!("{key} v{version}: {}", vectors::hex(body));
        assert_eq!(time, time_of(told.time), "{}", place());
    }
    walked.is_ok()
}

#[test]
fn rule_6_malformed_responses_have_the_time_that_is_read_by_the_tables() {
    let malformed = |vector: &Vector| vector.text("kind") == Some("malformed");
    let (mut count, mut read) = (0, 0);
    for (key, vector) in responses().filter(|(_, vector)| malformed(vector)) {
        read += usize::from(compare(key, vector.version, &vector.bytes));
        count += 1;
    }
    println!("{count} responses, in {read} of them the time could be read");
    assert!(0 < read && read < count, "{read} of {count}");
}

#[test]
fn rule_6_mutated_responses_have_the_time_that_is_read_by_the_tables() {
    let (mut count, mut read) = (0, 0);
    let full = |vector: &Vector| vector.text("case") == Some("full");
    let bodies: Vec<_> = responses().filter(|(_, vector)| full(vector)).collect();
    for (index, (key, vector)) in bodies.iter().enumerate() {
        let mut random = Random::of(&format!("throttle time: {key} v{}", vector.version));
        let (_, other) = &bodies[(index + 1) % bodies.len()];
        for _ in 0..100 {
            let body = mutate(&vector.bytes, &other.bytes, &mut random);
            read += usize::from(compare(*key, vector.version, &body));
            count += 1;
        }
    }
    println!("{count} responses, in {read} of them the time could be read");
    assert!(0 < read && read < count, "{read} of {count}");
}
