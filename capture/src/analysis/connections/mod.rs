//! The life of each connection: how it was set up, who it was, what was in flight, and what ended it.

mod cause;
mod context;
mod decide;
mod record;
mod report;

use std::collections::HashMap;

use kafka_codec::messages::{
    ApiVersionsResponse, ConsumerGroupHeartbeatRequest, FetchRequest, JoinGroupRequest,
    MetadataResponse, SaslAuthenticateResponse, SaslHandshakeResponse, ShareFetchRequest,
    ShareGroupHeartbeatRequest,
};
use kafka_codec::schema::{Schema, visit};
use kafka_codec::wire::Limits;
use kafka_codec::{ApiKey, Decode, DecodeErrorKind, ErrorCode};

use self::context::Context;
use self::record::{Flight, Live, Record};
use super::body;
use crate::event::{Direction, End, Event, EventKind, Message, Truncation};
use crate::output::Sink;

pub use self::cause::Cause;
pub use self::report::{ConnectionReport, ConnectionsDocument};

/// How many connections are kept until the end, when what ended them is decided.
const MAX_RECORDS: usize = 20_000;
/// How many requests in flight are kept of a connection.
const MAX_FLIGHTS: usize = 4096;
const MILLISECOND: i64 = 1_000_000;
/// For how long a SyncGroup or JoinGroup may wait if the client did not say.
const REBALANCE_NANOSECONDS: i64 = 300_000 * MILLISECOND;

/// Follows the connections of a capture.
#[derive(Debug, Default)]
pub struct Connections {
    live: HashMap<u64, Live>,
    records: Vec<Record>,
    context: Context,
    /// Causes of connections that were decided early, since there are too many.
    others: HashMap<Cause, u64>,
    last: i64,
}

impl Connections {
    /// Begins.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes note of the time of a packet.
    pub fn packet(&mut self, time: i64) {
        self.last = self.last.max(time);
    }

    /// Returns what ended the connection of this id, as far as that can be said by now; `None` if it is not the one that ended
    /// last, or not of Kafka.
    #[cfg(feature = "top")]
    pub(crate) fn verdict(&self, id: u64) -> Option<(Cause, String)> {
        let record = self.records.last()?;
        let is_listed = record.id == id && self.context.is_listed(record);
        is_listed.then(|| decide::decide(record, &self.context, self.last))
    }

    /// Ends the capture: decides what ended each connection.
    #[must_use]
    pub fn finish(self) -> ConnectionsDocument {
        report::document(self.records, &self.context, self.others, self.last)
    }

    /// Takes note of an event, whether a filter admits it or not.
    fn follow(&mut self, event: &Event<'_>) {
        self.last = self.last.max(event.time);
        let live = self.live.entry(event.connection.id).or_default();
        if event.direction == Direction::ToBroker {
            live.identity.follow(event.client);
        }
        let before = live.last_event.replace(event.time);
        let idle = before.map_or(0, |before| event.time.saturating_sub(before));
        live.longest_idle = live.longest_idle.max(idle);
        match (&event.kind, event.direction) {
            (EventKind::Message(message), Direction::ToBroker) => self.request(event, message),
            (EventKind::Message(message), Direction::ToClient) => self.response(event, message),
            (EventKind::SaslToken { .. }, direction) => {
                let live = self.live.entry(event.connection.id).or_default();
                self.context.has_sasl(event.connection.broker);
                if direction == Direction::ToBroker {
                    live.sasl.tokens += 1;
                    live.sasl.open_tokens += 1;
                } else {
                    live.sasl.open_tokens = 0;
                    live.sasl.authenticated = Some(event.time);
                    live.sasl.first_authenticated.get_or_insert(event.time);
                }
            }
            (EventKind::Tls(tls), _) => {
                let live = self.live.entry(event.connection.id).or_default();
                let version = tls.version.as_deref().unwrap_or("TLS");
                live.tls = Some(match &tls.alert {
                    Some(alert) => format!("{version}, {}, alert {alert}", tls.outcome),
                    None => format!("{version}, {}", tls.outcome),
                });
            }
            (EventKind::Preamble(_), _) => live.has_preamble = true,
            (EventKind::Undecoded(undecoded), direction) => {
                let live = self.live.entry(event.connection.id).or_default();
                let is_cut = undecoded.truncation == Some(Truncation::Ended);
                let partial = (undecoded.bytes, undecoded.first_time);
                match (direction, is_cut) {
                    (Direction::ToBroker, true) => live.partial_request = Some(partial),
                    (Direction::ToBroker, false) if undecoded.truncation.is_none() => {
                        live.undecoded = Some((undecoded.api, undecoded.reason.clone()));
                    }
                    (Direction::ToClient, true) => live.partial_response = Some(partial),
                    _ => {}
                }
            }
            (EventKind::Gap(gap), direction) => {
                let live = self.live.entry(event.connection.id).or_default();
                if direction == Direction::ToClient && gap.missing > 0 {
                    // The answers may have been in what is missing.
                    live.in_flight.clear();
                }
                match direction {
                    Direction::ToBroker => {
                        live.invalid_size = live.invalid_size.or(gap.invalid_size);
                        if gap.is_end {
                            live.partial_request = Some((gap.skipped, event.time));
                        }
                    }
                    Direction::ToClient if gap.is_end => {
                        live.partial_response = Some((gap.skipped, event.time));
                    }
                    Direction::ToClient => {}
                }
            }
        }
    }

