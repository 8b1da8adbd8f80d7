//! Tables of every message, and a walker over encoded messages, for programs that learn at run time which message
//! they have.
//!
//! Beside the typed messages there is a [`Schema`] of each, and [`visit`] reads the bytes of a message by it:
//! everything that a message holds, in one pass, without allocating, by calling a [`Visitor`].
//!
//! ```text
//!  ApiKey, name ──► Schema ──► StructSchema ──► Field: names, type,
//!                                   ▲             │    versions, tag, default
//!                                   └─────────────┘
//!
//!  (schema, version, bytes) ──► visit ──► Visitor: begin_struct, value,
//!                                         begin_array, unknown_tag, ..
//! ```
//!
//! Typed decoding and [`visit`] are two readers of the same bytes: they accept and refuse the same, with the
//! same [`DecodeError`](crate::DecodeError). That error names its field by this module too.
//!
//! # Examples
//!
//! The strings of a message, whatever message it is:
//!
//! ```
//! use std::ops::ControlFlow;
//!
//! use kafka_codec::schema::{self, FieldLocation, Schema, Value, Visitor};
//! use kafka_codec::{ApiKey, Version, wire::Limits};
//!
//! #[derive(Default)]
//! struct Strings(Vec<String>);
//!
//! impl<'a> Visitor<'a> for Strings {
//!     fn value(&mut self, place: FieldLocation, value: Value<'a>) -> ControlFlow<()> {
//!         if let Value::String(text) = value {
//!             self.0.push(format!("{}: {text}", place.name()));
//!         }
//!         ControlFlow::Continue(())
//!     }
//! }
//!
//! let schema = Schema::of_request(ApiKey::Heartbeat).expect("known");
//! let body = b"\0\x01a\0\0\0\x01\0\x01b";
//! let mut strings = Strings::default();
//! schema::visit(schema, Version(0), body, Limits::default(), &mut strings)?;
//! assert_eq!(strings.0, ["groupId: a", "memberId: b"]);
//! # Ok::<(), kafka_codec::DecodeError>(())
//! ```

mod defaults;
mod error_codes;
#[cfg(feature = "json")]
pub mod json;
mod locate;
pub(crate) mod lookup;
#[cfg(feature = "random")]
pub mod random;
mod table;
mod visitor;
mod walk;

pub use error_codes::error_codes;
pub(crate) use locate::locate;
pub use lookup::UnknownSchema;
pub use table::{DefaultValue, Entity, Enumeration, Field, FieldType, Kind, Schema, StructSchema};
#[doc(hidden)]
pub use table::{NEVER, structure};
pub use visitor::{FieldLocation, Value, Visitor};
pub use walk::visit;
