//! Why a connection was closed, and everything that was under way then.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;
use std::{error, fmt};

use crate::pairing::Mismatch;
use crate::{ErrorCode, Version};

use super::client::request::{ApiLabel, RequestId};
use super::delivery::Delivery;
use super::hint::Hint;
use super::receive::StreamPosition;
use super::sniff::ForeignProtocol;
use super::state::State;
use super::versions::VersionError;

/// The end of a connection: why, and what was under way.
///
/// It prints as one line for a log, such as
/// `broker 1 (b1:9092): Fetch v16 (correlation 42): peer closed after 1024 of 8192 bytes, 3 more in flight: Produce v9, ..`
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CloseReport {
    /// What the connection was called.
    pub broker: Arc<str>,
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
    /// How many requests were not sent at all.
    pub not_sent: usize,
    /// How many responses had arrived to requests of the caller.
    pub responses: u64,
    /// How long it had existed.
    pub age: Duration,
    /// How long nothing had been read or written.
    pub idle: Duration,
    /// Bytes read.
    pub bytes_in: u64,
    /// Bytes written.
    pub bytes_out: u64,
    /// What may be behind it.
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
    /// What it is.
    pub label: ApiLabel,
    /// The number that the caller gave it.
    pub tag: u64,
    /// How long ago it was submitted.
    pub age: Duration,
    /// How far it had got.
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

/// Why a connection was closed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CloseReason {
    /// The caller closed it.
    Local,
    /// The caller closed it, as the broker is no longer part of the cluster.
    BrokerRetired,
    /// Nothing was under way for as long as allowed.
    IdleLocal {
        /// For how long.
        idle: Duration,
    },
    /// The peer closed it when it had long been idle, as brokers and what is before them do.
    IdleRemoteLikely {
        /// For how long.
        idle: Duration,
    },
    /// The peer ended the stream.
    RemoteEof(StreamPosition),
    /// The peer reset the connection.
    RemoteReset(StreamPosition),
    /// The transport failed otherwise.
    Transport {
        /// What it said.
        error: Box<str>,
        /// Where in the stream.
        at: StreamPosition,
    },
    /// Something took too long.
    Timeout(TimeoutKind),
    /// A response that answers no request where one was due.
    Desynchronized {
        /// What did not fit.
        mismatch: Mismatch,
        /// The first bytes of the frame, its size left out, at most 16.
        first_bytes: Box<[u8]>,
    },
    /// A frame of a size that none can have.
    BadFrameSize {
        /// The size that was announced.
        announced: i32,
        /// The least it could have been.
        at_least: usize,
        /// The most it could have been.
        at_most: usize,
        /// The first bytes of the frame, its size included, at most 16.
        first_bytes: Box<[u8]>,
    },
    /// The peer does not speak Kafka.
    Foreign {
        /// What it speaks.
        protocol: ForeignProtocol,
        /// Its first bytes, at most 16.
        first_bytes: Box<[u8]>,
    },
    /// The versions of the broker could not be learned.
    Negotiation(NegotiationFault),
    /// The broker did not accept who the client is, or the client not the broker.
    Authentication(AuthenticationFault),
    /// On the accepting side: a request that cannot be handed out.
    BadRequest(RequestFault),
}

/// Why a request cannot be handed out, which closes the connection as a broker does.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RequestFault {
    /// Its header cannot be read.
    Undecodable(crate::DecodeError),
    /// This side does not serve the API in this version.
    Unsupported(ApiLabel),
}

/// What took too long.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TimeoutKind {
    /// Getting ready.
    Initialization {
        /// How long it took.
        after: Duration,
    },
    /// Authenticating again.
    Reauthentication {
        /// How long it took.
        after: Duration,
    },
    /// The response to a request.
    Request {
        /// The request.
        request: ApiLabel,
        /// How long it waited.
        after: Duration,
        /// The request before it, whose response did not arrive either, if there is one.
        held_back_by: Option<ApiLabel>,
    },
    /// The rest of a frame.
    Stalled {
        /// How long no byte of it arrived.
        after: Duration,
        /// Where in the stream.
        at: StreamPosition,
    },
    /// The responses that were waited for after closing.
    Draining,
}

/// Why the versions of a broker could not be learned.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NegotiationFault {
    /// The broker answered with an error.
    Refused(ErrorCode),
    /// The response cannot be read.
    Undecodable(crate::DecodeError),
    /// The broker lists no APIs.
    NothingServed,
    /// The broker refuses a version and asks for another that is not lower.
    NoProgress {
        /// What it refused.
        sent: Version,
        /// What it asked for.
        asked: Version,
    },
    /// A request that the connection needs has no common version.
    Version(VersionError),
}

/// Why a connection could not authenticate.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AuthenticationFault {
    /// The broker has none of the mechanisms.
    NoCommonMechanism {
        /// The one it refused last.
        asked: Box<str>,
        /// What it has.
        offered: Vec<Box<str>>,
    },
    /// The broker refused.
    Refused {
        /// The mechanism.
        mechanism: Box<str>,
        /// The error.
        code: ErrorCode,
        /// What the broker said beside it.
        message: Option<Box<str>>,
    },
    /// The mechanism could not go on.
    Mechanism {
        /// The mechanism.
        mechanism: Box<str>,
        /// What it said.
        error: super::sasl::MechanismError,
    },
    /// The exchange does not end.
    TooManyRounds {
        /// The mechanism.
        mechanism: Box<str>,
        /// How many tokens were sent.
        rounds: u32,
    },
    /// A response cannot be read.
    Undecodable(crate::DecodeError),
    /// There is no common version of a request that is needed.
    Version(VersionError),
}

impl CloseReport {
    /// How far the request at the head had got, where the reason does not say so.
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
    fn write_behind(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let behind: Vec<&Unfinished> = self
            .in_flight
            .iter()
            .filter(|each| Some(each.label) != self.head)
            .collect();
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
        write!(f, "{}: ", self.broker)?;
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
