//! What the fuzz targets of the schema do, shared by `fuzz/` and `all_messages/fuzz_corpus.rs`.
#![allow(dead_code, reason = "each target uses its own part")]

use std::sync::OnceLock;

use kafka_codec::schema::random::{self, Expectation, Mutator, Options};
use kafka_codec::schema::{self, Schema};
use kafka_codec::wire::Limits;
use kafka_codec::{DecodeError, Version};

use super::registry::{RegisteredMessage, registry};

/// Both readers make the same of any bytes. The first two bytes of the input choose the message, the third its
/// version, the rest is the message.
pub(crate) fn walker_vs_typed(input: &[u8]) {
    let [high, low, version, body @ ..] = input else {
        return;
    };
    let entries = entries();
    let choice = usize::from(u16::from_be_bytes([*high, *low])) % entries.len();
    let (entry, schema) = entries[choice];
    let versions: Vec<_> = entry.versions.iter().collect();
    let version = versions[usize::from(*version) % versions.len()];
    for limits in [Limits::default(), Limits::UNLIMITED] {
        let typed = (entry.decode_within)(body, version, limits);
        let walked = schema::visit(schema, version, body, limits, &mut ()).map(drop);
        assert_eq!(typed, walked, "{} v{version}", entry.name);
    }
}

/// The input that makes `body` the message called `name`.
pub(crate) fn walker_input(name: &str, version: Version, body: &[u8]) -> Option<Vec<u8>> {
    let index = entries().iter().position(|(entry, _)| entry.name == name)?;
    let [high, low] = u16::try_from(index).ok()?.to_be_bytes();
    let (entry, _) = entries()[index];
    let version = u8::try_from(version.0 - entry.versions.min().0).ok()?;
    Some([&[high, low, version], body].concat())
}

/// Whatever message the input is the entropy of, it is canonical; mutated, it is what its label says.
pub(crate) fn random_messages(mut input: &[u8]) {
    let entries = entries();
    let choice: [u8; 2] = take(&mut input);
    let (entry, schema) = entries[usize::from(u16::from_be_bytes(choice)) % entries.len()];
    let [version] = take(&mut input);
    let versions: Vec<_> = entry.versions.iter().collect();
    let version = versions[usize::from(version) % versions.len()];

    let message = random::message(schema, version, &Options::default(), &mut input)
        .expect("the message has the version");
    assert_eq!(again(entry, version, &message).as_ref(), Ok(&message));

    let mutator = Mutator::new(schema, version, &message).expect("what was made is valid");
    let mutated = mutator
        .any(&mut input)
        .expect("bytes can follow every message");
    match (
        again(entry, version, mutated.bytes()),
        mutated.expectation(),
    ) {
        (Ok(bytes), Expectation::Accept) => assert_eq!(bytes, message, "{mutated}"),
        (Err(error), Expectation::Refuse | Expectation::KafkaAccepts) => {
            assert!(
                mutated.blamed().contains(&error.offset()),
                "{error}: {mutated}"
            );
        }
        (result, _) => panic!("{result:?}: {mutated}"),
    }
}

/// What typed decoding reads, written again.
fn again(entry: RegisteredMessage, version: Version, bytes: &[u8]) -> Result<Vec<u8>, DecodeError> {
    (entry.decode_within)(bytes, version, Limits::UNLIMITED)?;
    let (_, encoded) = (entry.recode)(bytes, version)?;
    Ok(encoded.expect("what decodes encodes"))
}

fn take<const N: usize>(input: &mut &[u8]) -> [u8; N] {
    let mut bytes = [0; N];
    random::Entropy::fill(input, &mut bytes);
    bytes
}

/// All messages, in the order of their names.
fn entries() -> &'static [(RegisteredMessage, &'static Schema)] {
    static ENTRIES: OnceLock<Vec<(RegisteredMessage, &'static Schema)>> = OnceLock::new();
    ENTRIES.get_or_init(|| {
        let entries = registry().into_values();
        entries
            .map(|entry| {
                (
                    entry,
                    Schema::named(entry.name).expect("every message has one"),
                )
            })
            .collect()
    })
}
