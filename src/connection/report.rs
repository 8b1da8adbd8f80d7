//! Why a connection was closed, and everything that was under way then.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;
use std::{error, fmt};

use crate::Version;

use super::close_reason::{CloseReason, TimeoutKind};
use super::{ApiLabel, Delivery, RequestId, State};

/// The end of a connection: why, and what was under way.
///
/// It prints as one line for a log, such as
/// `broker 1 (b1:9092): Fetch v16 (correlation 42): peer closed after 1024 of 8192 bytes, 3 more in flight: Produce v9, ..`
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CloseReport {
    /// The name of the peer, as the options say: the broker, or on the accepting side the client.
    pub peer: Arc<str>,
    /// Why.
    pub reason: CloseReason,
    /// The state it was in.
    pub state: State,
    /// For how long it had been in that state.
    pub in_state: Duration,
    /// The request whose response was due next.
    pub head: Option<ApiLabel>,
    /// The requests that were sent, wholly or in part, oldest first.
    pub in_flight: Vec<Unfinished>,
    /// Number of requests that were not sent at all.
    pub not_sent: usize,
    /// Number of responses that had arrived to requests of the caller.
    pub responses: u64,
    /// Age of the connection.
    pub age: Duration,
    /// Time since bytes were last read or written.
    pub idle: Duration,
    /// Bytes read.
    pub bytes_in: u64,
    /// Bytes written.
    pub bytes_out: u64,
    /// The probable cause, if one is recognized.
    pub hint: Option<Hint>,
    /// What the next connection should do differently.
    pub reconnect: Option<ReconnectAdvice>,
}

/// A request without a response when its connection was closed.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unfinished {
    /// Which one; `None` for those of the connection itself.
    pub id: Option<RequestId>,
    /// The API, version and correlation id.
    pub label: ApiLabel,
    /// The number that the caller gave it.
    pub tag: u64,
    /// Time since it was submitted.
    pub age: Duration,
    /// Progress of the request: not sent, sent in part, or sent.
    pub delivery: Delivery,
}

/// What the next connection to the same broker should do differently.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReconnectAdvice {
    /// Begin with ApiVersions in this version: the broker broke off when it got a higher one.
    ApiVersions(Version),
    /// Authenticate with this mechanism: the broker named it when it refused another, and broke off, as
    /// Kafka's own do.
    Mechanism(Box<str>),
}

/// The severity of an event for an operator.
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

impl CloseReport {
    /// How far the request at the head had got, where the reason does not state it.
    fn how_far(&self) -> Option<Delivery> {
        let head = self.head?;
        let delivery = self
            .in_flight
            .iter()
            .find(|each| each.label == head)?
            .delivery;
        let is_said = match (delivery, &self.reason) {
            (_, CloseReason::Local | CloseReason::BrokerRetired) => false,
            (Delivery::PartiallySent { .. }, _) => false,
            (
                Delivery::ResponsePartial { .. },
                CloseReason::RemoteEof(_)
                | CloseReason::RemoteReset(_)
                | CloseReason::Transport { .. }
                | CloseReason::Foreign { .. }
                | CloseReason::BadFrameSize { .. }
                | CloseReason::Timeout(TimeoutKind::Stalled { .. }),
            ) => true,
            (Delivery::ResponsePartial { .. }, _) => false,
            _ => true,
        };
        (!is_said).then_some(delivery)
    }

    /// How many requests were in flight behind the first.
    pub(super) fn write_behind(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Clients choose correlation ids, and may choose one again.
        let is_head = |each: &Unfinished| Some(each.label) == self.head;
        let head = self.in_flight.iter().position(is_head);
        let behind = self.in_flight.iter().enumerate();
        let behind = behind.filter(|(place, _)| Some(*place) != head);
        let behind: Vec<&Unfinished> = behind.map(|(_, each)| each).collect();
        if behind.is_empty() {
            return Ok(());
        }
        let more = if self.head.is_some() { "more " } else { "" };
        write!(f, ", {} {more}in flight: ", behind.len())?;
        for (place, each) in behind.iter().take(NAMED).enumerate() {
            let separator = if place == 0 { "" } else { ", " };
            let ApiLabel {
                api_key, version, ..
            } = each.label;
            write!(f, "{separator}{api_key} v{version}")?;
        }
        match behind.len() > NAMED {
            true => f.write_str(", .."),
            false => Ok(()),
        }
    }

