//! The end of a request: its response or why there is none, and how long everything took.

use std::time::{Duration, Instant};
use std::{error, fmt};

use bytes::Bytes;

use crate::messages::ResponseHeader;
use crate::{ApiKey, DecodeError, Request, ResponseFrame, Version};

use super::error::ConnectionError;
use super::request::{ApiLabel, Record, RequestId};
use crate::connection::delivery::Delivery;
use crate::connection::timing::Timings;

/// A request that is over. Each accepted request has exactly one of these.
#[derive(Debug)]
pub struct Completion {
    pub(in crate::connection) record: Box<Record>,
    pub(in crate::connection) outcome: Outcome,
}

/// How a request ended.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Outcome {
    /// With a response.
    Response(RawResponse),
    /// It was written, and has no response: Produce with acks 0.
    Written,
    /// Without a response.
    Failed(ConnectionError),
}

impl Completion {
    /// Which request it is.
    #[must_use]
    pub fn id(&self) -> RequestId {
        self.record.id
    }

    /// What names it in logs.
    #[must_use]
    pub fn label(&self) -> ApiLabel {
        self.record.label
    }

    /// The number that the caller gave it.
    #[must_use]
    pub fn tag(&self) -> u64 {
        self.record.tag
    }

    /// Which attempt it is, as the caller counts.
    #[must_use]
    pub fn attempt(&self) -> u32 {
        self.record.attempt
    }

    /// How it ended.
    #[must_use]
    pub const fn outcome(&self) -> &Outcome {
        &self.outcome
    }

    /// How far it got.
    #[must_use]
    pub const fn delivery(&self) -> Delivery {
        match &self.outcome {
            Outcome::Response(_) => Delivery::Responded,
            Outcome::Written => Delivery::SentNoResponse,
            Outcome::Failed(error) => error.delivery(),
        }
    }

    /// When it passed each stage.
    #[must_use]
    pub fn timings(&self) -> &Timings {
        &self.record.timings
    }

    /// How long the broker throttled, as the response says.
    #[must_use]
    pub const fn throttle(&self) -> Duration {
        match &self.outcome {
            Outcome::Response(response) => response.throttle,
            Outcome::Written | Outcome::Failed(_) => Duration::ZERO,
        }
    }

    /// The bytes of the request, its size included.
    #[must_use]
    pub fn bytes_out(&self) -> usize {
        self.record.frame_bytes
    }

    /// The bytes of the response, its size included; 0 without one.
    #[must_use]
    pub fn bytes_in(&self) -> usize {
        match &self.outcome {
            Outcome::Response(response) => {
                crate::connection::receive::SIZE_BYTES + response.frame.len()
            }
            Outcome::Written | Outcome::Failed(_) => 0,
        }
    }

    /// The response; `None` where the request has none.
    ///
    /// # Errors
    ///
    /// Why a response did not come.
    #[inline]
    pub fn into_response(self) -> Result<Option<RawResponse>, ConnectionError> {
        match self.outcome {
            Outcome::Response(response) => Ok(Some(response)),
            Outcome::Written => Ok(None),
            Outcome::Failed(error) => Err(error),
        }
    }
}

/// A response whose body was not read yet. It owns its bytes.
#[derive(Clone)]
pub struct RawResponse {
    pub(in crate::connection) label: ApiLabel,
    pub(in crate::connection) version: Version,
    pub(in crate::connection) tag: u64,
    pub(in crate::connection) arrived: Instant,
    pub(in crate::connection) throttle: Duration,
    pub(in crate::connection) frame: Bytes,
}

impl RawResponse {
    /// The request that it answers.
    #[must_use]
    pub const fn label(&self) -> ApiLabel {
        self.label
    }

    /// The number that the caller gave the request.
    #[must_use]
    pub const fn tag(&self) -> u64 {
        self.tag
    }

    /// The version that it is in.
    #[must_use]
    pub const fn version(&self) -> Version {
        self.version
    }

    /// When its last byte arrived.
    #[must_use]
    pub const fn arrived(&self) -> Instant {
        self.arrived
    }

    /// How long the broker throttled, as it says in the response.
    #[must_use]
    pub const fn throttle(&self) -> Duration {
        self.throttle
    }

    /// The whole frame, header and body, without its size. A proxy puts its own client's
    /// correlation id in the first four bytes and sends it on.
    #[must_use]
    pub const fn frame(&self) -> &Bytes {
        &self.frame
    }

    /// The body.
    ///
    /// # Errors
    ///
    /// What decoding the header fails with.
    pub fn body(&self) -> Result<&[u8], DecodeError> {
        let (_, body) = ResponseHeader::split(&self.frame, self.label.headers)?;
        Ok(body)
    }

    /// The error codes in it, each once, in the order of the bytes: for logs and metrics, whatever response
    /// it is. `None` if the API is unknown here.
    ///
    /// # Errors
    ///
    /// What decoding it fails with.
    #[cfg(all(feature = "schema", feature = "messages"))]
    pub fn error_codes(&self) -> Result<Option<Vec<crate::ErrorCode>>, DecodeError> {
        let Some(schema) = crate::schema::Schema::of_response(self.label.api_key) else {
            return Ok(None);
        };
        let limits = crate::wire::Limits::default();
        let codes = crate::schema::error_codes(schema, self.version, self.body()?, limits)?;
        Ok(Some(codes.into_iter().map(|(code, _)| code).collect()))
    }

    /// The response to a request of type `R`, to be decoded where it is used.
    ///
    /// # Errors
    ///
    /// [`ResponseTypeError`] if it answers another request, or its header does not decode.
    pub fn into_typed<R: Request>(self) -> Result<ResponseFrame<R>, ResponseTypeError> {
        if R::KEY != self.label.api_key {
            return Err(ResponseTypeError::OtherApi {
                asked: R::KEY,
                is: self.label.api_key,
            });
        }
        ResponseFrame::new(self.frame, self.version).map_err(ResponseTypeError::Header)
    }
}

/// Without its bytes, in which there may be secrets.
impl fmt::Debug for RawResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawResponse")
            .field("label", &self.label)
            .field("version", &self.version)
            .field("tag", &self.tag)
            .field("bytes", &self.frame.len())
            .finish_non_exhaustive()
    }
}

/// A response is not the one it was taken for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ResponseTypeError {
    /// It answers a request of another API.
    OtherApi {
        /// The API of the type.
        asked: ApiKey,
        /// The API of the response.
        is: ApiKey,
    },
    /// Its header does not decode.
    Header(DecodeError),
}

impl fmt::Display for ResponseTypeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OtherApi { asked, is } => {
                write!(f, "the response is one of {is}, not of {asked}")
            }
            Self::Header(error) => error.fmt(f),
        }
    }
}

impl error::Error for ResponseTypeError {}
