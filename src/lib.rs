//! The Kafka protocol without I/O: typed messages, record batches, connections, schemas and fuzzing.
//!
//! Every request and response of Apache Kafka 3.9 and 4.4 is a struct of [`messages`], in every version, and so are the
//! records of Kafka's internal topics. Decoding borrows the input and allocates only for arrays of structs, strings or
//! blobs. Encoding passes shared blobs through without copying. The crate opens no socket, starts no thread, reads no clock,
//! draws no random numbers and logs nothing.
//!
//! # Where to start
//!
//! | to write | read | example |
//! |---|---|---|
//! | a client | [`connection`] for the run loop, [`records`] for batches, [`produce`] for retries | `blocking_client`, `produce_and_fetch` |
//! | a proxy or gateway | [`RequestFrame`], [`AnyRequest`], [`connection::server`], [`Request::destinations`] | `proxy_rewrite` |
//! | a broker or test server | [`connection::server`], [`Request::error_response`], [`ApiKey`] | `kafka-codec-tokio`: `toy_broker` |
//! | a decoder of captures | [`correlation`], [`schema::visit`], [`internal_topics`]; or the crate `kafka-capture` | `decode_frames` |
//! | a fuzzer | [`schema::random`] | `fuzz_a_server` |
//!
//! # Encoding and decoding
//!
//! ```text
//!  socket ──► FrameReader ──► frame ──► RequestHeader ──► body ──► decode
//!                                       ResponseHeader              │
//!                                                                   ▼
//!                                                           typed message
//!                                                                   │
//!  socket ◄── Segments, a Buf ◄── encode_request, encode_response ◄─┘
//! ```
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
//! # Connections
//!
//! ```text
//!             bytes, time                        requests
//!  transport ─────────────► connection::Connection ◄───────── program
//!            ◄─────────────                         ─────────►
//!             bytes, deadline                    events
//! ```
//!
//! A [`connection::Connection`] negotiates versions, authenticates, correlates, throttles and times requests. When it
//! breaks, its error names the request that was due, how far each request had got, and what is safe to do next.
//!
//! # Untrusted input
//!
//! No input makes this crate panic, and no count in the input sizes an allocation before it is checked. [`wire`] lists what
//! is refused, and [`Limits`](wire::Limits) bound the memory.
//!
//! # Features
//!
//! | feature | default | adds |
//! |---|---|---|
//! | `messages` | yes | all messages; without it only the headers and the messages that open a connection |
//! | `schema` | yes | [`schema`]: a table of every message, and the path of the field in errors |
//! | `records` | yes | [`records`]: record batches and message sets |
//! | `connection` | yes | [`connection`] and [`produce`]; SASL PLAIN |
//! | `json` | | [`schema::json`]: Kafka's JSON of any message, in both directions |
//! | `random` | | [`schema::random`]: generators of valid and malformed messages |
//! | `arbitrary` | | the same as inputs of fuzz targets that use the crate arbitrary |
//! | `gzip`, `snappy`, `lz4`, `zstd` | | compressed records |
//! | `sasl-scram`, `sasl-oauthbearer` | | SASL SCRAM-SHA-256 and SCRAM-SHA-512, OAUTHBEARER |
//! | `metrics` | | [`connection::MetricsEmitter`] |
//! | `tokio-util` | | [`frame::FrameCodec`] |
//! | `tracing` | | [`Event::trace`](connection::Event::trace) and [`ProduceEvent::trace`](produce::ProduceEvent::trace) |
//! | `uuid` | | conversions between [`wire::Uuid`] and the crate uuid |

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
#[doc(inline)]
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

    #[doc = include_str!("../docs/embedding.md")]
    struct Embedding;

    #[doc = include_str!("../docs/replacing-kafka-protocol.md")]
    struct ReplacingKafkaProtocol;
}
