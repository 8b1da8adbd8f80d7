//! What a connection tells its caller.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;

use crate::{DecodeError, ErrorCode, Version};

use super::completion::{Completion, RawResponse};
use super::gate::HeldBy;
use super::request::{ApiLabel, RequestId};
use crate::connection::hint::Hint;
use crate::connection::report::{CloseReason, CloseReport};
use crate::connection::state::State;
use crate::connection::timing::Waits;

/// What happened. [`Closed`](Self::Closed) is the last event of a connection.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event {
    /// The connection is in another state.
    StateChanged {
        /// The state before.
        from: State,
        /// The state now.
        to: State,
        /// How long the state before lasted.
        after: Duration,
    },
    /// The broker does not know a version of ApiVersions, and another is tried.
    VersionsFallback {
        /// The version it does not know.
        from: Version,
        /// The version that is tried.
        to: Version,
        /// What it said: `UNSUPPORTED_VERSION`, or `INVALID_REQUEST` if it does not like the
        /// name of the client's software.
        error: ErrorCode,
        /// What may be behind it.
        hint: Option<Hint>,
    },
    /// The versions of the broker are known.
    VersionsNegotiated {
        /// The version of ApiVersions that it was asked in: lower than the first after a
        /// [`VersionsFallback`](Self::VersionsFallback).
        sent: Version,
        /// The version that it answered in.
        version: Version,
        /// The response, in which the broker's features are too. Which release it may be says
        /// [`VersionTable::guess_release`](crate::connection::VersionTable::guess_release).
        response: RawResponse,
    },
    /// Authenticating begins, for the first time or again.
    SaslStarted {
        /// The mechanism.
        mechanism: Box<str>,
        /// Whether this is not the first time.
        again: bool,
    },
    /// The broker does not have the mechanism, and another is tried. Kafka's own brokers close the connection
    /// then, with [`ReconnectAdvice::Mechanism`](crate::connection::ReconnectAdvice::Mechanism) in the report.
    SaslFallback {
        /// The mechanism it does not have.
        from: Box<str>,
        /// The mechanism that is tried.
        to: Box<str>,
    },
    /// The next token is the caller's to make: see
    /// [`Connection::provide_sasl_token`](crate::connection::Connection::provide_sasl_token).
    SaslTokenWanted {
        /// What the broker said; empty at the beginning.
        challenge: Bytes,
    },
    /// The broker answered a token.
    SaslStep {
        /// How many tokens were sent so far.
        rounds: u32,
        /// The bytes of the answer.
        bytes: usize,
    },
    /// The broker believes the client.
    SaslSucceeded {
        /// The mechanism.
        mechanism: Box<str>,
        /// How many tokens were sent.
        rounds: u32,
        /// How long it took.
        took: Duration,
        /// For how long the broker believes it; `None` is for good.
        lifetime: Option<Duration>,
        /// When the connection will authenticate again.
        renew_at: Option<Instant>,
        /// Whether this was not the first time.
        again: bool,
        /// How many requests wait for it.
        held: usize,
    },
    /// Requests are sent from now on.
    Ready {
        /// How long each part of the beginning took.
        took: Initialization,
    },
    /// Something holds a request back that was just submitted. Only with
    /// [`with_progress_events`](crate::connection::ConnectionOptions::with_progress_events).
    Held {
        /// Which request.
        id: RequestId,
        /// What names it.
        label: ApiLabel,
        /// What holds it back. Something else may, afterwards.
        by: HeldBy,
    },
    /// Nothing holds a request back any more. Only if it was [`Held`](Self::Held).
    Admitted {
        /// Which request.
        id: RequestId,
        /// What names it.
        label: ApiLabel,
        /// For how long it waited for what.
        waits: Waits,
    },
    /// The transport accepted the last byte of a request. Only with
    /// [`with_progress_events`](crate::connection::ConnectionOptions::with_progress_events).
    Written {
        /// Which request.
        id: RequestId,
        /// What names it.
        label: ApiLabel,
        /// Its bytes, its size included.
        bytes: usize,
    },
    /// A request is over. Each accepted request has exactly one of these.
    Completed(Completion),
    /// The broker throttles.
    Throttled {
        /// The request whose response says so.
        label: ApiLabel,
        /// For how long.
        time: Duration,
        /// Until when nothing is sent; `None` if the response is in a [version](crate::ApiKey::throttles_after_response) to which
        /// brokers before Kafka 2.0 wait before they answer. Later ones answer at once, and read nothing for that time.
        until: Option<Instant>,
    },
    /// A response came after its request had been given up.
    LateResponse {
        /// The request.
        label: ApiLabel,
        /// The bytes of the response, its size included.
        bytes: usize,
    },
    /// A response came to a request that has none: Produce with acks 0.
    UnexpectedResponse {
        /// The request.
        label: ApiLabel,
        /// The bytes of the response, its size included.
        bytes: usize,
    },
    /// A response was decoded: the caller said so.
    Decoded {
        /// The request.
        label: ApiLabel,
        /// The number that the caller gave it.
        tag: u64,
        /// Whether it could be decoded. The connection goes on in any case.
        result: Result<(), DecodeError>,
        /// The error codes in it, as far as the caller [said so](crate::connection::DecodedResponse::with_error_codes).
        error_codes: Box<[ErrorCode]>,
        /// How long after its last byte.
        after: Duration,
    },
    /// A probe was answered, or failed.
    Probed {
        /// The request.
        label: ApiLabel,
        /// How it went.
        outcome: ProbeOutcome,
    },
    /// Nothing was under way for as long as the policy says: time for a
    /// [`probe`](crate::connection::Connection::probe).
    KeepAliveDue {
        /// For how long.
        idle: Duration,
    },
    /// The connection is over. No event follows.
    Closed(Arc<CloseReport>),
}

