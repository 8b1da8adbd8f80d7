//! Any bytes as operations on a connection and its broker: see `README.md`.
#![no_main]

#[path = "../../tests/support/choices.rs"]
mod choices;
#[path = "../../tests/support/fuzz_connection/mod.rs"]
mod fuzz_connection;
#[path = "../../tests/support/peer.rs"]
mod peer;

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    fuzz_connection::connection(input);
});
