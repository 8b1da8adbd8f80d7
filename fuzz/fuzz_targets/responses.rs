//! Any bytes as the body of any response: see `README.md`.
#![no_main]

#[path = "../../tests/support/fuzz_bodies.rs"]
mod fuzz_bodies;
#[path = "../mutator.rs"]
mod mutator;
#[path = "../../tests/support/registry.rs"]
mod registry;

libfuzzer_sys::fuzz_target!(|input: &[u8]| fuzz_bodies::responses(input));

libfuzzer_sys::fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    let chosen = |input: &[u8]| fuzz_bodies::chosen("Response", input);
    mutator::messages(
        kafka_fuzz::Direction::Response,
        chosen,
        data,
        size,
        max_size,
        seed,
    )
});
