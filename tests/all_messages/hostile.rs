//! Whatever a peer sends is a value or an error, and costs memory by what it sent, not by what it
//! claims. Input made for maximum memory is in `hostile_memory.rs`.

use crate::bodies;
use std::env;

use crate::hostile_memory::is_thorough;
use crate::memory::Worst;
use crate::mutation::{NUMBERS, mutate, overwrite};
use crate::random::Random;

#[test]
fn huge_numbers_at_any_place_cost_no_more_than_is_allowed() {
    let is_thorough = is_thorough();
    let (mut count, mut worst) = (0, Worst::default());
    for (entry, version, bodies) in bodies::of_all_pairs() {
        for at in 0..bodies.full.len() {
            for (number, is_over) in NUMBERS.iter().flat_map(|n| [(n, true), (n, false)]) {
                // The other way is tried at the next place, and at this place of the next version.
                let is_turn = (at + usize::from(version.0.unsigned_abs())) % 2 == 0;
                if is_turn != is_over && !is_thorough {
                    continue;
                }
                let mut bytes = bodies.full.clone();
                if is_over {
                    overwrite(&mut bytes, at, number);
                } else {
                    bytes.splice(at..=at, number.iter().copied());
                }
                let _ = worst.decode(entry, version, &bytes);
                count += 1;
            }
        }
    }
    println!(
        "{count} bodies with a huge number; worst: {}",
        worst.report()
    );
}

#[test]
fn mutated_bodies_are_errors_or_values_that_round_trip() {
    let mutations = env::var("KAFKA_CODEC_MUTATIONS").map_or(10, |text| text.parse().unwrap());
    let (mut count, mut decoded, mut worst) = (0, 0, Worst::default());
    for (entry, version, bodies) in bodies::of_all_pairs() {
        let mut random = Random::of(&format!("{} v{version}", entry.name));
        for index in 0..mutations {
            let body = &bodies.all[index % bodies.all.len()];
            let bytes = mutate(
                body,
                &bodies.all[random.below(bodies.all.len())],
                &mut random,
            );
            if worst.decode(entry, version, &bytes).is_ok() {
                (entry.round_trip)(&bytes, version).unwrap();
                decoded += 1;
            }
            count += 1;
        }
    }
    println!(
        "{count} mutations, {decoded} of them decoded; worst: {}",
        worst.report()
    );
    assert!(
        mutations == 0 || (decoded > 0 && decoded < count),
        "{decoded} of {count}"
    );
}
