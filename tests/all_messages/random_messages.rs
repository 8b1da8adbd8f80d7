//! Random messages are valid and canonical in every version, and obey their options. What they reach is in
//! `random_coverage.rs`, malformed ones are in `malformed_messages.rs`.

use std::env;
use std::ops::ControlFlow;

use kafka_codec::schema::random::{self, Entropy, Options, Seeded};
use kafka_codec::schema::{self, FieldLocation, Kind, Schema, StructSchema, Value, Visitor};
use kafka_codec::wire::Limits;
use kafka_codec::{EncodeErrorKind, Version};

use crate::registry;

/// Every schema in every version.
pub(crate) fn pairs() -> impl Iterator<Item = (&'static Schema, Version)> {
    let schemas = Schema::all().iter();
    schemas.flat_map(|schema| schema.versions().iter().map(|version| (*schema, version)))
}

/// How many seeds are tried of each message in each version: `least`, unless the environment says more.
pub(crate) fn seeds(least: u64) -> u64 {
    env::var("KAFKA_CODEC_SEEDS").map_or(least, |text| text.parse().unwrap())
}

pub(crate) fn make(
    schema: &'static Schema,
    version: Version,
    options: &Options,
    seed: u64,
) -> Vec<u8> {
    random::message(schema, version, options, &mut Seeded::new(seed)).unwrap()
}

#[test]
fn typed_decoding_takes_them_and_writes_the_same_bytes_again() {
    let registry = registry::registry();
    let (mut count, mut bytes) = (0, 0);
    for (schema, version) in pairs() {
        for seed in 0..seeds(12) {
            let message = make(schema, version, &Options::default(), seed);
            let entry = registry[schema.name()];
            let place = || format!("{} v{version}, seed {seed}: {message:02x?}", schema.name());
            let (left, again) = (entry.recode)(&message, version)
                .unwrap_or_else(|error| panic!("{error}\n{}", place()));
            assert_eq!((left, &again.unwrap()), (0, &message), "{}", place());
            let walked = schema::visit(schema, version, &message, Limits::default(), &mut ());
            assert!(walked.is_ok_and(|flow| flow.is_continue()), "{}", place());
            count += 1;
            bytes += message.len();
        }
    }
    println!("{count} messages, {bytes} bytes");
}

#[test]
fn the_same_entropy_makes_the_same_bytes_and_another_one_others() {
    for (schema, version) in pairs() {
        let options = Options::default();
        let message = make(schema, version, &options, 1);
        assert_eq!(message, make(schema, version, &options, 1));
        let mut others = (2..30).map(|seed| make(schema, version, &options, seed));
        let is_empty = schema
            .root()
            .fields()
            .iter()
            .all(|field| !field.is_in(version));
        if !is_empty || schema.encoding(version).is_compact() {
            assert!(
                others.any(|other| other != message),
                "{schema:?} v{version}"
            );
        }
    }
}

#[test]
fn zeros_make_a_message_of_least_size() {
    for (schema, version) in pairs() {
        let zeros: &mut &[u8] = &mut &[][..];
        let least = random::message(schema, version, &Options::default(), zeros).unwrap();
        let tight = Options::default().with_max_bytes(0);
        assert_eq!(
            make(schema, version, &tight, 7).len(),
            least.len(),
            "{schema:?} v{version}"
        );
    }
}

#[test]
fn versions_that_a_message_does_not_have_are_refused() {
    for schema in Schema::all() {
        let above = Version(schema.versions().max().0 + 1);
        let options = Options::default();
        let error = random::message(schema, above, &options, &mut Seeded::new(1)).unwrap_err();
        let supported = schema.versions();
        assert_eq!(
            error.kind(),
            &EncodeErrorKind::UnsupportedVersion { supported }
        );
    }
}

#[test]
fn no_message_is_longer_than_its_budget() {
    let plenty = Options::default()
        .with_max_elements(40)
        .with_max_string_bytes(300)
        .with_max_blob_bytes(300)
        .with_max_unknown_tags(5)
        .with_default_percent(0)
        .with_nested_percent(100);
    let mut spent = 0;
    for (schema, version) in pairs() {
        let least = make(schema, version, &plenty.with_max_bytes(0), 1).len();
        for seed in 0..4 {
            for budget in [0, 7, 100, 1000, 20_000] {
                for nulls in [0, 50] {
                    let options = plenty.with_max_bytes(budget).with_null_percent(nulls);
                    let length = make(schema, version, &options, seed).len();
                    let least = if nulls == 0 {
                        make(schema, version, &options.with_max_bytes(0), 1).len()
                    } else {
                        least
                    };
                    assert!(
                        length <= budget.max(least),
                        "{schema:?} v{version}: {length}, {budget}"
                    );
                    spent += usize::from(budget == 1000 && length > 900);
                }
            }
        }
    }
    assert!(spent > 1000, "budgets are used up: {spent}");
}

/// What a message holds, as far as options limit it.
#[derive(Default)]
struct Extremes {
    elements: usize,
    nested: usize,
    string: usize,
    blob: usize,
    unknown_tags: usize,
    nulls: usize,
    /// Of how many arrays what is read is an element.
    depth: usize,
    tags: Vec<usize>,
}

impl<'a> Visitor<'a> for Extremes {
    fn value(&mut self, _: FieldLocation, value: Value<'a>) -> ControlFlow<()> {
        match value {
            Value::Null => self.nulls += 1,
            Value::String(text) => self.string = self.string.max(text.len()),
            Value::Bytes(bytes) | Value::Records(bytes) => self.blob = self.blob.max(bytes.len()),
            _ => {}
        }
        ControlFlow::Continue(())
    }