    fn request(&mut self, event: &Event<'_>, message: &Message<'_>) {
        let live = self.live.entry(event.connection.id).or_default();
        live.requests += 1;
        live.first_request.get_or_insert(message.first_time);
        if message.truncation == Some(Truncation::Ended) {
            live.partial_request = Some((message.bytes, message.first_time));
        }
        let hold = hold(live, message);
        match message.api_key {
            ApiKey::SaslHandshake => {
                live.sasl.begun.get_or_insert(event.time);
                live.sasl.is_answered = false;
            }
            ApiKey::SaslAuthenticate => {
                live.sasl.tokens += 1;
                if live.sasl.authenticated.is_some() {
                    live.sasl.is_again = true;
                }
            }
            ApiKey::LeaveGroup => live.left_group = Some(event.time),
            ApiKey::ConsumerGroupHeartbeat => {
                if let Some(request) = body::<ConsumerGroupHeartbeatRequest<'_>>(message)
                    && request.member_epoch < 0
                {
                    live.left_group = Some(event.time);
                }
            }
            ApiKey::ShareGroupHeartbeat => {
                if let Some(request) = body::<ShareGroupHeartbeatRequest<'_>>(message)
                    && request.member_epoch < 0
                {
                    live.left_group = Some(event.time);
                }
            }
            _ => {}
        }
        live.is_unanswerable = message.expects_response == Some(false);
        if live.is_unanswerable {
            return;
        }
        if live.in_flight.len() >= MAX_FLIGHTS {
            live.in_flight.pop_front();
        }
        live.in_flight.push_back(Flight {
            number: message.number,
            api: message.api_key.number(),
            version: message.version.0,
            correlation_id: message.correlation_id,
            begun: message.first_time,
            sent: event.time,
            hold,
            bytes: message.bytes,
            malformed: malformed(message),
        });
        live.max_in_flight = live.max_in_flight.max(live.in_flight.len());
    }

    fn response(&mut self, event: &Event<'_>, message: &Message<'_>) {
        let broker = event.connection.broker;
        let live = self.live.entry(event.connection.id).or_default();
        live.responses += 1;
        if message.truncation == Some(Truncation::Ended) {
            live.partial_response = Some((message.bytes, message.first_time));
        }
        let at = live
            .in_flight
            .iter()
            .position(|flight| flight.number == message.number);
        if let Some(flight) = at.and_then(|at| live.in_flight.remove(at)) {
            self.context.accepted(broker, flight.bytes);
            let closed = event.life.client_closed();
            if closed.is_some_and(|closed| closed < event.time) && live.late.len() < MAX_FLIGHTS {
                live.late.push(flight);
            }
        }
        match message.api_key {
            ApiKey::ApiVersions => {
                live.api_versions = live.api_versions.or(message.latency);
                if let Some(response) = body::<ApiVersionsResponse<'_>>(message)
                    && !response.api_keys.is_empty()
                {
                    let keys = response.api_keys.iter();
                    let ranges = keys.map(|key| (key.api_key, (key.min_version, key.max_version)));
                    self.context.serves(broker, ranges.collect());
                }
            }
            ApiKey::Metadata => {
                if let Some(response) = body::<MetadataResponse<'_>>(message) {
                    let client = event.connection.client.ip();
                    for broker in &response.brokers {
                        self.context.advertises(client, &broker.host, broker.port);
                    }
                }
            }
            ApiKey::SaslHandshake => {
                live.sasl.is_answered = true;
                if let Ok((response, _)) =
                    SaslHandshakeResponse::decode_prefix(message.body, message.version)
                {
                    let mechanisms = response.mechanisms.iter().map(ToString::to_string);
                    live.sasl.offered = mechanisms.take(16).collect();
                    live.sasl.is_refused = !response.error_code.is_none();
                    // Listeners without SASL answer ILLEGAL_SASL_STATE.
                    if response.error_code != ErrorCode::ILLEGAL_SASL_STATE {
                        self.context.has_sasl(broker);
                    }
                }
            }
            ApiKey::SaslAuthenticate => {
                if let Some(response) = body::<SaslAuthenticateResponse<'_>>(message) {
                    self.authenticated(event, &response);
                }
            }
            _ => {}
        }
    }

    fn authenticated(&mut self, event: &Event<'_>, response: &SaslAuthenticateResponse<'_>) {
        let live = self.live.entry(event.connection.id).or_default();
        if response.error_code != ErrorCode::NONE {
            let code = response.error_code;
            let name = code
                .name()
                .map_or_else(|| code.0.to_string(), str::to_owned);
            live.sasl.error = Some(name);
            return;
        }
        live.sasl.error = None;
        self.context.has_sasl(event.connection.broker);
        if std::mem::take(&mut live.sasl.is_again) {
            live.sasl.again += 1;
        }
        live.sasl.authenticated = Some(event.time);
        live.sasl.first_authenticated.get_or_insert(event.time);
        if response.session_lifetime_ms > 0 {
            let lifetime = response.session_lifetime_ms.saturating_mul(MILLISECOND);
            live.sasl.lifetime = Some(lifetime);
            self.context.lifetime(event.connection.broker, lifetime);
        }
    }
}

