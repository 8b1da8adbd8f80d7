//! Any bytes as a `records` field: see `README.md`.
#![no_main]

#[path = "../../tests/support/fuzz_records.rs"]
mod fuzz_records;
#[path = "../mutator.rs"]
mod mutator;

libfuzzer_sys::fuzz_target!(|input: &[u8]| fuzz_records::records(input));

libfuzzer_sys::fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutator::records(data, size, max_size, seed)
});
