//! Any bytes as a capture file: see `README.md`.
#![no_main]

#[path = "../../capture/tests/support/fuzz_capture.rs"]
mod fuzz_capture;

libfuzzer_sys::fuzz_target!(|input: &[u8]| drop(fuzz_capture::capture(input)));
