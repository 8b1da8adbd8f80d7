//! Any text as a definition or a data file of the generator: see `README.md`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| kafka_codec_fuzz::definitions(input));
