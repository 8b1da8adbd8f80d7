//! What stands in front of a mutated body tells the truth about it.
#![cfg(test)]

use std::collections::BTreeSet;

use kafka_codec::messages::{RequestHeader, ResponseHeader};
use kafka_codec::schema::{self, Schema};
use kafka_codec::wire::Limits;
use kafka_codec::{ApiKey, HeaderVersions, Version};
use kafka_fuzz::mutate::{self, Change, Deed, Prefix, Shape};
use kafka_fuzz::{Direction, Generator, Target, Unit};

fn is_valid(key: ApiKey, version: Version, direction: Direction, body: &[u8]) -> bool {
    let schema = match direction {
        Direction::Request => Schema::of_request(key),
        Direction::Response => Schema::of_response(key),
    };
    schema::visit(schema.unwrap(), version, body, Limits::UNLIMITED, &mut ()).is_ok()
}

#[test]
fn frames_of_requests_have_the_right_size_and_header() {
    let shape: Shape = "request size-header".parse().unwrap();
    let mut other_versions = 0;
    for (seed, target) in (0..).zip(Target::all()) {
        if target.direction() != Direction::Request {
            continue;
        }
        let input = Generator::new(target).unit(Unit::Frame).generate(seed);
        for seed in seed..seed + 5 {
            let mutant = mutate::mutate(input.bytes(), &shape, seed, 100_000);
            let (size, rest) = mutant.bytes().split_first_chunk().unwrap();
            assert_eq!(
                i32::from_be_bytes(*size),
                i32::try_from(rest.len()).unwrap()
            );
            let (header, body) = RequestHeader::split(rest).unwrap();
            assert_eq!(header.api_key(), mutant.target().api_key());
            assert_eq!(header.version(), mutant.target().version());
            if mutant.deed() != Deed::Generated {
                assert_eq!(header.api_key(), target.api_key(), "{mutant}");
                other_versions += usize::from(header.version() != target.version());
            }
            let is_valid = is_valid(header.api_key(), header.version(), Direction::Request, body);
            match mutant.deed() {
                Deed::Changed(_) => assert!(is_valid, "seed {seed}: {mutant}"),
                Deed::Malformed(mutation) => {
                    let is_accepted = mutation.expectation() == schema::random::Expectation::Accept;
                    assert_eq!(is_valid, is_accepted, "seed {seed}: {mutant}");
                }
                _ => {}
            }
        }
    }
    assert!(other_versions > 50, "{other_versions}");
}

#[test]
fn frames_of_responses_have_the_header_of_their_target() {
    for (seed, target) in (0..).zip(Target::all()) {
        if target.direction() != Direction::Response {
            continue;
        }
        let input = Generator::new(target).unit(Unit::Frame).generate(seed);
        let shape = Shape::of(Prefix::SizeAndHeader, target);
        let mutant = mutate::change(input.bytes(), Change::Splice, &shape, seed, 100_000);
        let Some(mutant) = mutant else { continue };
        let versions = HeaderVersions::of(target.api_key(), target.version());
        let (_, body) = ResponseHeader::split(&mutant.bytes()[4..], versions).unwrap();
        assert!(
            is_valid(
                target.api_key(),
                target.version(),
                Direction::Response,
                body
            ),
            "{mutant}"
        );
    }
}

#[test]
fn key_and_version_in_front_follow_a_change_of_version() {
    let target = Target::new(ApiKey::Fetch, Version(4), Direction::Response).unwrap();
    let body = Generator::new(target).generate(1).into_bytes();
    let cases: [(Prefix, &[u8]); 3] = [
        (Prefix::KeyVersion, &[0, 1, 0, 4]),
        (Prefix::KeyVersionLe, &[1, 0, 4, 0]),
        (Prefix::KeyVersionBytes, &[1, 4]),
    ];
    for (prefix, front) in cases {
        let shape = Shape::any(prefix, Direction::Response).unwrap();
        let input = [front, &body].concat();
        let mutant = mutate::change(&input, Change::OtherVersion, &shape, 2, 100_000).unwrap();
        let version = u8::try_from(mutant.target().version().0).unwrap();
        assert_ne!(version, 4);
        let mut expected = front.to_vec();
        expected
            .iter_mut()
            .filter(|byte| **byte == 4)
            .for_each(|byte| *byte = version);
        let (found, body) = mutant.bytes().split_at(front.len());
        assert_eq!(found, expected);
        assert!(is_valid(
            ApiKey::Fetch,
            mutant.target().version(),
            Direction::Response,
            body
        ));
    }
}

#[test]
fn a_target_outdoes_the_prefix() {
    let target = Target::new(ApiKey::Metadata, Version(9), Direction::Request).unwrap();
    let shape = Shape::of(Prefix::KeyVersion, target);
    for seed in 0..100 {
        let mutant = mutate::mutate(b"\x7f\x7f\x7f\x7f\x01\x01\x00", &shape, seed, 1000);
        assert_eq!(mutant.bytes()[..4], [0, 3, 0, 9], "{mutant}");
    }
}

#[test]
fn crossing_over_brings_parts_of_the_other_input() {
    let target = Target::new(ApiKey::Metadata, Version(9), Direction::Request).unwrap();
    let shape = Shape::body(target);
    // One topic each, named one and two.
    let (one, two) = (b"\x02\x04one\0\x01\0\0\0", b"\x02\x04two\0\x01\0\0\0");
    let mut brought = 0;
    for seed in 0..50 {
        let mutant = mutate::cross_over(one, two, &shape, seed, 1000);
        brought += usize::from(mutant.bytes().windows(3).any(|bytes| bytes == b"two"));
    }
    assert!(brought > 25, "{brought}");
}

#[test]
fn crossing_over_without_a_common_part_mutates_otherwise() {
    let shape = Shape::any(Prefix::KeyVersion, Direction::Request).unwrap();
    let input = |key: ApiKey, version: i16| {
        let target = Target::new(key, Version(version), Direction::Request).unwrap();
        let body = Generator::new(target).generate(1).into_bytes();
        let prefix = [key.number().to_be_bytes(), version.to_be_bytes()].concat();
        [prefix, body].concat()
    };
    let metadata = input(ApiKey::Metadata, 9);
    // Another message, the same message, and no message.
    for other in [&input(ApiKey::Fetch, 12), &metadata, &vec![0xff; 9]] {
        let mut deeds = BTreeSet::new();
        for seed in 0..200 {
            let mutant = mutate::cross_over(&metadata, other, &shape, seed, 10_000);
            assert_ne!(mutant.bytes(), metadata, "seed {seed}: {mutant}");
            deeds.insert(mutant.deed().to_string());
        }
        assert!(deeds.len() > 10, "{deeds:?}");
    }
}

#[test]
fn texts_that_are_not_shapes_are_refused_with_what_was_expected() {
    let error = |text: &str| text.parse::<Shape>().unwrap_err().to_string();
    assert_eq!(
        error("query none"),
        "direction \"query\" is unknown (expected request or response)"
    );
    assert_eq!(
        error("request size"),
        "unknown prefix `size` (expected none, key-version, key-version-le, key-version-bytes, header or size-header)"
    );
    assert_eq!(
        error("request none"),
        "the prefix does not name the API (expected the API and its version too)"
    );
    assert_eq!(
        error("request size-header Fetch 400"),
        "\"request size-header Fetch 400\" does not name an API, and a version of it, that is known"
    );
    assert_eq!(
        error("request size-header Fetch 12 and more"),
        "unexpected \"and\" after the version (expected direction, prefix, API and version)"
    );
}
