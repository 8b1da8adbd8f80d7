//! Any bytes as any message, read by both readers: see `README.md`.
#![no_main]

#[path = "../../tests/support/fuzz_schema.rs"]
mod fuzz_schema;
#[path = "../../tests/support/registry.rs"]
mod registry;

libfuzzer_sys::fuzz_target!(|input: &[u8]| fuzz_schema::walker_vs_typed(input));
