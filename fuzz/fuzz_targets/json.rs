//! JSON of messages, both ways: see `README.md`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| kafka_codec_fuzz::json(input));
