//! Encoding and decoding of Kafka's primitive types, independent of messages.
//!
//! All integers are big-endian. How a length is written depends on the [`Encoding`]:
//!
//! | value | [`Classic`](Encoding::Classic) | [`Compact`](Encoding::Compact) |
//! |---|---|---|
//! | bool | 1 byte, 0 or 1 | same |
//! | int8 to int64, uint16, uint32, float64 | 1, 2, 4 or 8 bytes | same |
//! | uuid | 16 bytes | same |
//! | string | int16 length, UTF-8 | varint of length + 1, UTF-8 |
//! | bytes, records | int32 length, bytes | varint of length + 1, bytes |
//! | array | int32 count, elements | varint of count + 1, elements |
//! | null string, bytes, records, array | length -1 | varint 0 |
//! | nullable struct | int8 -1 for null; else 1, then the struct | same |
//! | tagged fields | none | varint count; each varint tag, varint size, value |
//!
//! [`Reader`] and [`Writer`] are for data around messages, such as the framing of records in the internal topics.
//! Generated code reads and writes with hidden cursors that keep their first fault, which the functions that
//! decode and encode a message check.
//!
//! See <https://kafka.apache.org/protocol#protocol_types> and KIP-482 for tagged fields.
#![doc = include_str!("../../docs/strictness.md")]

mod blob;
mod encoding;
mod into_owned;
mod limits;
pub(crate) mod packed;
pub(crate) mod read_cursor;
mod reader;
mod segments;
mod shared_frame;
pub(crate) mod structs;
mod tagged_fields;
mod uuid;
pub(crate) mod varint;
pub(crate) mod write_cursor;
mod writer;

pub use blob::Blob;
pub use encoding::Encoding;
pub use into_owned::IntoOwned;
pub(crate) use into_owned::as_they_are;
pub use limits::Limits;
pub(crate) use packed::fixed_width;
pub use packed::{FixedWidth, Packed, PackedIter};
pub use reader::Reader;
pub use segments::Segments;
#[doc(hidden)]
pub use shared_frame::SharedFrame;
pub use tagged_fields::{TaggedField, TaggedFields};
pub use uuid::{ParseUuidError, Uuid};
pub use writer::Writer;

pub(crate) use read_cursor::ReadCursor;
pub(crate) use write_cursor::{Fidelity, WriteCursor};
