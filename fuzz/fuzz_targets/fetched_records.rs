//! Records as a consumer sees them: see `README.md`.
#![no_main]

#[path = "../../tests/support/fuzz_helpers.rs"]
mod fuzz_helpers;

libfuzzer_sys::fuzz_target!(|input: &[u8]| fuzz_helpers::fetched_records(input));