/// How long each part of the beginning of a connection took.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Initialization {
    /// Learning the broker's versions.
    pub api_versions: Duration,
    /// Agreeing on a SASL mechanism.
    pub sasl_handshake: Duration,
    /// Exchanging SASL tokens.
    pub sasl_authenticate: Duration,
}

/// How a probe went.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProbeOutcome {
    /// The broker answered.
    Answered {
        /// The time from the probe being written to its last byte.
        round_trip: Duration,
        /// How long of that requests before it took.
        behind_others: Duration,
        /// What it said.
        error: ErrorCode,
        /// Whether the broker's versions are others than before; they are used from now on.
        versions_changed: bool,
    },
    /// It did not.
    Failed(crate::connection::ConnectionError),
}

/// How much an event matters to an operator.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Severity {
    /// Part of every connection's life.
    Debug,
    /// Worth a line.
    Info,
    /// Something went wrong that may pass.
    Warning,
    /// Something is wrong that will not pass by itself.
    Error,
}

impl Event {
    /// How much it matters. Repetitions are the caller's to suppress, by
    /// [`CloseReport::fingerprint`].
    #[must_use]
    pub fn severity(&self) -> Severity {
        match self {
            Self::Throttled { .. } | Self::VersionsFallback { .. } | Self::SaslFallback { .. } => {
                Severity::Info
            }
            Self::LateResponse { .. } | Self::UnexpectedResponse { .. } => Severity::Info,
            Self::Decoded { result: Err(_), .. } => Severity::Error,
            Self::Probed {
                outcome: ProbeOutcome::Failed(_),
                ..
            } => Severity::Warning,
            Self::Closed(report) => report.severity(),
            _ => Severity::Debug,
        }
    }
}

impl CloseReport {
    /// How much the end matters: a quiet connection may be closed by anyone, one with several requests in flight
    /// is a warning, and what will fail again is an error.
    #[must_use]
    pub fn severity(&self) -> Severity {
        match &self.reason {
            CloseReason::Local
            | CloseReason::BrokerRetired
            | CloseReason::IdleLocal { .. }
            | CloseReason::IdleRemoteLikely { .. } => Severity::Debug,
            CloseReason::Foreign { .. }
            | CloseReason::Negotiation(_)
            | CloseReason::Authentication(_)
            | CloseReason::Desynchronized { .. }
            | CloseReason::BadFrameSize { .. }
            | CloseReason::BadRequest(_) => Severity::Error,
            CloseReason::Timeout(_) => Severity::Warning,
            CloseReason::RemoteEof(_)
            | CloseReason::RemoteReset(_)
            | CloseReason::Transport { .. } => match self.in_flight.len() {
                0 | 1 => Severity::Info,
                _ => Severity::Warning,
            },
        }
    }
}
