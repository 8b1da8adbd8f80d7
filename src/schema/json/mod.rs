//! Kafka's JSON of messages, as the converters in Kafka's own jars write and read it.
//!
//! [`write()`] puts a message into any [`io::Write`](std::io::Write) while it reads it: equal to Kafka's text, or with
//! what [`Options`] add, leave out or hide. [`encode`] makes the bytes of a message out of JSON. What is
//! special about Kafka's JSON, and where reading differs from Kafka's, is in `docs/java-json.md`.
//!
//! ```text
//!  bytes ──► visit, in order ──► Message (a Visitor) ──► Text ──► io::Write
//!            ../walk             message.rs              text.rs: escapes,
//!                                redaction.rs            numbers, base64
//!
//!  JSON ──► Document ──► Encoder, by schema ──► wire::Writer ──► bytes
//!           document.rs  encode.rs, scalar.rs
//!           serde_json
//! ```
//!
//! # Examples
//!
//! ```
//! use kafka_codec::Version;
//! use kafka_codec::schema::{Schema, json};
//! use kafka_codec::wire::Writer;
//!
//! let schema = Schema::named("SaslAuthenticateRequest")?;
//! let text = r#"{"authBytes":"AHVzZXIAcGFzcw=="}"#;
//! let mut writer = Writer::new();
//! json::encode(schema, Version(0), text, json::ReadOptions::default(), &mut writer)?;
//! let bytes = writer.into_vec();
//!
//! assert_eq!(json::to_string(schema, Version(0), &bytes, &json::Options::java())?, text);
//! let shown = json::to_string(schema, Version(0), &bytes, &json::Options::java().redacted())?;
//! assert_eq!(shown, r#"{"authBytes":"[hidden]"}"#);
//!
//! let mut encode = |text: &str| json::encode(schema, Version(0), text, json::ReadOptions::default(), &mut Writer::new());
//! assert_eq!(
//!     encode("{\n  \"authBytes\": 7\n}").unwrap_err().to_string(),
//!     "SaslAuthenticateRequest v0: line 2, column 16: authBytes: expected base64 in a string, found a number",
//! );
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod base64;
mod document;
mod encode;
mod error;
mod float;
mod message;
mod options;
mod redaction;
mod scalar;
mod text;

pub use encode::{ReadOptions, encode};
pub use error::{JsonError, JsonErrorKind, ReadError, WriteError};
pub use message::{to_string, write};
pub use options::{Options, RecordsForm, WriteRecords};
