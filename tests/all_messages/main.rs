//! What must hold of all messages, a property a file. They share one program, as what they do with each
//! of the messages takes long to compile.
#![cfg(test)]
#![cfg(feature = "messages")]

#[path = "../support/bodies.rs"]
mod bodies;
#[path = "../support/crafted.rs"]
mod crafted;
#[path = "../support/fuzz_bodies.rs"]
mod fuzz_bodies;
#[cfg(feature = "random")]
#[path = "../support/fuzz_schema.rs"]
mod fuzz_schema;
#[path = "../support/memory.rs"]
mod memory;
#[path = "../support/mutation.rs"]
mod mutation;
#[path = "../support/random.rs"]
mod random;
#[cfg(feature = "schema")]
#[path = "../support/rebuild.rs"]
mod rebuild;
#[path = "../support/recorded.rs"]
mod recorded;
#[path = "../support/registry.rs"]
mod registry;
#[path = "../support/vectors.rs"]
mod vectors;

mod error_kinds;
mod error_paths;
mod error_response_memory;
#[cfg(feature = "json")]
mod error_responses;
#[cfg(feature = "schema")]
mod fits;
mod fuzz_corpus;
mod hostile;
mod hostile_memory;
mod internal_topics;
mod java_vectors;
#[cfg(feature = "random")]
mod malformed_messages;
mod nested_payloads;
#[cfg(feature = "random")]
mod random_coverage;
#[cfg(feature = "random")]
mod random_messages;
mod roundtrip;
#[cfg(feature = "json")]
mod routing;
#[cfg(feature = "schema")]
mod schemas;
mod segments;
mod tagged_fields;
mod truncation;
mod unknown_records;
#[cfg(feature = "schema")]
mod walker;
