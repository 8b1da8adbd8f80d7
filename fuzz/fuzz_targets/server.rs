//! Any bytes as operations on the accepting side of a connection: see `README.md`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| kafka_codec_fuzz::server(input));
