//! The Kafka protocol for Rust, generated from Kafka's own message definitions, with no I/O in it.
//!
//! Every request and response of every version that Kafka 3.9 or 4.4 knows is a struct of
//! [`messages`], and so are the records of its internal topics. Decoding borrows the input and
//! allocates only for arrays of structs, strings or blobs; encoding lets shared blobs through without copying them.
//!
//! ```text
//!  bytes ──► FrameReader ──► frame ──► RequestHeader::split ──► body ──► FetchRequest::decode
//!            frame/reader.rs           header.rs                         messages.rs
//!
//!  bytes ◄── Segments (a Buf) ◄── encode_request / encode_response ◄── FetchRequest { .. }
//!            wire/                frame.rs
//! ```
//!
//! # Examples
//!
//! ```
//! use kafka_codec::messages::{ApiVersionsRequest, RequestHeader};
//! use kafka_codec::{ApiKey, Decode, Message, Version, frame};
//!
//! let request = ApiVersionsRequest {
//!     client_software_name: "example".into(),
//!     client_software_version: "1.0".into(),
//!     ..Default::default()
//! };
//! let frame = frame::encode_request(Vec::new(), &request, Version(3), 1, Some("me"))?;
//!
//! let mut reader = frame::FrameReader::default();
//! let frame = reader.next_frame(&mut bytes::Buf::chunk(&frame))?.expect("all of it arrived");
//! let (header, body) = RequestHeader::split(&frame)?;
//! assert_eq!(header.api_key(), ApiKey::ApiVersions);
//! assert_eq!(ApiVersionsRequest::decode(body, header.version())?, request);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Bytes of a peer are never trusted: see [`wire`] for what is refused, and
//! [`Limits`](wire::Limits) for what they may cost.

#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "messages")]
mod any_message;
mod api_key;
mod api_versions;
mod client_identity;
#[cfg(feature = "connection")]
pub mod connection;
pub mod correlation;
pub mod enumerations;
#[cfg(feature = "messages")]
mod envelope;
mod error;
mod error_code;
pub mod frame;
#[doc(hidden)]
pub mod generated;
mod header;
#[cfg(feature = "messages")]
pub mod internal_topics;
mod io_error;
mod message;
pub mod messages;
mod name;
mod negotiation;
#[cfg(feature = "connection")]
pub mod produce;
#[cfg(feature = "records")]
pub mod records;
mod request_frame;
mod requests;
mod response_frame;
mod routing;
#[cfg(feature = "schema")]
pub mod schema;
#[cfg(feature = "messages")]
mod unknown_message;
mod unselected;
mod version;
mod version_table;
mod versioned;
pub mod wire;

#[cfg(feature = "messages")]
pub use any_message::{AnyRequest, AnyResponse};
pub use api_key::{
    ApiClass, ApiKey, HeaderVersions, Listener, Listeners, ParseApiKeyError, Routing, UnknownApiKey,
};
pub use client_identity::{ClientIdentity, InvalidSoftware};
pub use error::{DecodeError, DecodeErrorKind, EncodeError, EncodeErrorKind};
pub use error_code::{Applied, ErrorCode, ParseErrorCodeError, Remedy};
pub use header::RequestParts;
pub use message::{Decode, Message, Request, Response};
pub use negotiation::{ApiVersionsAnswer, NegotiationFault};
pub use request_frame::RequestFrame;
pub use response_frame::ResponseFrame;
pub use routing::{Destination, TopicPartition};
#[cfg(feature = "messages")]
pub use unknown_message::UnknownMessage;
pub use unselected::UnselectedResponse;
pub use version::{Version, VersionRange, VersionRangeError};
pub use version_table::{VersionError, VersionTable};
pub use versioned::Versioned;
pub use wire::IntoOwned;

/// The examples of the README and of the pages in `docs` run as tests.
#[cfg(all(
    doctest,
    feature = "messages",
    feature = "connection",
    feature = "records",
    feature = "random"
))]
mod pages {
    #[doc = include_str!("../README.md")]
    struct Readme;

    #[doc = include_str!("../docs/traps.md")]
    struct Traps;

    #[doc = include_str!("../docs/moving-a-client.md")]
    struct MovingAClient;
}
