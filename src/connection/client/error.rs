//! How requests fail: those that were accepted, and those that were not.

use std::sync::Arc;
use std::time::Duration;
use std::{error, fmt};

use crate::{EncodeError, VersionRange};

use crate::connection::close_reason::Ms;
use crate::connection::{
    Advice, ApiLabel, CloseReason, CloseReport, Delivery, Failure, State, TimeoutKind, VersionError,
};

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
    },
    /// The caller cancelled it.
    Cancelled,
    /// The broker turned out not to have the version.
    Version(VersionError),
}

impl ConnectionErrorKind {
    /// What kind it is, in a word that does not change, for counters: that of
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

    /// How far it had got.
    #[must_use]
    pub const fn delivery(&self) -> Delivery {
        self.delivery
    }

    /// Why.
    #[must_use]
    pub const fn kind(&self) -> &ConnectionErrorKind {
        &self.kind
    }

    /// Whether its connection is closed.
    #[must_use]
    pub const fn is_closed(&self) -> bool {
        matches!(self.kind, ConnectionErrorKind::Closed(_))
    }

    /// Whether the time of this request ran out, not that of another on its connection.
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
            ConnectionErrorKind::TimedOut { after, blocked_by } => {
                write!(f, "timed out after {}", Ms(*after))?;
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
                "a frame of {bytes} bytes is no request: API key, version and correlation id take 8"
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
