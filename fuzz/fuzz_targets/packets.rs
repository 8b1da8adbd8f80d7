//! Any bytes as packets, in tunnels and fragments: see `README.md`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| kafka_codec_fuzz::packets(input));
