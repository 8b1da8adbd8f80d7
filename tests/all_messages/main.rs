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
#[path = "../support/memory.rs"]
mod memory;
#[path = "../support/mutation.rs"]
mod mutation;
#[path = "../support/random.rs"]
mod random;
#[path = "../support/registry.rs"]
mod registry;
#[path = "../support/vectors.rs"]
mod vectors;

mod error_kinds;
mod fuzz_corpus;
mod hostile;
mod hostile_memory;
mod java_vectors;
mod roundtrip;
mod segments;
mod tagged_fields;
mod truncation;