/// For how long a broker may hold a request before it answers, in nanoseconds; 0 if it has no reason to.
fn hold(live: &mut Live, message: &Message<'_>) -> i64 {
    match message.api_key {
        ApiKey::Fetch => body::<FetchRequest<'_>>(message)
            .map_or(0, |request| i64::from(request.max_wait_ms) * MILLISECOND),
        ApiKey::ShareFetch => body::<ShareFetchRequest<'_>>(message)
            .map_or(0, |request| i64::from(request.max_wait_ms) * MILLISECOND),
        ApiKey::JoinGroup => {
            let wait = body::<JoinGroupRequest<'_>>(message).map(|request| {
                let wait = request.rebalance_timeout_ms.max(request.session_timeout_ms);
                i64::from(wait) * MILLISECOND
            });
            live.rebalance = wait.filter(|wait| *wait > 0);
            live.rebalance.unwrap_or(REBALANCE_NANOSECONDS)
        }
        ApiKey::SyncGroup => live.rebalance.unwrap_or(REBALANCE_NANOSECONDS),
        _ => 0,
    }
}

/// What is wrong with the form of a request, if anything is. Brokers do not mind bytes after it.
fn malformed(message: &Message<'_>) -> Option<String> {
    if message.truncation.is_some() {
        return None;
    }
    let schema = Schema::of_request(message.api_key)?;
    let is_known = schema.versions().contains(message.version);
    match visit(
        schema,
        message.version,
        message.body,
        Limits::default(),
        &mut (),
    ) {
        Err(error) if is_known => match error.kind() {
            DecodeErrorKind::TrailingBytes { .. } => None,
            _ => Some(error.to_string()),
        },
        _ => None,
    }
}

impl Sink for Connections {
    fn event(&mut self, event: &Event<'_>) {
        self.follow(event);
        self.live
            .entry(event.connection.id)
            .or_default()
            .is_admitted = true;
    }

    fn hidden(&mut self, event: &Event<'_>) {
        self.follow(event);
        self.live
            .entry(event.connection.id)
            .or_default()
            .is_filtered = true;
    }

    fn end(&mut self, end: &End<'_>) {
        let live = self.live.remove(&end.connection.id).unwrap_or_default();
        // A late packet of a connection that was forgotten is not a new connection.
        let bytes = end.life.client().bytes + end.life.broker().bytes;
        if end.life.syns() == 0 && bytes == 0 {
            return;
        }
        let record = Record::new(end, live);
        self.context.learn(&record);
        self.records.push(record);
        if self.records.len() >= MAX_RECORDS {
            let rest = self.records.split_off(MAX_RECORDS / 2);
            for record in std::mem::replace(&mut self.records, rest) {
                if self.context.is_listed(&record) {
                    let (cause, _) = decide::decide(&record, &self.context, self.last);
                    *self.others.entry(cause).or_default() += 1;
                }
            }
        }
    }
}
