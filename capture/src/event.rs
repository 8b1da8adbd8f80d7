//! Events of decoding: messages, and bytes that are not a message. The output is formatted elsewhere.

use std::fmt;
use std::net::SocketAddr;

use kafka_codec::{ApiKey, Version};

pub use crate::frames::Truncation;
use crate::identity::Identity;
pub use crate::tcp::{Ending, EndingKind, Life, Side};
use crate::topic_names::TopicNames;

/// The two ends of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Connection {
    /// The end that opened the connection.
    pub client: SocketAddr,
    /// The end that answers requests.
    pub broker: SocketAddr,
    /// Both, as `client -> broker`.
    pub name: String,
    /// The number of the connection's first packet in the capture, or the next that no other connection has: one packet may
    /// begin several. It tells connections apart that had the same ends one after the other.
    pub id: u64,
}

impl Connection {
    pub(crate) fn new(client: SocketAddr, broker: SocketAddr, id: u64) -> Self {
        Self {
            client,
            broker,
            name: format!("{client} -> {broker}"),
            id,
        }
    }
}

/// The direction of bytes on a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the client: requests.
    ToBroker,
    /// From the broker: responses.
    ToClient,
}

/// A message or another finding on a connection.
#[derive(Clone, Debug)]
pub struct Event<'a> {
    /// The connection.
    pub connection: &'a Connection,
    /// The state of the connection as TCP has shown it so far.
    pub life: &'a Life,
    /// The capture time of the message's last packet, in nanoseconds since 1970.
    pub time: i64,
    /// The number of that packet in the captures, from 1.
    pub packet: u64,
    /// The direction.
    pub direction: Direction,
    /// The event itself.
    pub kind: EventKind<'a>,
    /// The client, as far as it is known so far.
    pub client: &'a Identity,
    /// Names of topics that are known so far, by id.
    pub topics: &'a TopicNames,
}

/// The kind of an event, with its content.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum EventKind<'a> {
    /// A request, or a response whose request was seen.
    Message(Message<'a>),
    /// A SASL token without a header. Its content is secret and not shown.
    SaslToken {
        /// The size of the token in bytes, including the size prefix.
        bytes: u64,
    },
    /// A frame that cannot be decoded.
    Undecoded(Undecoded),
    /// A part of the stream without frames.
    Gap(Gap),
    /// A TLS connection: what its handshake shows, and whether it is decrypted.
    Tls(&'a Tls),
    /// A preamble in front of Kafka.
    Preamble(Preamble),
}

/// The facts of a TLS handshake, and whether the connection is decrypted.
///
/// It is reported once for each connection, and again for an alert that comes later.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Tls {
    /// The version, such as `TLS 1.3`.
    pub version: Option<String>,
    /// The IANA name of the cipher suite.
    pub cipher_suite: Option<String>,
    /// The name of the server that the client asked for (SNI).
    pub server_name: Option<String>,
    /// `true` if an earlier session was resumed.
    pub is_resumed: bool,
    /// `true` if the server asked for another ClientHello (HelloRetryRequest).
    pub is_retried: bool,
    /// `true` if the client offered to send data before the handshake is through (0-RTT).
    pub has_early_data: bool,
    /// `true` if the client sent a certificate. In TLS 1.3 this is encrypted.
    pub has_client_certificate: bool,
    /// The name of an alert other than `close_notify`. The direction of the event is that of the alert.
    pub alert: Option<String>,
    /// Whether the connection is decrypted, and why not.
    pub outcome: TlsOutcome,
}

impl Tls {
    /// Returns `true` if the connection is not decrypted or an alert was sent.
    #[must_use]
    pub const fn is_error(&self) -> bool {
        self.alert.is_some() || !matches!(self.outcome, TlsOutcome::Decrypted)
    }

    /// Returns what the handshake shows besides version and cipher suite, each in a word or two.
    pub fn marks(&self) -> impl Iterator<Item = &'static str> {
        let marks = [
            (self.is_resumed, "resumed"),
            (self.is_retried, "HelloRetryRequest"),
            (self.has_early_data, "0-RTT offered"),
            (self.has_client_certificate, "client certificate"),
        ];
        marks
            .into_iter()
            .filter_map(|(is_set, mark)| is_set.then_some(mark))
    }
}

/// The outcome of a TLS connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum TlsOutcome {
    /// The records are decrypted.
    Decrypted,
    /// There are no secrets for it.
    #[default]
    NoSecrets,
    /// The records are not under the secrets that there are for it.
    WrongSecrets,
    /// The version or cipher suite is not supported.
    Unsupported,
    /// The handshake was not captured.
    HandshakeNotCaptured,
    /// Packets of its handshake are missing in the capture.
    HandshakeLost,
    /// Nothing answered the ClientHello.
    Unanswered,
    /// An alert ended the handshake.
    Refused,
    /// The connection ended within its handshake.
    Incomplete,
    /// A message of its handshake is malformed.
    Malformed,
    /// The handshake was begun again, which is not followed.
    Renegotiation,
    /// Record boundaries or sequence numbers were not found again behind missing packets.
    Lost,
    /// The client does not speak TLS, and the broker answered with an alert.
    PlaintextClient,
}

