//! Errors of opening a connection and of sending a request.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use kafka_codec::connection::{
    Advice, ApiLabel, CloseReport, ConnectionError, Delivery, EncodedRequest, ResponseTypeError,
    SubmitError,
};
use kafka_codec::produce::ProduceSummary;

use crate::transport::DialError;

/// Why a connection did not become ready.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ConnectError {
    /// The transport could not be opened.
    Dial {
        /// The name of the broker.
        broker: Arc<str>,
        /// The reason.
        error: Arc<DialError>,
    },
    /// TCP and TLS were not open in time.
    TimedOut {
        /// The name of the broker.
        broker: Arc<str>,
        /// How long they were given.
        after: Duration,
    },
    /// The connection was closed before it was ready: the report says in which phase and why.
    Closed(Arc<CloseReport>),
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dial { broker, error } => write!(f, "{broker}: connecting: {error}"),
            Self::TimedOut { broker, after } => {
                write!(f, "{broker}: connecting: no connection after {after:?}")
            }
            Self::Closed(report) => {
                report.fmt(f)?;
                match &report.hint {
                    Some(hint) => write!(f, " ({hint})"),
                    None => Ok(()),
                }
            }
        }
    }
}

impl Error for ConnectError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Dial { error, .. } => Some(&**error),
            Self::TimedOut { .. } | Self::Closed(_) => None,
        }
    }
}

/// Why a request has no response.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum SendError {
    /// The request was not accepted, and nothing of it was sent.
    Submit(SubmitError),
    /// The request failed; the error says how far it had got and what else was in flight.
    Failed(ConnectionError),
    /// A Produce request failed: as [`Failed`](Self::Failed), with what it carries. The batches of
    /// [`Cluster::produce`](crate::Cluster::produce) are described by [`ProduceError`](crate::ProduceError) instead.
    ProduceFailed(ConnectionError, Arc<ProduceSummary>),
    /// The connection was closed before the request was submitted.
    Closed(Arc<CloseReport>),
    /// The request has no response, because it is a Produce with `acks` 0: use
    /// [`send_without_response`](crate::Connection::send_without_response). Nothing of it was sent.
    NoResponse,
    /// Requests and bytes were under way up to the [limits](crate::Options::with_max_requests), and none ended before the
    /// deadline. Nothing of this request was sent.
    Full {
        /// The name of the broker.
        broker: Arc<str>,
        /// What was to be sent.
        request: Arc<str>,
        /// The time that it waited.
        after: Duration,
    },
    /// The response cannot be one to the request.
    Response {
        /// The name of the broker.
        broker: Arc<str>,
        /// The request.
        request: ApiLabel,
        /// What is wrong with the response.
        error: ResponseTypeError,
    },
}

impl SendError {
    /// The kind of the error, in a word that does not change: for counters and `error.type`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Submit(_) => "submit",
            Self::Failed(error) | Self::ProduceFailed(error, _) => error.kind().name(),
            Self::Closed(report) => report.reason.name(),
            Self::NoResponse => "no_response",
            Self::Full { .. } => "full",
            Self::Response { .. } => "response",
        }
    }

    /// Returns how far the request got.
    #[must_use]
    pub const fn delivery(&self) -> Delivery {
        match self {
            Self::Submit(_) | Self::Closed(_) | Self::NoResponse | Self::Full { .. } => {
                Delivery::NotSent
            }
            Self::Failed(error) | Self::ProduceFailed(error, _) => error.delivery(),
            Self::Response { .. } => Delivery::Responded,
        }
    }

    /// What to do about the request and what that risks, if the connection knows.
    #[must_use]
    pub fn advice(&self, is_idempotent: bool) -> Option<Advice> {
        match self {
            Self::Failed(error) | Self::ProduceFailed(error, _) => {
                Some(error.advice(is_idempotent))
            }
            _ => None,
        }
    }

    /// Adds what a Produce request carries.
    pub(crate) fn with_summary(self, request: &EncodedRequest) -> Self {
        match self {
            Self::Failed(error) => match request.produce_summary() {
                Some(summary) => Self::ProduceFailed(error, Arc::new(summary)),
                None => Self::Failed(error),
            },
            error => error,
        }
    }

    /// Returns `true` if the connection is over.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        match self {
            Self::Closed(_) | Self::Submit(SubmitError::Closed { .. }) => true,
            Self::Failed(error) | Self::ProduceFailed(error, _) => error.is_closed(),
            _ => false,
        }
    }
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Submit(error) => error.fmt(f),
            Self::Failed(error) => error.fmt(f),
            Self::ProduceFailed(error, summary) => write!(f, "{error} ({summary})"),
            Self::Closed(report) => write!(f, "connection was closed before: {report}"),
            Self::NoResponse => f.write_str("the request has no response: Produce with acks 0"),
            Self::Full {
                broker,
                request,
                after,
            } => write!(
                f,
                "{broker}: {request}: not sent: as many requests or bytes as are allowed were under way for {after:.1?}"
            ),
            Self::Response {
                broker,
                request,
                error,
            } => write!(
                f,
                "{broker}: {request}: the response cannot be read: {error}"
            ),
        }
    }
}

impl Error for SendError {}
