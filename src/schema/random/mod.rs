//! Random messages of any kind and version, valid or broken, for tests and for fuzzing.
//!
//! ```text
//!  entropy ──► message ──► bytes of a valid message ──► Breaker ──► Broken: bytes, and what a reader
//!  entropy.rs  generate.rs                              breaker.rs  must make of them
//!
//!  entropy ──► Frame::any_request ──► size, header, body ──► Frame::any_broken ──► Broken
//!              frame.rs
//! ```
//!
//! The entropy is the caller's: [`Seeded`] for tests, a byte slice for a fuzzer, anything else that implements
//! [`Entropy`]. The same entropy makes the same bytes, on every machine.
//!
#![doc = include_str!("../../../docs/fuzzing.md")]

#[cfg(feature = "arbitrary")]
mod arbitrary;
mod breakage;
mod breaker;
mod collect;
mod defaults;
mod edit;
mod entropy;
mod frame;
mod generate;
mod least;
mod options;
mod sites;
mod tags;
mod values;

pub use breakage::{Breakage, Broken, Verdict};
pub use breaker::Breaker;
pub use entropy::{Entropy, Seeded};
pub use frame::Frame;
pub use generate::message;
pub use options::{MakeRecords, Options};
