//! Any bytes as the body of any request: see `README.md`.
#![no_main]

#[path = "../../tests/support/fuzz_bodies.rs"]
mod fuzz_bodies;
#[path = "../../tests/support/registry.rs"]
mod registry;

libfuzzer_sys::fuzz_target!(|input: &[u8]| fuzz_bodies::requests(input));
