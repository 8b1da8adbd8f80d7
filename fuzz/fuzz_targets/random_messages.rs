//! Any bytes as the entropy of a random message and of its mutation: see `README.md`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| kafka_codec_fuzz::random_messages(input));
