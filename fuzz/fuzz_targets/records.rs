//! Any bytes as a `records` field: see `README.md`.
#![no_main]

#[path = "../../tests/support/fuzz_records.rs"]
mod fuzz_records;

libfuzzer_sys::fuzz_target!(|input: &[u8]| fuzz_records::records(input));
