//! The end of a request: its response, or the error for which it has none.

use std::sync::Arc;
use std::time::{Duration, Instant};
use std::{error, fmt};

use bytes::Bytes;

use crate::connection::close_reason::Ms;
use crate::connection::{
    Advice, ApiLabel, BlockedOn, CloseReason, CloseReport, Delivery, Failure, RequestId, State,
    TimeoutKind, Timings, VersionError,
};
use crate::frame::SIZE_BYTES;
use crate::messages::ResponseHeader;
use crate::{
    ApiKey, DecodeError, EncodeError, ErrorCode, Request, ResponseFrame, Version, VersionRange,
};

use super::event::Event;

/// A request that is over. Each accepted request has exactly one of these.
#[derive(Debug)]
pub struct Completion {
    pub(super) summary: RequestSummary,
    pub(super) outcome: Outcome,
}

/// What a completion says of its request.
#[derive(Copy, Clone, Debug)]
pub(super) struct RequestSummary {
    pub(super) id: RequestId,
    pub(super) label: ApiLabel,
    pub(super) tag: u64,
    pub(super) attempt: u32,
    /// The bytes of the request, its size included.
    pub(super) frame_bytes: usize,
    pub(super) timings: Timings,
}

/// The end of a request.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Outcome {
    /// With a response.
    Response(RawResponse),
    /// The request was written, and has no response: Produce with acks 0.
    Written,
    /// Without a response.
    Failed(ConnectionError),
}

impl Outcome {
    /// Returns the outcome as a stable word for counters: `responded`, `written`, or the
    /// [name](crate::connection::ConnectionErrorKind::name) of why it failed.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Response(_) => "responded",
            Self::Written => "written",
            Self::Failed(error) => error.kind().name(),
        }
    }
}

impl Completion {
    /// Which request it is.
    #[must_use]
    pub const fn id(&self) -> RequestId {
        self.summary.id
    }

    /// Returns the label of the request for logs.
    #[must_use]
    pub const fn label(&self) -> ApiLabel {
        self.summary.label
    }

    /// The number that the caller gave it.
    #[must_use]
    pub const fn tag(&self) -> u64 {
        self.summary.tag
    }

    /// Which attempt it is, as the caller counts.
    #[must_use]
    pub const fn attempt(&self) -> u32 {
        self.summary.attempt
    }

    /// Returns the outcome.
    #[must_use]
    pub const fn outcome(&self) -> &Outcome {
        &self.outcome
    }

    /// Returns how far the request got.
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
    pub const fn timings(&self) -> &Timings {
        &self.summary.timings
    }

    /// Returns the throttle time of the response.
    #[must_use]
    pub const fn throttle(&self) -> Duration {
        match &self.outcome {
            Outcome::Response(response) => response.throttle,
            Outcome::Written | Outcome::Failed(_) => Duration::ZERO,
        }
    }

    /// The bytes of the request, its size included.
    #[must_use]
    pub const fn bytes_out(&self) -> usize {
        self.summary.frame_bytes
    }

