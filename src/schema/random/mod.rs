//! Random messages of any kind and version, valid or malformed, for tests and for fuzzing.
//!
//! ```text
//!  entropy ──► message ──► bytes of a valid message ──► Mutator ──► Mutated: bytes, and what a reader
//!  entropy.rs  generate.rs                              mutator.rs  must make of them
//!
//!  entropy ──► Frame::any_request ──► size, header, body ──► Frame::randomly_mutated ──► Mutated
//!              frame.rs
//! ```
//!
//! The entropy is the caller's: [`Seeded`] for tests, a byte slice for a fuzzer, anything else that implements
//! [`Entropy`]. The same entropy makes the same bytes, on every machine.
//!
#![doc = include_str!("../../../docs/fuzzing.md")]

#[cfg(feature = "arbitrary")]
mod arbitrary;
mod collect;
mod defaults;
mod edit;
mod entropy;
mod frame;
mod generate;
mod min_sizes;
mod mutation;
mod mutator;
mod options;
mod sites;
mod tags;
mod values;

pub use entropy::{Entropy, Seeded};
pub use frame::Frame;
pub use generate::message;
pub use mutation::{Expectation, Mutated, Mutation};
pub use mutator::Mutator;
pub use options::{MakeRecords, Options};
