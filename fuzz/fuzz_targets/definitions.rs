//! Any text as a definition or a data file of the generator: see `README.md`.
#![no_main]

#[path = "../../codegen/tests/support/fuzz_definitions.rs"]
mod fuzz_definitions;

libfuzzer_sys::fuzz_target!(|input: &[u8]| fuzz_definitions::definitions(input));
