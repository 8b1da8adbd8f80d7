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
//! Later releases may add fields: build a message with `..Default::default()` and match it with `..`.

#![cfg_attr(
    not(feature = "messages"),
    doc = "\n**Without the feature `messages`** only the headers are here, and what begins a connection."
)]

include!(concat!(env!("OUT_DIR"), "/messages/mod.rs"));
