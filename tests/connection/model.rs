//! Random operations against a model that is simpler than the connection: whatever happens, every request is
//! completed exactly once, memory is bounded, and nothing follows the end. See `tests/support/fuzz_connection`.
//!
//! `MODEL_RUNS` says how many runs; `MODEL_SEED` repeats one.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use crate::fuzz_connection::connection;
use crate::random::Random;

#[test]
fn every_request_is_completed_exactly_once_whatever_happens() {
    let (runs, completions) = repeat(10_000, |seed| connection(&operations(seed)));
    println!("{runs} runs, {completions} requests, each completed once");
    assert!(runs == 1 || completions > runs, "the runs do something");
}

/// Bytes that say what is done, about 120 operations at most.
pub(crate) fn operations(seed: usize) -> Vec<u8> {
    let mut random = Random::of(&format!("model {seed}"));
    let bytes = random.below(360);
    (0..bytes).map(|_| random.byte()).collect()
}

/// Does as many runs as the environment says, and adds up what they say. One that fails is named.
pub(crate) fn repeat(runs: usize, run: impl Fn(usize) -> usize) -> (usize, usize) {
    let number = |name| {
        let text = std::env::var(name).ok()?;
        Some(text.parse().expect("MODEL_RUNS and MODEL_SEED are numbers"))
    };
    if let Some(seed) = number("MODEL_SEED") {
        return (1, run(seed));
    }
    let runs = number("MODEL_RUNS").unwrap_or(runs);
    let outcomes = (0..runs).map(|seed| {
        catch_unwind(AssertUnwindSafe(|| run(seed))).unwrap_or_else(|panic| {
            eprintln!("repeat with MODEL_SEED={seed}");
            resume_unwind(panic)
        })
    });
    (runs, outcomes.sum())
}

#[test]
#[ignore = "writes files into the folder that KAFKA_CODEC_CORPUS names: fuzz/run calls it"]
fn the_corpus_is_made_of_random_operations() {
    let folder = std::env::var_os("KAFKA_CODEC_CORPUS").expect("KAFKA_CODEC_CORPUS is a folder");
    for target in ["connection", "server"] {
        let folder = std::path::Path::new(&folder).join(target);
        std::fs::create_dir_all(&folder).unwrap();
        for seed in 0..300 {
            std::fs::write(folder.join(format!("vector-{seed}")), operations(seed)).unwrap();
        }
    }
}
