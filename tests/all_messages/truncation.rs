//! Bodies that are too short are refused, and so are bodies that are too long.

use crate::registry::RegisteredMessage;
use crate::vectors::Vector;
use crate::{registry, vectors};
use kafka_codec::DecodeErrorKind;

/// Of longer bodies, only prefixes of the first and the last so many bytes are tried.
const ENDS: usize = 1024;

/// Calls `check` with every body that Java wrote.
fn for_bodies(mut check: impl FnMut(RegisteredMessage, &Vector)) {
    let registry = registry::registry();
    for vector in vectors::vectors().filter(|vector| vector.text("kind") == Some("message")) {
        check(registry[vector.name.as_str()], &vector);
    }
}

#[test]
fn every_strict_prefix_fails_and_says_of_what_and_where() {
    let mut count = 0;
    for_bodies(|entry, vector| {
        let length = vector.bytes.len();
        for end in (0..length).filter(|end| *end < ENDS || length - end <= ENDS) {
            let prefix = &vector.bytes[..end];
            let Err(error) = (entry.decode)(prefix, vector.version) else {
                panic!("the first {end} bytes decode: {}", vector.place());
            };
            assert!(
                matches!(
                    error.kind(),
                    DecodeErrorKind::UnexpectedEnd { .. } | DecodeErrorKind::CountTooLarge { .. }
                ),
                "{error}, with {end} bytes of {}",
                vector.place()
            );
            assert_eq!(error.message(), Some(entry.name));
            assert_eq!(error.version(), Some(vector.version));
            assert!(
                error.offset() <= end,
                "{error}, with {end} bytes of {}",
                vector.place()
            );
            count += 1;
        }
    });
    println!("{count} prefixes");
}

#[test]
fn a_byte_after_the_message_is_refused_and_placed() {
    for_bodies(|entry, vector| {
        for extra in [0, 1, 0xff] {
            let mut bytes = vector.bytes.clone();
            bytes.push(extra);
            let error = (entry.decode)(&bytes, vector.version).unwrap_err();
            assert_eq!(error.kind(), &DecodeErrorKind::TrailingBytes { count: 1 });
            assert_eq!(error.offset(), vector.bytes.len());
            assert_eq!(error.message(), Some(entry.name));
            assert_eq!(error.version(), Some(vector.version));
        }
    });
}

#[test]
fn decode_prefix_leaves_what_comes_after_the_message() {
    for_bodies(|entry, vector| {
        for extra in [&b"\0"[..], b"\xff\xff\xff\xff\xff", b"next message"] {
            let bytes = [&vector.bytes, extra].concat();
            let (left, written) = (entry.recode)(&bytes, vector.version).unwrap();
            assert_eq!(left, extra.len(), "{}", vector.place());
            assert_eq!(written.unwrap(), vector.bytes, "{}", vector.place());
        }
    });
}
