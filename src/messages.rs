//! All messages, generated from the definitions in `protocol-json`: requests, responses, both headers, and the records of
//! Kafka's internal topics.
//!
//! The structs below are the messages. Each message also has a module with the structs it consists of.
//!
//! # APIs
//!
#![doc = include_str!(concat!(env!("OUT_DIR"), "/messages/apis.md"))]
//!
//! # Fields
//!
//! The documentation of a field begins with its meaning. A line such as "Versions 3+, nullable 5+, default -1, ignorable."
//! follows where the definition has more: the versions of the message that have the field, those in which it may be null,
//! its tag, and its default unless that is zero, `false` or empty. A field that a version does not have holds its default
//! when it is decoded, and must hold it when it is encoded, unless it is *ignorable*: silently omitted in versions that
//! lack the field.
//!
//! Later releases may add fields: build a message with `..Default::default()` and match it with `..`.
//!
//! # Fields that ended
//!
//! Newer versions may lack a field. Its documentation then names the field that succeeds it, such as the topic id that
//! follows a topic name. A request must mean the same in every version it is sent in, so:
//!
//! - [`Request::fits`](crate::Request::fits) checks that a version holds all of a request: no field that ended before is
//!   set, unless its successor is. A [connection](crate::connection) sends a request in the highest version that fits.
//! - [`Message::encode`](crate::Message::encode) refuses to omit what *identifies* something: a topic name in a version
//!   that has only ids, if the id is not set, and an id in a version that has only names, if the name is not set.
//!   Requests and responses with both are encoded in any version; brokers answer with both.
//! - [`Message::encode_lossy`](crate::Message::encode_lossy) silently omits every ignorable field, as Kafka's Java client
//!   does.
#![cfg_attr(
    not(feature = "messages"),
    doc = "\n**Without the feature `messages`** only the headers and the messages that open a connection are here."
)]

#[cfg(feature = "schema")]
mod schemas;

include!(concat!(env!("OUT_DIR"), "/messages/mod.rs"));
