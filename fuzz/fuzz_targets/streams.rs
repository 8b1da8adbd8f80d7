//! Segments of a connection, lost, late and repeated: see `README.md`.
#![no_main]

#[path = "../../capture/tests/support/fuzz_streams.rs"]
mod fuzz_streams;
#[path = "../../capture/tests/support/packets.rs"]
#[allow(dead_code, reason = "each target uses a part of it")]
mod packets;

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let _ = fuzz_streams::streams(input);
});
