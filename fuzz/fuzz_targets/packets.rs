//! Any bytes as packets, in tunnels and fragments: see `README.md`.
#![no_main]

#[path = "../../capture/tests/support/fuzz_capture.rs"]
mod fuzz_capture;

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let _ = fuzz_capture::packets(input);
});
