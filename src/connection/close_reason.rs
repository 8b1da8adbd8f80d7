//! Why a connection was closed, in types and in words: fragments in lower case, to stand after a request.

use std::fmt;
use std::io;
use std::time::Duration;

use crate::correlation::Mismatch;
use crate::frame::{ForeignProtocol, FrameError, FrameErrorKind, FrameReader, StreamPosition};
use crate::{DecodeError, EncodeError, ErrorCode, NegotiationFault, VersionError};

use super::sasl::MechanismError;
use super::{ApiLabel, Delivery};

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
        /// The kind of the error.
        kind: io::ErrorKind,
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
    /// The size of a frame is outside of the allowed range.
    BadFrameSize {
        /// The size that the frame announces.
        announced: i32,
        /// The minimum size.
        min: usize,
        /// The maximum size.
        max: usize,
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

impl CloseReason {
    /// The stream that `reader` reads does not consist of frames.
    pub(super) fn of_frames(error: &FrameError, reader: &FrameReader) -> Self {
        let first_bytes = reader.first_bytes().into();
        match *error.kind() {
            FrameErrorKind::SizeOutOfRange { size, min, max } => Self::BadFrameSize {
                announced: size,
                min,
                max,
                first_bytes,
            },
            FrameErrorKind::ForeignProtocol(protocol) => Self::Foreign {
                protocol,
                first_bytes,
            },
            FrameErrorKind::EndInSize { .. } | FrameErrorKind::EndInFrame { .. } => {
                Self::RemoteEof(reader.position())
            }
        }
    }

    /// The reason why the transport failed with `error`, where the stream was at `at`.
    pub(super) fn of_transport(error: &io::Error, at: StreamPosition) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Self::RemoteEof(at),
            io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => Self::RemoteReset(at),
            kind => Self::Transport {
                kind,
                error: error.to_string().into(),
                at,
            },
        }
    }

    /// The kind of I/O error that describes the reason best; that of the transport's own error, if there was one.
    ///
    /// Errors of this crate convert into [`io::Error`] with it.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io;
    /// use kafka_codec::connection::{CloseReason, StreamPosition};
    ///
    /// let reset = CloseReason::RemoteReset(StreamPosition::BetweenFrames);
    /// assert_eq!(reset.io_kind(), io::ErrorKind::ConnectionReset);
    /// ```
    #[must_use]
    pub const fn io_kind(&self) -> io::ErrorKind {
        match self {
            Self::Local | Self::BrokerRetired | Self::IdleLocal { .. } => {
                io::ErrorKind::ConnectionAborted
            }
            Self::RemoteEof(_) | Self::IdleRemoteLikely { .. } => io::ErrorKind::UnexpectedEof,
            Self::RemoteReset(_) => io::ErrorKind::ConnectionReset,
            Self::Transport { kind, .. } => *kind,
            Self::Timeout(_) => io::ErrorKind::TimedOut,
            Self::Authentication(_) => io::ErrorKind::PermissionDenied,
            Self::Negotiation(_) => io::ErrorKind::Unsupported,
            Self::Desynchronized { .. }
            | Self::BadFrameSize { .. }
            | Self::Foreign { .. }
            | Self::BadRequest(_) => io::ErrorKind::InvalidData,
        }
    }

    /// Writes the reason behind a request and how far it had got, without what they have said already.
    pub(super) fn fmt_after(
        &self,
        own: ApiLabel,
        delivery: Delivery,
        f: &mut fmt::Formatter<'_>,
    ) -> fmt::Result {
        let place = |at: StreamPosition| match (at, delivery) {
            (StreamPosition::BetweenFrames, _)
            | (StreamPosition::InFrame { .. }, Delivery::ResponsePartial { .. }) => None,
            _ => Some(at),
        };
        let (verb, at) = match self {
            Self::RemoteEof(at) => ("peer closed", *at),
            Self::RemoteReset(at) => ("connection reset by peer", *at),
            Self::Transport { at, .. } => ("transport failed", *at),
            Self::Timeout(TimeoutKind::Request {
                request,
                after,
                blocked_by,
            }) => {
                let is_named = *request == own || blocked_by.is_none();
                return match is_named {
                    true => write!(f, "timed out after {}", Ms(*after)),
                    false => write!(f, "no response to {request} after {}", Ms(*after)),
                };
            }
            _ => return write!(f, "{self}"),
        };
        f.write_str(verb)?;
        if let Some(at) = place(at) {
            write!(f, " {at}")?;
        }
        match self {
            Self::Transport { error, .. } => write!(f, ": {error}"),
            _ => Ok(()),
        }
    }

    /// Returns the kind of reason as a stable word for counters.
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
            Self::Transport { error, at, .. } => write!(f, "transport failed {at}: {error}"),
            Self::Timeout(kind) => kind.fmt(f),
            Self::Desynchronized { mismatch, .. } => mismatch.fmt(f),
            Self::BadFrameSize {
                announced,
                min,
                max,
                ..
            } => write!(
                f,
                "frame size {announced} is invalid (expected {min} to {max})"
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
        /// The request, which may have been given up before.
        request: ApiLabel,
        /// How long it waited.
        after: Duration,
        /// The request before it, whose response did not arrive either, if there is one.
        blocked_by: Option<ApiLabel>,
    },
    /// The peer takes no responses: the transport accepted no byte of the next one.
    Unread {
        /// For how long.
        after: Duration,
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
                blocked_by: None,
                ..
            } => write!(f, "no response after {}", Ms(*after)),
            Self::Request {
                request,
                after,
                blocked_by: Some(head),
            } => write!(
                f,
                "no response to {request} after {}, blocked by {head}",
                Ms(*after)
            ),
            Self::Unread { after } => write!(f, "peer takes no response for {}", Ms(*after)),
            Self::Stalled { after, at } => {
                write!(f, "peer stalled {at} for {}", Ms(*after))
            }
            Self::Draining => f.write_str("responses still missing when closing took too long"),
        }
    }
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
        error: MechanismError,
    },
    /// The exchange does not end.
    TooManyRounds {
        /// The mechanism.
        mechanism: Box<str>,
        /// How many tokens were sent.
        rounds: u32,
    },
    /// A response cannot be read.
    Undecodable(DecodeError),
    /// There is no common version of a request that is needed.
    Version(VersionError),
    /// A request cannot be encoded.
    Encode(EncodeError),
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
            Self::Encode(error) => error.fmt(f),
        }
    }
}

/// Why a request cannot be handed out, which closes the connection as a broker does.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RequestFault {
    /// The header of a request cannot be read, or the body of ApiVersions.
    Undecodable(DecodeError),
    /// This side does not serve the API in this version.
    Unsupported(ApiLabel),
}

impl fmt::Display for RequestFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Undecodable(error) => error.fmt(f),
            Self::Unsupported(label) => write!(f, "{label} is not served here"),
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
