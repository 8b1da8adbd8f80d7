//! Packets of TLS sessions, lost, repeated, reordered and damaged: see `README.md`.
#![no_main]

#[path = "../../capture/tests/support/fuzz_tls.rs"]
mod fuzz_tls;
#[path = "../../capture/tests/support/packets.rs"]
#[allow(dead_code, reason = "each target uses a part of it")]
mod packets;
#[path = "../../capture/tests/support/tls.rs"]
#[allow(dead_code, reason = "each target uses a part of it")]
mod tls;

libfuzzer_sys::fuzz_target!(|input: &[u8]| drop(fuzz_tls::tls(input)));
