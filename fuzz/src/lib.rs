//! What the fuzz targets do with an input, and how inputs are mutated: see `README.md`. The targets call it, so that
//! the messages are compiled once and not for each of them.

#[path = "../../tests/support/choices.rs"]
mod choices;
#[path = "../../tests/support/fuzz_bodies.rs"]
mod fuzz_bodies;
#[path = "../../capture/tests/support/fuzz_capture.rs"]
mod fuzz_capture;
#[path = "../../tests/support/fuzz_connection/mod.rs"]
mod fuzz_connection;
#[path = "../../codegen/tests/support/fuzz_definitions.rs"]
mod fuzz_definitions;
#[path = "../../tests/support/fuzz_helpers.rs"]
mod fuzz_helpers;
#[path = "../../tests/support/fuzz_records.rs"]
mod fuzz_records;
#[path = "../../tests/support/fuzz_schema.rs"]
mod fuzz_schema;
#[path = "../../tests/support/fuzz_server/mod.rs"]
mod fuzz_server;
#[path = "../../capture/tests/support/fuzz_streams.rs"]
mod fuzz_streams;
#[path = "../../capture/tests/support/fuzz_tls.rs"]
mod fuzz_tls;
pub mod mutator;
#[path = "../../capture/tests/support/packets.rs"]
#[allow(dead_code, reason = "its tests use the rest")]
mod packets;
#[path = "../../tests/support/peer.rs"]
mod peer;
#[path = "../../tests/support/registry.rs"]
mod registry;
#[path = "../../capture/tests/support/tls.rs"]
#[allow(dead_code, reason = "its tests use the rest")]
mod tls;

/// Any bytes as the body of any request.
pub fn requests(input: &[u8]) {
    fuzz_bodies::requests(input);
}

/// Any bytes as the body of any response.
pub fn responses(input: &[u8]) {
    fuzz_bodies::responses(input);
}

/// Any bytes as any message, read by both readers.
pub fn walker_vs_typed(input: &[u8]) {
    fuzz_schema::walker_vs_typed(input);
}

/// Any bytes as the entropy of a random message and of its mutation.
pub fn random_messages(input: &[u8]) {
    fuzz_schema::random_messages(input);
}

/// Any bytes as a `records` field.
pub fn records(input: &[u8]) {
    fuzz_records::records(input);
}

/// Any bytes as operations on a connection and its broker.
pub fn connection(input: &[u8]) {
    let _ = fuzz_connection::connection(input);
}

/// Any bytes as operations on the accepting side of a connection.
pub fn server(input: &[u8]) {
    let _ = fuzz_server::server(input);
}

/// Any bytes as packets, in tunnels and fragments.
pub fn packets(input: &[u8]) {
    let _ = fuzz_capture::packets(input);
}

/// Any bytes as a capture file.
pub fn capture(input: &[u8]) {
    let _ = fuzz_capture::capture(input);
}

/// Segments of a connection, lost, late and repeated.
pub fn streams(input: &[u8]) {
    let _ = fuzz_streams::streams(input);
}

/// Packed files, damaged.
pub fn unpack(input: &[u8]) {
    let _ = fuzz_streams::unpack(input);
}

/// JSON of messages, both ways.
pub fn json(input: &[u8]) {
    fuzz_helpers::json(input);
}

/// Error responses and parts of requests.
pub fn answers(input: &[u8]) {
    fuzz_helpers::answers(input);
}

/// Records as a consumer sees them.
pub fn fetched_records(input: &[u8]) {
    fuzz_helpers::fetched_records(input);
}

/// Any text as a definition or a data file of the generator.
pub fn definitions(input: &[u8]) {
    fuzz_definitions::definitions(input);
}

/// Packets of TLS sessions, lost, repeated, reordered and damaged.
pub fn tls(input: &[u8]) {
    let _ = fuzz_tls::tls(input);
}