    /// The bytes of the response, its size included; 0 without one.
    #[must_use]
    pub fn bytes_in(&self) -> usize {
        match &self.outcome {
            Outcome::Response(response) => SIZE_BYTES + response.frame.len(),
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
    pub(super) label: ApiLabel,
    pub(super) version: Version,
    pub(super) tag: u64,
    pub(super) arrived: Instant,
    pub(super) throttle: Duration,
    pub(super) frame: Bytes,
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

    /// Returns the throttle time of the response.
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
    pub fn error_codes(&self) -> Result<Option<Vec<ErrorCode>>, DecodeError> {
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
    /// The response answers a request of another API.
    OtherApi {
        /// The API of the type.
        asked: ApiKey,
        /// The API of the response.
        is: ApiKey,
    },
    /// The header of the response does not decode.
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

/// Which response was decoded, to be kept while the response itself is handed on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecodedResponse {
    label: ApiLabel,
    tag: u64,
    arrived: Instant,
    error_codes: Box<[ErrorCode]>,
}

impl DecodedResponse {
    /// The error codes that are in it, so that they show in events and metrics too. By default none.
    #[must_use]
    pub fn with_error_codes(mut self, codes: impl IntoIterator<Item = ErrorCode>) -> Self {
        self.error_codes = codes.into_iter().collect();
        self
    }

    /// The event that it was decoded just now, or could not be.
    pub(super) fn event(&self, now: Instant, result: Result<(), DecodeError>) -> Event {
        Event::Decoded {
            label: self.label,
            tag: self.tag,
            result,
            error_codes: self.error_codes.clone(),
            after: now.saturating_duration_since(self.arrived),
        }
    }
}

impl From<&RawResponse> for DecodedResponse {
    fn from(response: &RawResponse) -> Self {
        Self {
            label: response.label(),
            tag: response.tag(),
            arrived: response.arrived(),
            error_codes: Box::default(),
        }
    }
}

/// Why a request has no response, how far it had got, and on which connection.
///
/// It prints as one line for a log, with the broker and the request in front.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectionError {
    pub(super) broker: Arc<str>,
    pub(super) request: ApiLabel,
    pub(super) delivery: Delivery,
    pub(super) kind: ConnectionErrorKind,
}

/// Why a request has no response.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConnectionErrorKind {
    /// The connection was closed.
    Closed(Arc<CloseReport>),
    /// The connection takes no more requests: it is draining.
    Draining,
    /// No response came in time. The connection is still open.
    TimedOut {
        /// How long it took.
        after: Duration,
        /// The request before it, whose response did not arrive either, if there is one.
        blocked_by: Option<ApiLabel>,
        /// Why it was not sent yet.
        blocked_on: Option<BlockedOn>,
    },
    /// The caller cancelled it.
    Cancelled,
    /// The broker turned out not to have the version.
    Version(VersionError),
}

impl ConnectionErrorKind {
    /// Returns the kind as a stable word for counters: that of
    /// [`CloseReason::name`] if the connection was closed.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Closed(report) => report.reason.name(),
            Self::Draining => "draining",
            Self::TimedOut { .. } => "timed_out",
            Self::Cancelled => "cancelled",
            Self::Version(_) => "version",
        }
    }
}

impl ConnectionError {
    /// What the connection was called.
    #[must_use]
    pub fn broker(&self) -> &str {
        &self.broker
    }

    /// The request.
    #[must_use]
    pub const fn request(&self) -> ApiLabel {
        self.request
    }

    /// Returns how far the request had got.
    #[must_use]
    pub const fn delivery(&self) -> Delivery {
        self.delivery
    }

    /// Why.
    #[must_use]
    pub const fn kind(&self) -> &ConnectionErrorKind {
        &self.kind
    }

    /// Returns `true` if its connection is closed.
    #[must_use]
    pub const fn is_closed(&self) -> bool {
        matches!(self.kind, ConnectionErrorKind::Closed(_))
    }

    /// Returns `true` if the time of this request ran out, not that of another on its connection.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        match &self.kind {
            ConnectionErrorKind::TimedOut { .. } => true,
            ConnectionErrorKind::Closed(report) => matches!(
                &report.reason,
                CloseReason::Timeout(TimeoutKind::Request { request, .. })
                    if *request == self.request
            ),
            _ => false,
        }
    }

    /// What to do, and what it risks; see [`Advice::of`].
    #[must_use]
    pub fn advice(&self, is_idempotent: bool) -> Advice {
        let failure = match &self.kind {
            ConnectionErrorKind::Closed(report) => match &report.reason {
                CloseReason::Authentication(_) => Failure::Authentication,
                CloseReason::Timeout(_) => Failure::TimedOut,
                CloseReason::Negotiation(_) | CloseReason::Foreign { .. } => Failure::Unsupported,
                _ => Failure::Transport,
            },
            ConnectionErrorKind::TimedOut { .. } => Failure::TimedOut,
            ConnectionErrorKind::Draining => Failure::Transport,
            ConnectionErrorKind::Cancelled | ConnectionErrorKind::Version(_) => {
                Failure::Unsupported
            }
        };
        Advice::of(failure, self.request.api_key, self.delivery, is_idempotent)
    }
}

