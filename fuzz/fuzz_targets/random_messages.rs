//! Any bytes as the entropy of a random message and of its mutation: see `README.md`.
#![no_main]

#[path = "../../tests/support/fuzz_schema.rs"]
mod fuzz_schema;
#[path = "../../tests/support/registry.rs"]
mod registry;

libfuzzer_sys::fuzz_target!(|input: &[u8]| fuzz_schema::random_messages(input));
