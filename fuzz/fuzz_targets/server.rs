//! Any bytes as operations on the accepting side of a connection: see `README.md`.
#![no_main]

#[path = "../../tests/support/choices.rs"]
mod choices;
#[path = "../../tests/support/fuzz_server/mod.rs"]
mod fuzz_server;
#[path = "../../tests/support/peer.rs"]
mod peer;

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    fuzz_server::server(input);
});
