//! Mutants of every message in every version are what their labels say, to typed decoding.
#![cfg(test)]

use std::collections::{BTreeMap, BTreeSet};

use kafka_codec::schema::random::{Expectation, Mutation};
use kafka_codec::wire::{Limits, Writer};
use kafka_codec::{AnyRequest, AnyResponse, ApiKey, Version};
use kafka_fuzz::mutate::{self, Change, Deed, Mutant, Shape};
use kafka_fuzz::{Direction, Generator, Target};

/// What typed decoding reads, written again.
fn again(target: Target, body: &[u8]) -> Result<Vec<u8>, String> {
    let (key, version) = (target.api_key(), target.version());
    let mut writer = Writer::new();
    let limits = Limits::UNLIMITED;
    match target.direction() {
        Direction::Request => AnyRequest::decode_with(key, version, body, limits)
            .map_err(|error| error.to_string())?
            .encode(&mut writer, version),
        Direction::Response => AnyResponse::decode_with(key, version, body, limits)
            .map_err(|error| error.to_string())?
            .encode(&mut writer, version),
    }
    .expect("what decodes encodes");
    Ok(writer.into_vec())
}

/// Panics unless the mutant is what its label says.
fn check(mutant: &Mutant, seed: u64) {
    let read = again(mutant.target(), mutant.bytes());
    match (mutant.expectation(), mutant.deed()) {
        // Written unusually: it is the same as something else.
        (Some(Expectation::Accept), Deed::Malformed(_)) => {
            read.unwrap_or_else(|error| panic!("seed {seed}: {mutant}: {error}"));
        }
        (Some(Expectation::Accept), _) => {
            let read = read.unwrap_or_else(|error| panic!("seed {seed}: {mutant}: {error}"));
            assert_eq!(read, mutant.bytes(), "seed {seed}: {mutant}");
        }
        (Some(_), _) => assert!(read.is_err(), "seed {seed}: {mutant}"),
        (None, _) => {}
    }
}

#[test]
fn consistent_mutants_of_all_messages_are_valid_and_canonical() {
    let mut applied: BTreeMap<Change, usize> = BTreeMap::new();
    for target in Target::all() {
        for seed in 0..2 {
            let input = Generator::new(target).generate(seed);
            for change in Change::ALL {
                let shape = Shape::body(target);
                let mutant = mutate::change(input.bytes(), *change, &shape, seed, usize::MAX);
                let Some(mutant) = mutant else { continue };
                assert_eq!(mutant.deed(), Deed::Changed(*change));
                check(&mutant, seed);
                *applied.entry(*change).or_default() += 1;
            }
        }
    }
    for change in Change::ALL {
        let is_of_bodies = *change != Change::OtherVersion;
        assert_eq!(
            applied.contains_key(change),
            is_of_bodies,
            "{change}: {applied:?}"
        );
    }
}

#[test]
fn malformed_mutants_of_all_messages_are_what_their_labels_say() {
    for target in Target::all() {
        let input = Generator::new(target).generate(3);
        for mutation in Mutation::ALL {
            let shape = Shape::body(target);
            let mutant = mutate::malform(input.bytes(), *mutation, &shape, 3, usize::MAX);
            if let Some(mutant) = mutant {
                assert_eq!(mutant.deed(), Deed::Malformed(*mutation));
                check(&mutant, 3);
            }
        }
    }
}

#[test]
fn mutants_of_mutants_are_what_their_labels_say() {
    for (seed, target) in (0..).zip(Target::all()) {
        let shape = Shape::body(target);
        let mut input = Generator::new(target).generate(seed).into_bytes();
        for round in 0..8 {
            let mutant = mutate::mutate(&input, &shape, seed + round, 2000);
            assert!(mutant.bytes().len() <= 2000, "seed {seed}: {mutant}");
            check(&mutant, seed);
            input = mutant.into_bytes();
        }
    }
}

#[test]
fn a_mutant_follows_from_its_arguments_on_every_platform() {
    let target = Target::new(ApiKey::Metadata, Version(9), Direction::Request).unwrap();
    let shape = Shape::body(target);
    let input = b"\x03\x04one\0\x04two\0\x01\0\0\x01\x07\x02ab";
    let mut sum = 0;
    for seed in 0..2000 {
        let mutant = mutate::mutate(input, &shape, seed, 4096);
        let same = mutate::mutate(input, &shape, seed, 4096);
        assert_eq!(mutant.bytes(), same.bytes());
        assert_eq!(mutant.to_string(), same.to_string());
        assert_ne!(mutant.bytes(), input);
        sum = crc32c::crc32c_append(sum, mutant.bytes());
    }
    // It changes with the mutator, and with the versions of this message.
    assert_eq!(sum, 0xe661_3cbf, "{sum:#x}");
}

#[test]
fn mutants_of_any_input_reach_every_message_that_the_prefix_can_name() {
    let all: BTreeSet<_> = Target::all().map(|target| target.api_key()).collect();
    let valid = [0, 18, 0, 0];
    let unreadable = [0, 18, 0, 0, 1];
    for direction in [Direction::Request, Direction::Response] {
        let shape = Shape::any(mutate::Prefix::KeyVersion, direction).unwrap();
        for input in [&b""[..], b"\n", &valid, &unreadable] {
            let mut missing = all.clone();
            for seed in 0..30_000 {
                if missing.is_empty() {
                    break;
                }
                let mutant = mutate::mutate(input, &shape, seed, 4096);
                if mutant.deed() == Deed::Generated {
                    missing.remove(&mutant.target().api_key());
                }
            }
            assert!(missing.is_empty(), "{direction}, {input:02x?}: {missing:?}");
        }
    }
}

#[test]
fn mutants_fit_into_any_room_whatever_the_input() {
    let frames = Shape::any(mutate::Prefix::SizeAndHeader, Direction::Request).unwrap();
    for (seed, target) in (0..).zip(Target::all().step_by(7)) {
        let body = Generator::new(target).generate(seed).into_bytes();
        let noise = body.iter().map(|byte| byte ^ 0x55).collect::<Vec<_>>();
        for input in [&body[..], &noise, &body[..body.len() / 2], b""] {
            for max_len in [0, 1, 2, 7, 20, 100, 1000] {
                for shape in [Shape::body(target), frames] {
                    let mutant = mutate::mutate(input, &shape, seed, max_len);
                    assert!(mutant.bytes().len() <= max_len, "{mutant}");
                    let both = mutate::cross_over(input, &noise, &shape, seed, max_len);
                    assert!(both.bytes().len() <= max_len, "{both}");
                }
            }
        }
    }
}

#[test]
fn every_deed_occurs() {
    let mut deeds = BTreeMap::new();
    let shape = "request size-header".parse().unwrap();
    let mut input = Vec::new();
    for seed in 0..20_000 {
        let mutant = mutate::mutate(&input, &shape, seed, 3000);
        *deeds.entry(mutant.deed().to_string()).or_insert(0) += 1;
        // Malformed inputs now and then.
        if mutant.expectation() == Some(Expectation::Accept) || seed % 9 == 0 {
            input = mutant.into_bytes();
        }
        // Another API.
        if seed % 20 == 0 {
            input.clear();
        }
    }
    for change in Change::ALL {
        assert!(
            deeds.contains_key(&change.to_string()),
            "{change}: {deeds:?}"
        );
    }
    for deed in [Deed::Bytes, Deed::Generated] {
        assert!(deeds.contains_key(&deed.to_string()), "{deed}: {deeds:?}");
    }
}
