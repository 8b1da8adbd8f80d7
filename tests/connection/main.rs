//! The connection, driven by scripts: a broker made of bytes, and a clock that only these tests move.
//!
//! Every script is replayed with the bytes in one piece, byte by byte, and split at every place, in slices and in buffers of a
//! transport; the events must be the same. Rules are those of the table in `coverage.rs`.
#![cfg(test)]
#![cfg(feature = "connection")]

mod advice;
mod auto_traits;
#[path = "../support/choices.rs"]
mod choices;
mod connectivity;
mod coverage;
mod driver;
#[cfg(feature = "metrics")]
mod emitted;
#[path = "../support/fuzz_connection/mod.rs"]
mod fuzz_connection;
#[path = "../support/fuzz_server/mod.rs"]
mod fuzz_server;
mod hostile_bodies;
mod memory;
mod model;
mod model_server;
#[cfg(all(feature = "messages", feature = "schema"))]
#[path = "../support/mutation.rs"]
mod mutation;
mod overhead;
#[path = "../support/peer.rs"]
mod peer;
mod produce_attempts;
mod progress;
#[path = "../support/random.rs"]
mod random;
mod receiving;
#[path = "../support/recorded.rs"]
mod recorded;
mod recorded_traffic;
mod rule_01_correlation;
mod rule_02_correlation_ids;
mod rule_03_choice;
#[cfg(feature = "messages")]
mod rule_03_fits;
mod rule_03_versions;
mod rule_04_faults;
mod rule_04_sasl;
#[cfg(feature = "sasl-oauthbearer")]
mod rule_05_asked_tokens;
mod rule_05_reauthentication;
#[cfg(all(feature = "messages", feature = "schema"))]
mod rule_06_malformed_bodies;
mod rule_06_throttle_times;
mod rule_06_throttling;
mod rule_07_deadlines;
#[cfg(feature = "messages")]
mod rule_07_server_waits;
mod rule_08_frames;
mod rule_10_idle;
mod rule_11_acks_0;
mod rule_12_closing;
mod rule_12_hints;
mod server;
mod server_limits;
mod submitted;
mod timings;
#[cfg(feature = "tracing")]
mod traces;
mod user_defined_apis;
#[path = "../support/vectors.rs"]
mod vectors;
