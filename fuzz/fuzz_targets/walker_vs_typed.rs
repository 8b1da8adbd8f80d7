//! Any bytes as any message, read by both readers: see `README.md`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| kafka_codec_fuzz::walker_vs_typed(input));
