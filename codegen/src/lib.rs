//! Generates Rust for Kafka's message definitions: the build-time half of `kafka-codec`.
//!
//! ```text
//! files ──► json ──► schema ──► resolve ──► ir ──► emit ──► print ──► OUT_DIR
//!           comments  mirror     passes      model  tokens   text
//! ```
//!
//! Every fault of a definition is found up to `resolve` and printed the way a compiler does; what
//! comes after cannot fail. [`generate`] is the whole of it.
//!
//! # Features
//!
//! - `cli`: the `kafka-codegen` command, and [`import`], which merges the definitions of several
//!   Kafka releases.

#![forbid(unsafe_code)]

pub mod corpus;
pub mod emit;
pub mod fault;
mod generate;
#[cfg(feature = "cli")]
pub mod import;
pub mod ir;
pub mod json;
pub mod print;
mod quirks;
pub mod resolve;
pub mod schema;
pub mod types;
pub mod versions;

pub use generate::{GenerateError, generate};
