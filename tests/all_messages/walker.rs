//! The walker and typed decoding are two readers of the same bytes: they accept and refuse the same, for the same
//! reason, and see the same values.

use std::env;

use kafka_codec::schema::{self, Schema};
use kafka_codec::wire::Limits;
use kafka_codec::{DecodeError, DecodeErrorKind, Version};

use crate::registry::RegisteredMessage;
use crate::{bodies, mutation::mutate, random::Random, rebuild::rebuild, vectors};

/// What both readers made of some bytes: equal, or this panics.
fn compare(
    entry: RegisteredMessage,
    version: Version,
    bytes: &[u8],
    limits: Limits,
) -> Result<(), DecodeError> {
    let schema = entry.schema.expect("generated");
    let typed = (entry.decode_within)(bytes, version, limits);
    let walked = schema::visit(schema, version, bytes, limits, &mut ());
    let place = || format!("{} v{version}: {}", entry.name, vectors::hex(bytes));
    assert_eq!(typed, walked.map(|_| ()), "{}", place());
    if let Err(error) = &typed {
        check_path(schema, error);
    } else if let Ok((_, encoded)) = (entry.recode)(bytes, version) {
        let rebuilt = rebuild(schema, version, bytes, limits).expect("it was walked before");
        let encoded = encoded.expect("what decodes encodes");
        assert!(
            encoded == rebuilt,
            "{}\n encoded {}\n rebuilt {}",
            place(),
            vectors::hex(&encoded),
            vectors::hex(&rebuilt)
        );
    }
    typed
}

/// An error says where it is, unless it is about the whole message, with names that there are.
fn check_path(schema: &'static Schema, error: &DecodeError) {
    let Some(path) = error.path() else {
        let is_whole = matches!(error.kind(), DecodeErrorKind::TrailingBytes { .. });
        assert!(is_whole, "{error}");
        return;
    };
    let mut steps = path.split('.').peekable();
    let mut entry = schema.root();
    while let Some(step) = steps.next() {
        let (name, index) = match step.strip_suffix(']').and_then(|step| step.split_once('[')) {
            Some((name, index)) => (name, Some(index)),
            None => (step, None),
        };
        let is_last = steps.peek().is_none();
        if is_last && (name, index) == ("unknown_tagged_fields", None) {
            return;
        }
        let mut fields = entry.fields().iter();
        let field = fields.find(|field| field.rust_name() == name);
        let field = field.unwrap_or_else(|| panic!("{error}: no field `{name}`"));
        assert!(field.is_array() || index.is_none(), "{error}");
        if let Some(index) = index {
            index.parse::<usize>().expect("a number");
        }
        if is_last {
            return;
        }
        assert_eq!(field.is_array(), index.is_some(), "{error}");
        match field.field_type() {
            schema::FieldType::Struct(inner) => entry = inner,
            _ => panic!("{error}: `{name}` holds no struct"),
        }
    }
}

#[test]
fn both_accept_what_java_wrote_and_see_the_same() {
    let registry = crate::registry::registry();
    let mut count = 0;
    for vector in vectors::vectors() {
        let entry = registry[vector.name.as_str()];
        for limits in [Limits::UNLIMITED, Limits::default()] {
            let result = compare(entry, vector.version, &vector.bytes, limits);
            if vector.text("kind") == Some("message") {
                result.unwrap_or_else(|error| panic!("{error}: {}", vector.place()));
            }
        }
        count += 1;
    }
    println!("{count} vectors");
    assert!(count > 876);
}

#[test]
fn both_refuse_every_truncation_for_the_same_reason() {
    let mut count = 0;
    // All of them take minutes.
    let all = env::var_os("KAFKA_CODEC_MUTATIONS").is_some();
    for (entry, version, bodies) in bodies::of_all_pairs() {
        let full = std::slice::from_ref(&bodies.full);
        for body in if all { &bodies.all } else { full } {
            for end in 0..body.len() {
                let error = compare(entry, version, &body[..end], Limits::UNLIMITED);
                error.expect_err("it is not all there");
                count += 1;
            }
        }
    }
    println!("{count} prefixes");
}

#[test]
fn both_make_the_same_of_mutated_bodies() {
    let mutations = env::var("KAFKA_CODEC_MUTATIONS").map_or(10, |text| text.parse().unwrap());
    let (mut count, mut decoded) = (0, 0);
    for (entry, version, bodies) in bodies::of_all_pairs() {
        let mut random = Random::of(&format!("walker: {} v{version}", entry.name));
        for index in 0..mutations {
            let body = &bodies.all[index % bodies.all.len()];
            let other = &bodies.all[random.below(bodies.all.len())];
            let bytes = mutate(body, other, &mut random);
            decoded += usize::from(compare(entry, version, &bytes, Limits::UNLIMITED).is_ok());
            // So little that the limit is met in the middle of bodies.
            let few = random.below(4096);
            let tight = Limits::default().with_max_memory(few, 0);
            let _ = compare(entry, version, &bytes, tight);
            count += 1;
        }
    }
    println!("{count} mutations, {decoded} of them decoded");
    assert!(mutations == 0 || (decoded > 0 && decoded < count));
}

#[test]
fn tagged_fields_in_any_order_and_twice_are_judged_alike() {
    let registry = crate::registry::registry();
    let entry = registry["FetchRequest"];
    let version = Version(15);
    let plain = (entry.default)(version).expect("the default encodes");
    let (_, body) = plain.split_last().expect("no tagged fields by default");
    let unknown = |tag: u8| vec![tag, 1, 7];
    let sections: [Vec<Vec<u8>>; 7] = [
        vec![unknown(9), unknown(8)],
        vec![unknown(9), unknown(8), unknown(9)],
        vec![unknown(9), unknown(9)],
        vec![unknown(9), vec![0, 2, 2, b'c'], unknown(8)],
        vec![vec![0, 2, 2, b'c'], unknown(8), vec![0, 2, 2, b'd']],
        vec![unknown(9), vec![0, 9, 2, b'c'], unknown(9)],
        vec![
            unknown(9),
            unknown(8),
            vec![0xff, 0xff, 0xff, 0xff, 0x0f, 0],
        ],
    ];
    let verdicts = sections.map(|section| {
        let count = u8::try_from(section.len()).unwrap();
        let bytes = [body, &[count], &section.concat()].concat();
        compare(entry, version, &bytes, Limits::UNLIMITED).is_ok()
    });
    assert_eq!(verdicts, [true, false, false, true, false, false, true]);
}
