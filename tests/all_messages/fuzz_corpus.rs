//! The fuzz targets hold for every body that the vectors have, and the corpus that `fuzz/run`
//! begins with is made of them.

use crate::{fuzz_bodies, registry, vectors};
#[cfg(feature = "random")]
use crate::{fuzz_schema, random::Random};
use std::collections::BTreeSet;
use std::path::Path;
use std::{env, fs};

/// The name of the target and its input, for every body of a request or a response.
fn seeds() -> impl Iterator<Item = (&'static str, Vec<u8>)> {
    vectors::vectors().filter_map(|vector| {
        let target = if vector.name.ends_with("Request") {
            "requests"
        } else {
            "responses"
        };
        Some((
            target,
            fuzz_bodies::input(&vector.name, vector.version, &vector.bytes)?,
        ))
    })
}

#[test]
fn the_targets_hold_for_every_body_of_the_vectors() {
    let (mut count, mut messages) = (0, BTreeSet::new());
    for (target, input) in seeds() {
        match target {
            "requests" => fuzz_bodies::requests(&input),
            _ => fuzz_bodies::responses(&input),
        }
        count += 1;
        messages.insert((target, input[0], input[1]));
    }
    println!(
        "{count} seeds of {} pairs of message and version",
        messages.len()
    );
    let pairs = registry::pairs();
    let sides = ["Request", "Response"];
    let both = pairs
        .iter()
        .filter(|(entry, _)| sides.iter().any(|side| entry.name.ends_with(side)));
    assert_eq!(
        messages.len(),
        both.count(),
        "every message in every version has a seed"
    );
}

/// The same for the targets of the schema: every body that the vectors have, and bytes that mean nothing.
#[cfg(feature = "random")]
fn schema_seeds() -> impl Iterator<Item = (&'static str, Vec<u8>)> {
    let bodies = vectors::vectors().filter_map(|vector| {
        let input = fuzz_schema::walker_input(&vector.name, vector.version, &vector.bytes)?;
        Some(("walker_vs_typed", input))
    });
    let noise = (0..2000_usize).map(|index| {
        let mut random = Random::of(&format!("entropy {index}"));
        let bytes = (0..index % 500).map(|_| random.byte());
        ("random_messages", bytes.collect())
    });
    bodies.chain(noise)
}

#[cfg(not(feature = "random"))]
fn schema_seeds() -> impl Iterator<Item = (&'static str, Vec<u8>)> {
    std::iter::empty()
}

#[cfg(feature = "random")]
#[test]
fn the_targets_of_the_schema_hold_for_every_body_and_for_noise() {
    let mut counts = std::collections::BTreeMap::<_, usize>::new();
    for (target, input) in schema_seeds() {
        match target {
            "walker_vs_typed" => fuzz_schema::walker_vs_typed(&input),
            _ => fuzz_schema::random_messages(&input),
        }
        *counts.entry(target).or_default() += 1;
    }
    println!("{counts:?}");
    assert!(
        counts["walker_vs_typed"] > 10_000 && counts["random_messages"] == 2000,
        "{counts:?}"
    );
}

/// Longer bodies would slow down the target more than they would teach it.
const LONGEST_SEED: usize = 2048;

#[test]
#[ignore = "writes files into the folder that KAFKA_CODEC_CORPUS names: fuzz/run calls it"]
fn the_corpus_is_made_of_the_vectors() {
    let folder = env::var_os("KAFKA_CODEC_CORPUS").expect("KAFKA_CODEC_CORPUS names a folder");
    let distinct: BTreeSet<_> = seeds()
        .chain(schema_seeds())
        .filter(|(_, input)| input.len() <= LONGEST_SEED)
        .collect();
    for (index, (target, input)) in distinct.iter().enumerate() {
        let folder = Path::new(&folder).join(target);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(format!("vector-{index:05}")), input).unwrap();
    }
    println!("{} files", distinct.len());
}
