//! The record of a connection.

use std::collections::VecDeque;
use std::net::SocketAddr;

use kafka_codec::{ApiKey, Version};

use crate::event::{End, Ending, Life};
use crate::identity::Identity;

/// A connection that is not over.
#[derive(Debug, Default)]
pub(super) struct Live {
    pub(super) identity: Identity,
    pub(super) requests: u64,
    pub(super) responses: u64,
    pub(super) last_event: Option<i64>,
    /// The longest time between two messages, in nanoseconds.
    pub(super) longest_idle: i64,
    pub(super) first_request: Option<i64>,
    pub(super) in_flight: VecDeque<Flight>,
    pub(super) max_in_flight: usize,
    /// Requests that were answered after the client had closed.
    pub(super) late: Vec<Flight>,
    /// The size and first time of a frame that the stream ended in.
    pub(super) partial_request: Option<(u64, i64)>,
    pub(super) partial_response: Option<(u64, i64)>,
    /// A frame of the client that could not be decoded: the API and version that it names, and why.
    pub(super) undecoded: Option<(Option<(ApiKey, Version)>, String)>,
    pub(super) invalid_size: Option<i32>,
    /// `true` if the broker answered a request that brokers before 0.10 do not know.
    pub(super) knows_api_versions: bool,
    /// The latency of the first ApiVersions.
    pub(super) api_versions: Option<i64>,
    pub(super) sasl: Sasl,
    /// What is known of TLS.
    pub(super) tls: Option<String>,
    pub(super) rebalance: Option<i64>,
    /// `true` if the client's first bytes are those of a proxy.
    pub(super) has_preamble: bool,
    pub(super) left_group: Option<i64>,
    /// The largest request in bytes that was answered.
    pub(super) accepted: u64,
    /// `true` if the last request expects no response.
    pub(super) is_unanswerable: bool,
    /// `true` if a filter admits one of its events.
    pub(super) is_admitted: bool,
    /// `true` if a filter hides one of its events.
    pub(super) is_filtered: bool,
}

/// What is known of authentication.
#[derive(Debug, Default)]
pub(super) struct Sasl {
    pub(super) begun: Option<i64>,
    pub(super) is_answered: bool,
    pub(super) is_refused: bool,
    pub(super) offered: Vec<String>,
    pub(super) tokens: u64,
    /// Tokens without a header that were not answered.
    pub(super) open_tokens: u64,
    pub(super) error: Option<String>,
    pub(super) first_authenticated: Option<i64>,
    pub(super) authenticated: Option<i64>,
    pub(super) lifetime: Option<i64>,
    pub(super) is_again: bool,
    pub(super) again: u64,
}

/// A request in flight.
#[derive(Clone, Debug)]
pub(super) struct Flight {
    pub(super) number: u64,
    pub(super) api: i16,
    pub(super) version: i16,
    pub(super) correlation_id: i32,
    /// When its first packet was sent, and its last.
    pub(super) begun: i64,
    pub(super) sent: i64,
    /// For how long the broker may hold it.
    pub(super) hold: i64,
    pub(super) bytes: u64,
    pub(super) malformed: Option<String>,
}

/// A connection that is over, or that the capture ended within.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) id: u64,
    pub(super) conn: String,
    pub(super) client: SocketAddr,
    pub(super) broker: SocketAddr,
    pub(super) is_kafka: bool,
    pub(super) life: Life,
    pub(super) live: Live,
}

impl Record {
    pub(super) fn new(end: &End<'_>, live: Live) -> Self {
        Self {
            id: end.connection.id,
            conn: end.connection.name.clone(),
            client: end.connection.client,
            broker: end.connection.broker,
            is_kafka: end.is_kafka,
            life: end.life.clone(),
            live,
        }
    }

    /// Returns `true` if a filter admits the connection: by one of its events, or as it has none.
    pub(super) fn is_admitted(&self) -> bool {
        self.live.is_admitted || !self.live.is_filtered
    }

    /// The number of requests that are kept of it.
    pub(super) fn flights(&self) -> usize {
        self.live.in_flight.len() + self.live.late.len()
    }

    /// What ended the connection first.
    pub(super) fn ending(&self) -> Option<Ending> {
        self.life.endings().next()
    }

    /// The requests in flight that the client had sent when the connection ended. A client that keeps a connection may send
    /// more before it notices the end.
    pub(super) fn open_at(&self, ending: Ending) -> impl Iterator<Item = &Flight> {
        let flights = self.live.in_flight.iter();
        flights.filter(move |flight| flight.sent <= ending.time)
    }

    /// When the last new byte of either end was sent.
    pub(super) fn last_data(&self) -> Option<i64> {
        self.life
            .client()
            .last_data
            .max(self.life.broker().last_data)
    }

    /// How long both ends were silent before the end, in nanoseconds.
    pub(super) fn silence(&self) -> i64 {
        match (self.ending(), self.silence_start()) {
            (Some(ending), Some(last)) => ending.time.saturating_sub(last).max(0),
            _ => 0,
        }
    }

    /// When the last byte before the end was sent. Answers may come later.
    fn silence_start(&self) -> Option<i64> {
        let end = self.ending()?.time;
        let last = self.last_data()?;
        let before = |time: Option<i64>| time.filter(|time| *time <= end);
        let sides = before(self.life.client().last_data).max(before(self.life.broker().last_data));
        sides.or(Some(last))
    }
}
