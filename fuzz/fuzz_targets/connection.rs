//! Any bytes as operations on a connection and its broker: see `README.md`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| kafka_codec_fuzz::connection(input));
