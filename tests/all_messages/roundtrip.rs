//! What is decoded is encoded to the same, for every message in every version.
//! Equality with Kafka's own bytes is in `java_vectors.rs`.

use crate::{registry, vectors};
use bytes::Bytes;
use kafka_codec::wire::Writer;
use kafka_codec::{DecodeErrorKind, EncodeErrorKind, Version};

#[test]
fn default_values_round_trip_in_every_version() {
    let mut count = 0;
    for (entry, version) in registry::pairs() {
        let bytes = (entry.default)(version).unwrap();
        (entry.round_trip)(&bytes, version).unwrap();
        let (left, again) = (entry.recode)(&bytes, version).unwrap();
        assert_eq!(
            (left, again.unwrap()),
            (0, bytes),
            "{} v{version}",
            entry.name
        );
        count += 1;
    }
    println!("{count} defaults");
}

#[test]
fn values_made_by_java_round_trip() {
    let registry = registry::registry();
    let mut count = 0;
    for vector in vectors::vectors().filter(|vector| vector.text("kind") != Some("malformed")) {
        let entry = registry[vector.name.as_str()];
        (entry.round_trip)(&vector.bytes, vector.version)
            .unwrap_or_else(|error| panic!("{error}\n{}", vector.place()));
        count += 1;
    }
    println!("{count} values");
}

#[test]
fn a_message_that_let_go_of_its_input_is_the_same() {
    let registry = registry::registry();
    for vector in vectors::vectors().filter(|vector| vector.text("kind") == Some("message")) {
        let entry = registry[vector.name.as_str()];
        let frame = Bytes::from(vector.bytes.clone());
        for share in [false, true] {
            let mut writer = Writer::new();
            (entry.own_and_encode)(&frame, vector.version, share, &mut writer);
            assert_eq!(
                writer.into_vec(),
                frame,
                "sharing {share}: {}",
                vector.place()
            );
        }
    }
}

#[test]
fn versions_that_a_message_does_not_have_are_refused_in_both_directions() {
    for entry in registry::registry().into_values() {
        let supported = entry.versions;
        let (below, above) = (supported.min().0 - 1, supported.max().0 + 1);
        for version in [below, above, i16::MIN, i16::MAX].map(Version) {
            let error = (entry.decode)(&[], version).unwrap_err();
            assert_eq!(
                error.kind(),
                &DecodeErrorKind::UnsupportedVersion { version, supported }
            );
            assert_eq!(
                (error.message(), error.version()),
                (Some(entry.name), Some(version))
            );
            let error = (entry.default)(version).unwrap_err();
            assert_eq!(
                error.kind(),
                &EncodeErrorKind::UnsupportedVersion { supported }
            );
            assert_eq!(
                (error.message(), error.version()),
                (Some(entry.name), Some(version))
            );
        }
    }
}
