//! Correlation: matching the responses of one connection to its requests.
//!
//! A response has no API key: a broker answers in the order of the requests, so the place in that order
//! says what a response is, and its correlation id checks the place. No I/O, no clock, no bodies.
//!
//! - [`InFlightRequests`] is for who sent the requests, and knows all of them. What does not fit is a
//!   [`Mismatch`], and the connection cannot be trusted any more.
//! - [`ObservedRequests`] is for who only listens, and may have missed any part. What does not fit is
//!   passed over.
//! - [`SaslTokens`] says which frames are not messages at all, but bare tokens of SASL.
//!
//! # Examples
//!
//! ```
//! use kafka_codec::correlation::{Answered, InFlightRequest, InFlightRequests};
//! use kafka_codec::{ApiKey, HeaderVersions, Version};
//!
//! // Decided when the request is encoded, and kept with it: the response states none of this.
//! let (key, version) = (ApiKey::Metadata, Version(12));
//! let headers = HeaderVersions::of(key, version);
//! let mut in_flight = InFlightRequests::default();
//! in_flight.push(InFlightRequest::new(key, version, headers, 7, "mine"));
//!
//! let frame = b"\0\0\0\x07\0rest";
//! let Answered::InOrder(request) = in_flight.answered_by(7)? else {
//!     panic!("the only request in flight is answered");
//! };
//! assert_eq!(request.note, "mine");
//! let answer = request.split_response(frame)?;
//! assert_eq!((answer.version, answer.body), (Version(12), &b"rest"[..]));
//!
//! let mismatch = in_flight.answered_by(8).unwrap_err();
//! assert_eq!(mismatch.to_string(), "a response with correlation id 8, but no request is in flight");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! See <https://kafka.apache.org/protocol#protocol_network>.

mod in_flight;
mod mismatch;
mod observed;
mod request;
mod sasl_tokens;
#[cfg(test)]
mod tests;

pub use in_flight::{Answered, InFlightRequests};
#[cfg(feature = "connection")]
pub(crate) use in_flight::{NotDue, WithoutResponse, not_due};
pub use mismatch::{Mismatch, MismatchKind};
pub use observed::{Expects, ObservedRequests};
pub(crate) use request::response_version;
pub use request::{InFlightRequest, SplitResponse};
pub use sasl_tokens::SaslTokens;