    /// Returns the severity of the end: a quiet connection may be closed by anyone, one with several requests in
    /// flight is a warning, and what will fail again is an error.
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

    /// A number that is the same for ends of the same kind: what log lines can be counted or suppressed by.
    ///
    /// It is made of the kind of reason, the state, and the API of the request that was due; not of ids,
    /// times or sizes. It stays the same between runs.
    #[must_use]
    pub fn fingerprint(&self) -> u64 {
        let head = self
            .head
            .map_or(-1, |label| i64::from(label.api_key.number()));
        let mut hash = Fnv1a(0xcbf2_9ce4_8422_2325);
        // It takes whatever is written.
        let _ = write!(hash, "{} {} {head}", self.reason.name(), self.state);
        hash.0
    }
}

/// FNV-1a of what is written.
struct Fnv1a(u64);

impl fmt::Write for Fnv1a {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0 = text.bytes().fold(self.0, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        Ok(())
    }
}

/// How many requests behind the first are named in a line.
const NAMED: usize = 3;

impl fmt::Display for CloseReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.peer)?;
        match self.head {
            Some(head) => write!(f, "{head}: ")?,
            None if self.state != State::Ready => write!(f, "{}: ", self.state)?,
            None => {}
        }
        self.reason.fmt(f)?;
        if let Some(delivery) = self.how_far() {
            write!(f, " ({delivery})")?;
        }
        self.write_behind(f)
    }
}

impl error::Error for CloseReport {}

/// A guess at what is behind the end of a connection, and how sure it is. It stands beside the error, and is never
/// the error.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Hint {
    /// The guess.
    pub kind: HintKind,
    /// The confidence in the hint.
    pub confidence: Confidence,
}

/// The probable causes of an end.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HintKind {
    /// The broker wants TLS on this port.
    TlsExpected,
    /// The broker wants SASL on this port.
    SaslMissing,
    /// The port is not one of a Kafka broker.
    WrongPort,
    /// The broker is too old to know ApiVersions, or the version it was asked in.
    OldBroker,
    /// The broker does not accept the name or version of the client's software.
    SoftwareNameRefused,
    /// The limit of frame sizes is too low for what was asked.
    FrameLimitTooLow,
    /// The broker does not believe the client, and cannot report it where SASL tokens are bare.
    CredentialsRefused,
    /// The broker wanted the client to authenticate again, and cannot report it where SASL tokens are bare.
    SessionOver,
    /// The broker takes no requests of that size: its `socket.request.max.bytes` is lower.
    RequestTooLarge,
}

/// The confidence in a hint.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Confidence {
    /// One of several explanations.
    Possible,
    /// The usual explanation.
    Likely,
    /// Hardly anything else explains it.
    Certain,
}

impl Hint {
    pub(super) const fn new(kind: HintKind, confidence: Confidence) -> Self {
        Self { kind, confidence }
    }
}

impl fmt::Display for Hint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.confidence {
            Confidence::Possible => "possibly ",
            Confidence::Likely => "probably ",
            Confidence::Certain => "",
        })?;
        f.write_str(match self.kind {
            HintKind::TlsExpected => "the port expects TLS",
            HintKind::SaslMissing => "the port expects SASL",
            HintKind::WrongPort => "the port is not a Kafka broker's",
            HintKind::OldBroker => "the broker is too old for ApiVersions in this version",
            HintKind::SoftwareNameRefused => {
                "the broker refuses the client's software name or version"
            }
            HintKind::FrameLimitTooLow => "the limit of frame sizes is too low",
            HintKind::CredentialsRefused => "the broker refuses the credentials",
            HintKind::SessionOver => "the session was over",
            HintKind::RequestTooLarge => "a request is larger than the broker takes",
        })
    }
}
