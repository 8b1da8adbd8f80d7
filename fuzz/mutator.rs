//! The mutator of kafka-fuzz for the targets whose inputs are messages or records. Half of all mutants are its, the others are libFuzzer's;
//! `KAFKA_FUZZ_MUTATOR=only` and `KAFKA_FUZZ_MUTATOR=off` leave one of them out.
#![allow(dead_code, reason = "each target uses a part of it")]

use std::sync::OnceLock;

use kafka_codec::{ApiKey, Version};
use kafka_fuzz::mutate::{self, Shape};
use kafka_fuzz::{Direction, Target};
use libfuzzer_sys::fuzzer_mutate;

#[derive(Copy, Clone, PartialEq, Eq)]
enum Share {
    None,
    Half,
    All,
}

fn share() -> Share {
    static SHARE: OnceLock<Share> = OnceLock::new();
    *SHARE.get_or_init(|| match std::env::var("KAFKA_FUZZ_MUTATOR").as_deref() {
        Ok("off") => Share::None,
        Ok("only") => Share::All,
        _ => Share::Half,
    })
}

fn is_ours(seed: u32) -> bool {
    match share() {
        Share::None => false,
        Share::Half => seed % 2 == 0,
        Share::All => true,
    }
}

/// Mutates the message behind the two bytes that choose it. `chosen` tells which one it is.
pub fn messages(
    direction: Direction,
    chosen: impl Fn(&[u8]) -> Option<(&'static str, Version)>,
    data: &mut [u8],
    size: usize,
    max_size: usize,
    seed: u32,
) -> usize {
    let target = chosen(&data[..size]).and_then(|(name, version)| {
        let schema = kafka_codec::schema::Schema::named(name).ok()?;
        Target::new(ApiKey::from_number(schema.api_key()?), version, direction).ok()
    });
    match target {
        // The bytes that choose are libFuzzer's.
        Some(target) if is_ours(seed) && seed % 32 != 0 && max_size > 2 => {
            let shape = Shape::body(target);
            let mutant = mutate::mutate(&data[2..size], &shape, seed.into(), max_size - 2);
            let mutant = mutant.bytes();
            data[2..2 + mutant.len()].copy_from_slice(mutant);
            2 + mutant.len()
        }
        _ => fuzzer_mutate(data, size, max_size),
    }
}

/// Mutates as libFuzzer does, and corrects sizes and checksums of the records behind the first byte.
pub fn records(data: &mut [u8], size: usize, max_size: usize, seed: u32) -> usize {
    let size = fuzzer_mutate(data, size, max_size);
    if is_ours(seed) && size > 1 {
        let mut records = data[1..size].to_vec();
        if mutate::repair_records(&mut records) && records.len() == size - 1 {
            data[1..size].copy_from_slice(&records);
        }
    }
    size
}
