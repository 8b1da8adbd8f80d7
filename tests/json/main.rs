//! What must hold of Kafka's JSON. It needs the schemas of all messages but not their types, so that this
//! program is small.
#![cfg(test)]
#![cfg(all(feature = "messages", feature = "json"))]

#[path = "../support/vectors.rs"]
mod vectors;

mod faults;
mod java_reading;
mod java_vectors;
mod memory;
mod options;
#[cfg(feature = "random")]
mod random;
mod tag_gaps;
