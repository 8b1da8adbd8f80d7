//! All messages, generated from the definitions in `protocol-json`.
//!
//! Requests and responses, both headers, and the records of Kafka's internal topics. Each message
//! has a module of its own with the structs it is made of; the messages themselves stand here.
//!
//! The documentation of a field begins with its meaning. A line such as "Versions 3+, nullable 5+, default -1,
//! ignorable." follows where there is more to say: the versions of the message that have the field, those in which it
//! may be null, its tag, and its default unless that is zero, `false` or empty. A field that a version does not have
//! holds its default when it is decoded, and must hold it when it is encoded, unless it is *ignorable*: silently
//! omitted in versions that lack the field.
//!
//! A field may also have *ended*: newer versions do not have it, and its documentation names the field that succeeds it,
//! such as the topic id that follows a topic name. What a request says must not depend on the version that happens to be
//! chosen, so:
//!
//! - [`Request::fits`](crate::Request::fits) checks that a version holds all of a request: no field that ended before is
//!   set, unless its successor is. A [connection](crate::connection) sends a request in the highest version that fits.
//! - [`Message::encode`](crate::Message::encode) refuses to omit what *identifies* something: a topic name in a version
//!   that has only ids, if the id is not set, and an id in a version that has only names, if the name is not set.
//!   Requests and responses with both are encoded in any version; brokers answer with both.
//! - [`Message::encode_lossy`](crate::Message::encode_lossy) silently omits every ignorable field, as Kafka's Java client
//!   does.
//!
//! Later releases may add fields: build a message with `..Default::default()` and match it with `..`.

#![cfg_attr(
    not(feature = "messages"),
    doc = "\n**Without the feature `messages`** only the headers are here, and what begins a connection."
)]

#[cfg(feature = "schema")]
mod schemas;

include!(concat!(env!("OUT_DIR"), "/messages/mod.rs"));
