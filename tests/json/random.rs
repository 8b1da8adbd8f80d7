//! Messages made at random go through JSON unharmed, and JSON changed at random is a message or an error.

use kafka_codec::Version;
use kafka_codec::schema::json::{self, Options, ReadOptions};
use kafka_codec::schema::random::{self, Entropy, Seeded};
use kafka_codec::schema::{Schema, visit};
use kafka_codec::wire::{Limits, Writer};

/// Random messages of every schema in every version.
fn messages(seeds: u64) -> impl Iterator<Item = (&'static Schema, Version, Vec<u8>)> {
    let schemas = Schema::all().iter().copied();
    let pairs = schemas.flat_map(|schema| schema.versions().iter().map(move |v| (schema, v)));
    pairs.flat_map(move |(schema, version)| {
        (0..seeds).map(move |seed| {
            let options = random::Options::default();
            let bytes = random::message(schema, version, &options, &mut Seeded::new(seed));
            (schema, version, bytes.unwrap())
        })
    })
}

#[test]
fn json_that_leaves_nothing_out_is_the_same_message_again() {
    let (mut count, mut length) = (0, 0);
    for (schema, version, bytes) in messages(6) {
        let options = Options::lossless();
        let text = json::to_string(schema, version, &bytes, &options).unwrap();
        let mut writer = Writer::new();
        let read = ReadOptions::lossless().refuse_unknown_keys();
        json::encode(schema, version, &text, read, &mut writer)
            .unwrap_or_else(|error| panic!("{error}\n{text}"));
        assert_eq!(
            writer.into_vec(),
            bytes,
            "{} v{version}: {text}",
            schema.name()
        );
        count += 1;
        length += text.len();
    }
    println!("{count} messages, {length} bytes of JSON");
}

#[test]
fn json_that_was_changed_is_a_message_or_an_error() {
    let mut entropy = Seeded::new(1);
    let mut below = |end: usize| {
        let mut number = [0; 4];
        entropy.fill(&mut number);
        usize::try_from(u32::from_le_bytes(number)).unwrap() % end
    };
    let (mut read, mut refused) = (0, 0);
    for (schema, version, bytes) in messages(3) {
        let text = json::to_string(schema, version, &bytes, &Options::lossless()).unwrap();
        for _ in 0..10 {
            let mut changed: Vec<char> = text.chars().collect();
            for _ in 0..=below(2) {
                let at = below(changed.len());
                let new = char::from(b"{}[]\",:0123456789-+.eE\\ abn\x1f\xe9"[below(29)]);
                match below(3) {
                    0 => changed[at] = new,
                    1 => changed.insert(at, new),
                    _ => drop(changed.remove(at)),
                }
            }
            let changed = String::from_iter(changed);
            let mut writer = Writer::new();
            match json::encode(
                schema,
                version,
                &changed,
                ReadOptions::lossless(),
                &mut writer,
            ) {
                Ok(()) => {
                    let bytes = writer.into_vec();
                    let valid = visit(schema, version, &bytes, Limits::UNLIMITED, &mut ());
                    assert!(valid.is_ok(), "{} v{version}: {changed}", schema.name());
                    read += 1;
                }
                Err(error) => {
                    assert!(writer.is_empty());
                    assert!(error.line() == 1 && error.column() <= changed.chars().count() + 1);
                    refused += 1;
                }
            }
        }
    }
    println!("{read} read, {refused} refused");
    assert!(read > 1_000 && refused > 1_000);
}
