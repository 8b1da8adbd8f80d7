//! The mutator of kafka-fuzz for the targets whose inputs are messages or records. Half of all mutants are its, the others are libFuzzer's;
//! `KAFKA_FUZZ_MUTATOR=only` and `KAFKA_FUZZ_MUTATOR=off` leave one of them out.

use std::sync::OnceLock;

use kafka_codec::ApiKey;
use kafka_fuzz::mutate::{self, Shape};
use kafka_fuzz::{Direction, Target};
use libfuzzer_sys::fuzzer_mutate;

use crate::fuzz_bodies;

/// One in so many mutants of messages is a new one.
const NEW_MESSAGE: u32 = 16;

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

/// Mutates the request behind the two bytes that choose it, or replaces both.
pub fn requests(data: &mut [u8], size: usize, max_size: usize, seed: u32) -> usize {
    messages("Request", Direction::Request, data, size, max_size, seed)
}

/// The same for responses.
pub fn responses(data: &mut [u8], size: usize, max_size: usize, seed: u32) -> usize {
    messages("Response", Direction::Response, data, size, max_size, seed)
}

fn messages(
    side: &str,
    direction: Direction,
    data: &mut [u8],
    size: usize,
    max_size: usize,
    seed: u32,
) -> usize {
    let target_of = |input: &[u8]| {
        let (name, version) = fuzz_bodies::chosen(side, input)?;
        let schema = kafka_codec::schema::Schema::named(name).ok()?;
        Target::new(ApiKey::from_number(schema.api_key()?), version, direction).ok()
    };
    // From an empty corpus, a fuzzer would stay with the messages that it found first.
    if is_ours(seed) && seed % NEW_MESSAGE == 0 && max_size > 2 {
        let [choice @ .., _, _] = seed.wrapping_mul(0x9e37_79b9).to_be_bytes();
        if let Some(target) = target_of(&choice) {
            let message = mutate::generate(&Shape::body(target), seed.into(), max_size - 2);
            let message = message.bytes();
            data[..2].copy_from_slice(&choice);
            data[2..2 + message.len()].copy_from_slice(message);
            return 2 + message.len();
        }
    }
    match target_of(&data[..size]) {
        Some(target) if is_ours(seed) && max_size > 2 => {
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
