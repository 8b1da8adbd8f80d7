//! Generates Rust for Kafka's message definitions: the build-time half of `kafka-codec`.
//!
//! ```text
//! files ──► json ──► schema ──► resolve ──► ir ──► emit ──► print ──► OUT_DIR
//!           comments  mirror     passes      model  tokens   text
//! ```
//!
//! Every fault of a definition is found up to `resolve` and printed the way a compiler does; what
//! comes after cannot fail. [`Builder`] is the whole of it for programs that want only some messages;
//! [`generate`] is what `kafka-codec` itself is made with.
//!
//! # Features
//!
//! - `cli`: the `kafka-codegen` command, and the modules with what its subcommands do: `import`
//!   merges the definitions of several Kafka releases, `show` and `table` print what there is, and `model` all of it as JSON.

#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod builder;
pub mod corpus;
pub mod emit;
mod error;
pub mod fault;
mod generate;
#[cfg(feature = "cli")]
pub mod import;
pub mod ir;
pub mod json;
#[cfg(feature = "cli")]
pub mod model;
pub mod print;
mod quirks;
pub mod resolve;
pub mod schema;
pub mod select;
#[cfg(feature = "cli")]
pub mod show;
pub mod source;
#[cfg(feature = "cli")]
pub mod table;
pub mod types;
pub mod versions;

pub use builder::Builder;
pub use error::GenerateError;
pub use generate::{Messages, generate};
