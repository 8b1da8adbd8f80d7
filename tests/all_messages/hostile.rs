//! Whatever a peer sends is a value or an error, and costs memory by what it sent, not by what it
//! claims. Input made for maximum memory is in `hostile_memory.rs`.

use crate::bodies;
use std::env;

use crate::memory::Worst;
use crate::mutation::{NUMBERS, mutate, overwrite};
use crate::random::Random;

#[test]
fn huge_numbers_at_any_place_cost_no_more_than_is_allowed() {
    let (mut count, mut worst) = (0, Worst::default());
    for (entry, version, bodies) in bodies::of_all_pairs() {
        for at in 0..bodies.full.len() {
            for number in NUMBERS {
                let mut over = bodies.full.clone();
                overwrite(&mut over, at, number);
                let mut instead = bodies.full.clone();
                instead.splice(at..=at, number.iter().copied());
                for bytes in [over, instead] {
                    let _ = worst.decode(entry, version, &bytes);
                    count += 1;
                }
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
