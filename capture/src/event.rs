//! Events of decoding: messages, and bytes that are not a message. The output is formatted elsewhere.

use std::fmt;
use std::net::SocketAddr;

use kafka_codec::{ApiKey, Version};

pub use crate::frames::Truncation;
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
    /// The number of the connection's first packet in the capture. It tells connections apart that had the
    /// same ends one after the other.
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
    /// What TCP has shown of the connection so far.
    pub life: &'a Life,
    /// The capture time of the message's last packet, in nanoseconds since 1970.
    pub time: i64,
    /// The direction.
    pub direction: Direction,
    /// The event itself.
    pub kind: EventKind<'a>,
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
    /// Whether the request gets a response, which all do but Produce with acks 0; `None` if its acks were not
    /// captured.
    pub expects_response: Option<bool>,
    /// The capture time of the message's first packet, in nanoseconds since 1970.
    pub first_time: i64,
    /// Of a response: the nanoseconds from the packet that completed the request to the one that
    /// completed this, or to the last one seen of it. It is negative where the capture has packets in the
    /// wrong order.
    pub latency: Option<i64>,
    /// Of a response: the nanoseconds from the packet that completed the request to the response's first.
    pub to_first_byte: Option<i64>,
    /// The body, as far as it was captured.
    pub body: &'a [u8],
    /// The reason why the body is truncated, if it is.
    pub truncation: Option<Truncation>,
}

/// A frame that cannot be decoded.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Undecoded {
    /// The size of the frame in bytes, including the size prefix.
    pub bytes: u64,
    /// The correlation id, if it has one.
    pub correlation_id: Option<i32>,
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
    /// Whether Kafka was believed on it.
    pub is_kafka: bool,
    /// What TCP showed of it.
    pub life: &'a Life,
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
    /// Whether the connection or the capture ended within the size of a frame.
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