    fn begin_struct(&mut self, _: FieldLocation, _: &'static StructSchema) -> ControlFlow<()> {
        self.tags.push(0);
        ControlFlow::Continue(())
    }

    fn end_struct(&mut self, _: FieldLocation, _: &'static StructSchema) -> ControlFlow<()> {
        let tags = self.tags.pop().unwrap();
        self.unknown_tags = self.unknown_tags.max(tags);
        ControlFlow::Continue(())
    }

    fn begin_array(&mut self, _: FieldLocation, count: usize) -> ControlFlow<()> {
        self.elements = self.elements.max(count);
        if self.depth > 0 {
            self.nested = self.nested.max(count);
        }
        self.depth += 1;
        ControlFlow::Continue(())
    }

    fn end_array(&mut self, _: FieldLocation) -> ControlFlow<()> {
        self.depth -= 1;
        ControlFlow::Continue(())
    }

    fn unknown_tag(
        &mut self,
        _: u32,
        value: &'a [u8],
        _: std::ops::Range<usize>,
    ) -> ControlFlow<()> {
        *self.tags.last_mut().unwrap() += 1;
        self.blob = self.blob.max(value.len());
        ControlFlow::Continue(())
    }
}

/// The largest of everything in some messages of each kind and version.
fn extremes(options: &Options) -> Extremes {
    let mut extremes = Extremes::default();
    for (schema, version) in pairs() {
        for seed in 0..2 {
            let message = make(schema, version, options, seed);
            let flow = schema::visit(schema, version, &message, Limits::UNLIMITED, &mut extremes);
            assert!(flow.unwrap().is_continue());
        }
    }
    extremes
}

#[test]
fn every_option_is_obeyed_and_what_it_allows_is_reached() {
    let large = Options::default().with_max_bytes(100_000);
    for most in [0, 1, 5] {
        assert_eq!(extremes(&large.with_max_elements(most)).elements, most);
        assert_eq!(extremes(&large.with_max_string_bytes(most)).string, most);
        assert_eq!(extremes(&large.with_max_blob_bytes(most)).blob, most);
        assert_eq!(
            extremes(&large.with_max_unknown_tags(most)).unknown_tags,
            most
        );
    }
    assert_eq!(extremes(&large.with_null_percent(0)).nulls, 0);
    assert_eq!(extremes(&large.with_nested_percent(0)).nested, 0);
    let all = extremes(&large.with_nested_percent(100));
    assert!(all.nulls > 0 && all.nested == large.max_elements());
    assert_eq!(
        large.with_max_string_bytes(1 << 20).max_string_bytes(),
        32_767
    );

    // No null is left out if all that may be null is.
    for (schema, version) in pairs().filter(|(schema, _)| schema.kind() != Kind::Header) {
        let nulls = large.with_null_percent(100).with_default_percent(100);
        let message = make(schema, version, &nulls, 1);
        let mut extremes = Extremes::default();
        let _ = schema::visit(schema, version, &message, Limits::UNLIMITED, &mut extremes).unwrap();
        let fields = schema.root().fields().iter();
        let nullable =
            fields.filter(|field| field.is_nullable_in(version) && field.is_mandatory_in(version));
        assert!(extremes.nulls >= nullable.count(), "{schema:?} v{version}");
    }
}

#[test]
fn every_value_is_at_its_default_if_the_option_says_so() {
    let registry = registry::registry();
    let options = Options::default()
        .with_default_percent(100)
        .with_max_elements(0)
        .with_max_string_bytes(0)
        .with_max_blob_bytes(0)
        .with_max_unknown_tags(0);
    let mut equal = 0;
    for (schema, version) in pairs() {
        let Ok(default) = (registry[schema.name()].default)(version) else {
            continue;
        };
        let mut nulls = Extremes::default();
        let _ = schema::visit(schema, version, &default, Limits::UNLIMITED, &mut nulls).unwrap();
        if nulls.nulls == 0 {
            let message = make(schema, version, &options.with_null_percent(0), 1);
            assert_eq!(message, default, "{schema:?} v{version}");
            equal += 1;
        }
    }
    assert!(equal > 700, "{equal}");
}

#[test]
fn records_come_from_the_hook_if_there_is_one() {
    fn batch(_: &mut dyn Entropy, at_most: usize, out: &mut Vec<u8>) {
        out.extend([42; 3].iter().take(at_most));
    }
    #[derive(Default)]
    struct Records(usize);
    impl<'a> Visitor<'a> for Records {
        fn value(&mut self, _: FieldLocation, value: Value<'a>) -> ControlFlow<()> {
            if let Value::Records(records) = value {
                assert!(records.iter().all(|byte| *byte == 42) && records.len() <= 3);
                self.0 += usize::from(records.len() == 3);
            }
            ControlFlow::Continue(())
        }
    }
    let mut records = Records::default();
    for (schema, version) in pairs() {
        for seed in 0..10 {
            let message = make(
                schema,
                version,
                &Options::default().with_records(batch),
                seed,
            );
            let _ =
                schema::visit(schema, version, &message, Limits::UNLIMITED, &mut records).unwrap();
        }
    }
    assert!(records.0 > 100, "{}", records.0);
    fn too_long(_: &mut dyn Entropy, at_most: usize, out: &mut Vec<u8>) {
        out.resize(at_most + 1, 42);
    }
    let schema = Schema::named("ProduceRequest").unwrap();
    let options = Options::default()
        .with_records(too_long)
        .with_max_blob_bytes(9);
    let message = make(schema, Version(9), &options, 3);
    assert!(!message.windows(9).any(|bytes| bytes == [42; 9]));
}
