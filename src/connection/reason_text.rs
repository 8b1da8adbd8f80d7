//! The words for why a connection was closed: fragments in lower case, to stand after a request.

use std::fmt;
use std::time::Duration;

use super::report::{
    AuthenticationFault, CloseReason, NegotiationFault, RequestFault, TimeoutKind,
};

impl CloseReason {
    /// What kind of reason it is, in a word that does not change: for counters.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::BrokerRetired => "broker_retired",
            Self::IdleLocal { .. } => "idle_local",
            Self::IdleRemoteLikely { .. } => "idle_remote_likely",
            Self::RemoteEof(_) => "remote_eof",
            Self::RemoteReset(_) => "remote_reset",
            Self::Transport { .. } => "transport",
            Self::Timeout(_) => "timeout",
            Self::Desynchronized { .. } => "desynchronized",
            Self::BadFrameSize { .. } => "bad_frame_size",
            Self::Foreign { .. } => "foreign",
            Self::Negotiation(_) => "negotiation",
            Self::Authentication(_) => "authentication",
            Self::BadRequest(_) => "bad_request",
        }
    }
}

impl fmt::Display for CloseReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local => f.write_str("closed by this side"),
            Self::BrokerRetired => f.write_str("closed by this side, the broker is retired"),
            Self::IdleLocal { idle } => write!(f, "closed by this side after {} idle", Ms(*idle)),
            Self::IdleRemoteLikely { idle } => {
                write!(
                    f,
                    "peer closed after {} idle, likely because of that",
                    Ms(*idle)
                )
            }
            Self::RemoteEof(at) => write!(f, "peer closed {at}"),
            Self::RemoteReset(at) => write!(f, "connection reset by peer {at}"),
            Self::Transport { error, at } => write!(f, "transport failed {at}: {error}"),
            Self::Timeout(kind) => kind.fmt(f),
            Self::Desynchronized { mismatch, .. } => mismatch.fmt(f),
            Self::BadFrameSize {
                announced,
                at_least,
                at_most,
                ..
            } => write!(
                f,
                "frame of {announced} bytes announced, possible are {at_least} to {at_most}"
            ),
            Self::Foreign { protocol, .. } => {
                write!(
                    f,
                    "peer does not speak Kafka: its first bytes are {protocol}"
                )
            }
            Self::Negotiation(fault) => fault.fmt(f),
            Self::Authentication(fault) => fault.fmt(f),
            Self::BadRequest(fault) => fault.fmt(f),
        }
    }
}

impl fmt::Display for RequestFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Undecodable(error) => error.fmt(f),
            Self::Unsupported(label) => write!(f, "{label} is not served here"),
        }
    }
}

impl fmt::Display for TimeoutKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Initialization { after } => write!(f, "not ready after {}", Ms(*after)),
            Self::Reauthentication { after } => {
                write!(f, "not authenticated again after {}", Ms(*after))
            }
            // It is the one that was due, and named as such.
            Self::Request {
                after,
                held_back_by: None,
                ..
            } => write!(f, "no response after {}", Ms(*after)),
            Self::Request {
                request,
                after,
                held_back_by: Some(head),
            } => write!(
                f,
                "no response to {request} after {}, held back by {head}",
                Ms(*after)
            ),
            Self::Stalled { after, at } => {
                write!(f, "peer stalled {at} for {}", Ms(*after))
            }
            Self::Draining => f.write_str("responses still missing when closing took too long"),
        }
    }
}

impl fmt::Display for NegotiationFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(code) => write!(f, "broker refused to say its versions: {code}"),
            Self::Undecodable(error) => error.fmt(f),
            Self::NothingServed => f.write_str("broker lists no APIs"),
            Self::NoProgress { sent, asked } => write!(
                f,
                "broker refused ApiVersions v{sent} and asked for v{asked}, which is not lower"
            ),
            Self::Version(error) => error.fmt(f),
        }
    }
}

impl fmt::Display for AuthenticationFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoCommonMechanism { asked, offered } => {
                write!(f, "broker does not have the SASL mechanism {asked}, but ")?;
                match offered.is_empty() {
                    true => f.write_str("none"),
                    false => f.write_str(&offered.join(", ")),
                }
            }
            Self::Refused {
                mechanism,
                code,
                message,
            } => {
                write!(f, "{mechanism}: broker refused: {code}")?;
                match message {
                    Some(message) => write!(f, ": {message}"),
                    None => Ok(()),
                }
            }
            Self::Mechanism { mechanism, error } => write!(f, "{mechanism}: {error}"),
            Self::TooManyRounds { mechanism, rounds } => {
                write!(f, "{mechanism}: no end after {rounds} tokens")
            }
            Self::Undecodable(error) => error.fmt(f),
            Self::Version(error) => error.fmt(f),
        }
    }
}

/// A duration for people: `1500 ms`.
pub(super) struct Ms(pub(super) Duration);

impl fmt::Display for Ms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ms", self.0.as_millis())
    }
}