/// As in `broker 1 (b1:9092): Produce v12 (correlation 8): sent, no response: connection reset by peer (Fetch v12
/// (correlation 4) was due)`, on one line: the broker, the request, how far it had got, the reason, and the request before it
/// whose response was due, or the others in flight behind the one that was.
impl fmt::Display for ConnectionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            broker,
            request,
            delivery,
            kind,
        } = self;
        write!(f, "{broker}: {request}: {delivery}: ")?;
        let due = match kind {
            ConnectionErrorKind::Closed(report) => {
                report.reason.fmt_after(*request, *delivery, f)?;
                report.head
            }
            ConnectionErrorKind::TimedOut {
                after,
                blocked_by,
                blocked_on,
            } => {
                write!(f, "timed out after {}", Ms(*after))?;
                let why = match blocked_on {
                    Some(BlockedOn::Initialization) => ", the connection was not ready",
                    Some(BlockedOn::Throttle) => ", the broker throttles this client",
                    Some(BlockedOn::Reauthentication) => ", the connection reauthenticates",
                    Some(BlockedOn::InFlight) => ", no more requests may be in flight",
                    None => "",
                };
                f.write_str(why)?;
                *blocked_by
            }
            ConnectionErrorKind::Draining => return f.write_str("connection is draining"),
            ConnectionErrorKind::Cancelled => return f.write_str("cancelled"),
            ConnectionErrorKind::Version(error) => return error.fmt(f),
        };
        if let Some(due) = due.filter(|due| due != request) {
            return write!(f, " ({due} was due)");
        }
        match kind {
            ConnectionErrorKind::Closed(report) => report.write_behind(f),
            _ => Ok(()),
        }
    }
}

impl error::Error for ConnectionError {}

/// Why a request was not accepted. Nothing of it was kept.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SubmitError {
    /// The connection does not know the broker's versions yet, so it cannot choose one.
    NotReady {
        /// The state it is in.
        state: State,
    },
    /// The connection takes no more requests.
    Closed {
        /// The state it is in.
        state: State,
    },
    /// There is no version to send it in.
    Version(VersionError),
    /// The request cannot be encoded in the version.
    Encode(EncodeError),
    /// No version that both sides and the caller have [fits](crate::Request::fits) the request.
    DoesNotFit {
        /// The versions that they have.
        versions: VersionRange,
        /// The field that the highest of them does not hold, and the versions that have it.
        error: EncodeError,
    },
    /// A frame that does not begin as a request does.
    NotARequest {
        /// How many bytes it has.
        bytes: usize,
    },
    /// As many requests wait as are allowed to.
    QueueFull {
        /// How many.
        waiting: usize,
    },
}

impl fmt::Display for SubmitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotReady { state } => write!(
                f,
                "the connection is {state} and does not know the broker's versions: \
                 wait for the event that it is ready, or name the version in the options"
            ),
            Self::Closed { state } => {
                write!(f, "the connection is {state}: open another one")
            }
            Self::Version(error) => error.fmt(f),
            Self::Encode(error) => error.fmt(f),
            Self::DoesNotFit { versions, error } => {
                write!(f, "{error}, and both sides have {versions}")
            }
            Self::NotARequest { bytes } => write!(
                f,
                "a frame of {bytes} bytes is not a request: API key, version and correlation id take 8"
            ),
            Self::QueueFull { waiting } => write!(
                f,
                "{waiting} requests wait already: wait for one to complete, or allow more"
            ),
        }
    }
}

impl error::Error for SubmitError {}

impl From<VersionError> for SubmitError {
    fn from(error: VersionError) -> Self {
        Self::Version(error)
    }
}

impl From<EncodeError> for SubmitError {
    fn from(error: EncodeError) -> Self {
        Self::Encode(error)
    }
}
