//! Segments of a connection, lost, late and repeated: see `README.md`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| kafka_codec_fuzz::streams(input));
