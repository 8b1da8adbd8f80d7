//! Packets of TLS sessions, lost, repeated, reordered and damaged: see `README.md`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| kafka_codec_fuzz::tls(input));