impl fmt::Display for TlsOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Decrypted => "decrypted",
            Self::NoSecrets => "not decrypted: no secrets for it",
            Self::WrongSecrets => "not decrypted: its records are not under the secrets given",
            Self::Unsupported => "not decrypted: cipher suite or version not supported",
            Self::HandshakeNotCaptured => "not decrypted: its handshake was not captured",
            Self::HandshakeLost => "not decrypted: packets of its handshake are missing",
            Self::Unanswered => "the ClientHello was not answered",
            Self::Refused => "handshake refused",
            Self::Incomplete => "ended within the handshake",
            Self::Malformed => "not decrypted: malformed handshake",
            Self::Renegotiation => "not decrypted any further: renegotiation is not supported",
            Self::Lost => "not decrypted any further: too many records are missing",
            Self::PlaintextClient => "the client does not use TLS, and the broker expects it",
        })
    }
}

/// A request or a response.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Message<'a> {
    /// The API.
    pub api_key: ApiKey,
    /// The version that the body is in.
    pub version: Version,
    /// The correlation id of request and response.
    pub correlation_id: i32,
    /// The client id in the request header; `None` if it is null.
    pub client_id: Option<&'a str>,
    /// The size of the frame in bytes, including the size prefix.
    pub bytes: u64,
    /// The number of the request on its connection, from 1; a response has that of its request.
    pub number: u64,
    /// `true` if the request gets a response, which all do but Produce with acks 0; `None` if its acks were not
    /// captured.
    pub expects_response: Option<bool>,
    /// The capture time of the message's first packet, in nanoseconds since 1970.
    pub first_time: i64,
    /// Of a response: the nanoseconds from the packet that completed the request to the one that
    /// completed this, or to the last one seen of it; `None` if it would be negative, as where the clocks of two
    /// taps differ, or where the capture has no times.
    pub latency: Option<i64>,
    /// Of a response: the nanoseconds from the packet that completed the request to the response's first; `None` if it
    /// would be negative.
    pub to_first_byte: Option<i64>,
    /// The body, as far as it was captured.
    pub body: &'a [u8],
    /// The reason why the body is truncated, if it is.
    pub truncation: Option<Truncation>,
    /// The unusual thing about the message, if there is one.
    pub remark: Option<Remark>,
}

/// Something unusual about a message that is not an error.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Remark {
    /// The request wants no response, and this is one: the broker answered all the same.
    NotExpected,
    /// The broker answered in another version than it was asked in, without an error.
    OtherVersion {
        /// The version of the request.
        asked: Version,
    },
    /// The response has correlation id 0, and not that of its request: Kafka 0.8.2 answers FindCoordinator so.
    CorrelationIdZero,
    /// The client id is not UTF-8, and escaped.
    ClientIdNotUtf8,
    /// The name or version of the client's software is not UTF-8, and escaped.
    SoftwareNotUtf8,
    /// The header cannot be read behind the correlation id, for this reason.
    Header(String),
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotExpected => f.write_str("answered although acks is 0"),
            Self::OtherVersion { asked } => {
                write!(f, "not in version {asked}, which was asked for")
            }
            Self::CorrelationIdZero => f.write_str("answered with correlation id 0"),
            Self::ClientIdNotUtf8 => f.write_str("client id is not UTF-8"),
            Self::SoftwareNotUtf8 => f.write_str("software name or version is not UTF-8"),
            Self::Header(reason) => write!(f, "header cannot be read: {reason}"),
        }
    }
}

/// The preamble in front of Kafka on a connection: a header or exchange of a proxy.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Preamble {
    /// The size in bytes.
    pub bytes: u64,
    /// The content: the protocol, and addresses.
    pub text: String,
}

/// A frame that cannot be decoded.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Undecoded {
    /// The size of the frame in bytes, including the size prefix.
    pub bytes: u64,
    /// The correlation id, if it has one.
    pub correlation_id: Option<i32>,
    /// The API and version that a request names, if it is long enough.
    pub api: Option<(ApiKey, Version)>,
    /// The reason why the frame is truncated, if it is.
    pub truncation: Option<Truncation>,
    /// The capture time of the frame's first packet, in nanoseconds since 1970.
    pub first_time: i64,
    /// The reason.
    pub reason: String,
}

/// The end of a TCP connection, of Kafka or not, or of what was captured of it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct End<'a> {
    /// The connection.
    pub connection: &'a Connection,
    /// `true` if Kafka was believed on it.
    pub is_kafka: bool,
    /// The life of the connection as TCP showed it.
    pub life: &'a Life,
}

impl<'a> End<'a> {
    /// Returns the end of the same connection with another life, such as [a part of it](Life::until).
    #[must_use]
    pub const fn with_life(&self, life: &'a Life) -> Self {
        Self {
            connection: self.connection,
            is_kafka: self.is_kafka,
            life,
        }
    }
}

/// A part of the stream without frames.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Gap {
    /// Bytes that are not in the capture.
    pub missing: u64,
    /// Captured bytes that could not be assigned to a message.
    pub skipped: u64,
    /// The size that a frame cannot have, if one was found.
    pub invalid_size: Option<i32>,
    /// `true` if the connection or the capture ended within the size of a frame.
    pub is_end: bool,
    /// The reason.
    pub reason: String,
}

impl fmt::Display for Truncation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotKept => "packets were not captured whole",
            Self::Lost => "packets are missing in the capture",
            Self::Ended => "the connection or the capture ended",
            Self::Memory => "it is too large",
        })
    }
}
