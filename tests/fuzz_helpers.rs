//! The fuzz targets of JSON, of error responses and divided requests, and of fetched records hold for the vectors and for noise.
#![cfg(test)]
#![cfg(all(feature = "json", feature = "messages", feature = "records"))]

#[path = "support/fuzz_helpers.rs"]
mod fuzz_helpers;
#[path = "support/random.rs"]
mod random;
#[path = "support/vectors.rs"]
mod vectors;

use kafka_codec::ApiKey;
use kafka_codec::schema::Schema;
use random::Random;

/// Inputs of `json` and `answers` for every body of the vectors.
fn seeds() -> impl Iterator<Item = (&'static str, Vec<u8>)> {
    vectors::vectors().flat_map(|vector| {
        let index = Schema::all()
            .iter()
            .position(|schema| schema.name() == vector.name);
        let schema = index.and_then(|index| Schema::all().get(index));
        let version = |schema: &Schema| -> Option<u8> {
            u8::try_from(vector.version.0 - schema.versions().min().0).ok()
        };
        let json = index.zip(schema).and_then(|(index, schema)| {
            let [high, low] = u16::try_from(index).ok()?.to_be_bytes();
            Some((
                "json",
                [&[high, low, version(schema)?, 0], &*vector.bytes].concat(),
            ))
        });
        let answers = schema
            .filter(|schema| schema.name().ends_with("Request"))
            .and_then(|schema| {
                let key = ApiKey::from_number(schema.api_key()?);
                let index = ApiKey::ALL.iter().position(|other| *other == key)?;
                let choice = [u8::try_from(index).ok()?, version(schema)?, 0, 3, 2];
                Some(("answers", [&choice[..], &vector.bytes].concat()))
            });
        [json, answers].into_iter().flatten().collect::<Vec<_>>()
    })
}

#[test]
fn json_and_answers_hold_for_every_body_of_the_vectors() {
    let mut counts = [0, 0];
    for (target, input) in seeds() {
        match target {
            "json" => fuzz_helpers::json(&input),
            _ => fuzz_helpers::answers(&input),
        }
        counts[usize::from(target == "json")] += 1;
    }
    assert!(counts[0] > 100 && counts[1] > counts[0], "{counts:?}");
}

/// `FUZZ_ROUNDS` says how often each is changed.
#[test]
fn json_and_answers_hold_for_changed_bodies_of_the_vectors() {
    let rounds = std::env::var("FUZZ_ROUNDS").map_or(1, |rounds| rounds.parse().expect("a number"));
    let mut random = Random::of("changes");
    for (index, (target, input)) in seeds().enumerate() {
        // Without more rounds, some of them.
        if rounds == 1 && index % 4 != 0 {
            continue;
        }
        for _ in 0..rounds {
            let mut changed = input.clone();
            for _ in 0..=random.below(3) {
                let at = random.below(changed.len());
                let edge = random.pick(&[0, 1, 0x7f, 0x80, 0xff]);
                changed[at] = if random.below(2) == 0 {
                    random.byte()
                } else {
                    edge
                };
            }
            match target {
                "json" => fuzz_helpers::json(&changed),
                _ => fuzz_helpers::answers(&changed),
            }
        }
    }
}

#[test]
fn json_and_fetched_records_hold_for_noise() {
    let mut random = Random::of("noise");
    for _ in 0..2000 {
        let bytes: Vec<u8> = (0..random.below(120)).map(|_| random.byte()).collect();
        fuzz_helpers::json(&bytes);
        fuzz_helpers::answers(&bytes);
        fuzz_helpers::fetched_records(&bytes);
    }
}

#[test]
#[ignore = "writes files into the folder that KAFKA_CODEC_CORPUS names: fuzz/run calls it"]
fn the_corpus_is_made_of_the_vectors() {
    let folder = std::env::var_os("KAFKA_CODEC_CORPUS").expect("KAFKA_CODEC_CORPUS names a folder");
    for (count, (target, input)) in seeds().enumerate() {
        let folder = std::path::Path::new(&folder).join(target);
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(format!("vector-{count}")), input).unwrap();
    }
}
