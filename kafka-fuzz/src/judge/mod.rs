//! Differential testing of parsers in any language: each gets the same messages, and its verdicts are compared with those of
//! kafka-codec, and of Kafka's Java code where that was asked too.
//!
//! ```text
//!  Case ─► NDJSON ─► adapter: a program ─► NDJSON ─► Verdict ─┐
//!    │               around a parser                          ├─► Comparison
//!    └──────────────────────────► Verdict::of_this_crate ─────┘
//!                        Comparison: findings, with the smallest case of each
//! ```
//!
//! An adapter reads cases from standard input, a JSON object a line, and answers each with a line:
//!
//! ```json
//! {"id":0,"message":"ApiVersionsRequest","apiKey":18,"version":0,"hex":"","label":"valid","expectation":"accept"}
//! {"id":0,"accepted":true,"hex":""}
//! {"id":1,"accepted":false,"error":"unexpected end of input"}
//! {"id":2,"accepted":false,"unsupported":true}
//! ```

pub mod adapter;
mod case;
mod compare;
mod process;
mod verdict;

pub use case::Case;
pub use compare::{Comparison, Difference, Finding};
pub use verdict::Verdict;
