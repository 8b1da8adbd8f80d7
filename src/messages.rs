//! All messages, generated from the definitions in `protocol-json`.
//!
//! Requests and responses, both headers, and the records of Kafka's internal topics. Each message
//! has a module of its own with the structs it is made of; the messages themselves stand here.
//!
//! A field that a version does not have holds its default when it is decoded, and must hold it when
//! it is encoded, unless its documentation says that it is *dropped where absent*. "Versions 3+,
//! nullable 5+" says which versions of the message have the field, and in which it may be null.

#![cfg_attr(
    not(feature = "messages"),
    doc = "\n**Without the feature `messages`** only the headers are here, and what begins a connection."
)]

include!(concat!(env!("OUT_DIR"), "/messages.rs"));
