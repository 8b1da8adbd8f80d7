//! Random messages of any kind and version, valid or malformed, for tests and for fuzzing.
//!
//! ```text
//!  entropy ──► message ──► bytes of a valid message ──► Mutator ──► Mutated
//!
//!  entropy ──► Frame::any_request ──► Frame::randomly_mutated ──► Mutated
//!
//!  Mutated: bytes, and how a correct parser reacts to them
//! ```
//!
//! The entropy is the caller's: [`Seeded`] for tests, a byte slice for a fuzzer, anything else that implements
//! [`Entropy`]. The same entropy makes the same bytes, on every machine.
//!
#![doc = include_str!("../../../docs/fuzzing.md")]

#[cfg(feature = "arbitrary")]
mod arbitrary;
mod chance;
mod collect;
mod defaults;
mod edit;
mod entropy;
mod frame;
mod generate;
mod lengths;
mod min_sizes;
mod mutation;
mod mutator;
mod options;
mod plan;
mod sites;
mod tags;
mod texts;
mod values;

pub use entropy::{Entropy, Seeded};
pub use frame::Frame;
pub use generate::{Generator, message};
pub use mutation::{Expectation, Mutated, Mutation};
pub use mutator::Mutator;
pub use options::{MakeRecords, Options};
