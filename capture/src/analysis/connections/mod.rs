//! The life of each connection: how it was set up, who it was, what was in flight, and what ended it.

#[cfg(feature = "report")]
mod alike;
mod cause;
mod context;
mod decide;
mod record;
mod report;
mod sums;

use kafka_codec::messages::{
    ApiVersionsResponse, ConsumerGroupHeartbeatRequest, FetchRequest, JoinGroupRequest,
    MetadataResponse, SaslAuthenticateResponse, SaslHandshakeResponse, ShareFetchRequest,
    ShareGroupHeartbeatRequest,
};
use kafka_codec::schema::{Schema, visit};
use kafka_codec::wire::Limits;
use kafka_codec::{ApiKey, Decode, DecodeErrorKind, ErrorCode};

use self::context::{Context, is_since_api_versions};
use self::record::{Flight, Live, Record};
use self::report::Early;
use super::body;
use super::by_number::ByNumber;
use super::decoded::DecodedEvent;
use super::open::make_room;
use crate::event::{Direction, End, Event, EventKind, Life, Message, Truncation};
use crate::output::Sink;

#[cfg(feature = "report")]
pub(crate) use self::alike::Alike;
pub use self::cause::Cause;
pub use self::report::{ConnectionReport, ConnectionsDocument};

/// How many connections are kept until the end, when what ended them is decided.
const MAX_RECORDS: usize = 20_000;
/// How many requests that were answered after the client had closed are kept of a connection.
const MAX_LATE: usize = 4096;
/// How many requests in flight are kept of all connections that are over.
const MAX_ALL_FLIGHTS: usize = 1 << 18;
const MILLISECOND: i64 = 1_000_000;
/// For how long a SyncGroup or JoinGroup may wait if the client did not say.
const REBALANCE_NANOSECONDS: i64 = 300_000 * MILLISECOND;

/// Follows the connections of a capture.
#[derive(Debug, Default)]
pub struct Connections {
    live: ByNumber<Live>,
    /// The number of requests in flight on them.
    open: usize,
    records: Vec<Record>,
    /// The number of requests in flight in the records.
    flights: usize,
    context: Context,
    early: Early,
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
        report::document(self.records, &self.context, self.early, self.last)
    }

    /// Makes the record of a connection that is over, and learns from it.
    fn record(&mut self, end: &End<'_>) -> Option<Record> {
        let live = self.live.remove(&end.connection.id).unwrap_or_default();
        self.open -= live.in_flight.len();
        // A late packet of a connection that was forgotten is not a new connection.
        let bytes = end.life.client().bytes + end.life.broker().bytes;
        if end.life.syns() == 0 && bytes == 0 {
            return None;
        }
        let record = Record::new(end, live);
        self.context.learn(&record);
        Some(record)
    }

    /// Decides what ended the older half of the connections, of which only sums are kept.
    fn decide_early(&mut self) {
        let rest = self.records.split_off(self.records.len() / 2);
        for record in std::mem::replace(&mut self.records, rest) {
            self.flights -= record.flights();
            if self.context.is_listed(&record) {
                self.early.add(record, &self.context, self.last);
            }
        }
    }

    /// Takes note of an event that a filter admits.
    pub(crate) fn decoded(&mut self, event: &DecodedEvent<'_, '_>) {
        self.follow(event).is_admitted = true;
    }

    /// Takes note of an event, whether a filter admits it or not.
    fn follow(&mut self, event: &DecodedEvent<'_, '_>) -> &mut Live {
        self.last = self.last.max(event.time);
        let (live, context, open) = (&mut self.live, &mut self.context, &mut self.open);
        let live = live.entry(event.connection.id).or_default();
        if event.direction == Direction::ToBroker {
            live.identity.follow(event.client);
        }
        let before = live.last_event.replace(event.time);
        let idle = before.map_or(0, |before| event.time.saturating_sub(before));
        live.longest_idle = live.longest_idle.max(idle);
        match (&event.kind, event.direction) {
            (EventKind::Message(message), Direction::ToBroker) => {
                live.request(event, message, open);
            }
            (EventKind::Message(message), Direction::ToClient) => {
                live.response(event, message, context, open);
            }
            (EventKind::SaslToken { .. }, direction) => {
                context.has_sasl(event.connection.broker);
                if direction == Direction::ToBroker {
                    live.sasl.tokens += 1;
                    live.sasl.open_tokens += u64::from(!is_closed(event.life, event.time));
                } else {
                    live.sasl.open_tokens = 0;
                    live.sasl.authenticated = Some(event.time);
                    live.sasl.first_authenticated.get_or_insert(event.time);
                }
            }
            (EventKind::Tls(tls), _) => {
                let version = tls.version.as_deref().unwrap_or("TLS");
                live.tls = Some(match &tls.alert {
                    Some(alert) => format!("{version}, {}, alert {alert}", tls.outcome),
                    None => format!("{version}, {}", tls.outcome),
                });
            }
            (EventKind::Preamble(_), _) => live.has_preamble = true,
            (EventKind::Undecoded(undecoded), direction) => {
                let is_cut = undecoded.truncation == Some(Truncation::Ended);
                let partial = (undecoded.bytes, undecoded.first_time);
                match (direction, is_cut) {
                    (Direction::ToBroker, true) => live.partial_request = Some(partial),
                    (Direction::ToBroker, false)
                        if undecoded.truncation.is_none()
                            && !is_closed(event.life, undecoded.first_time) =>
                    {
                        live.undecoded = Some((undecoded.api, undecoded.reason.clone()));
                    }
                    (Direction::ToClient, true) => live.partial_response = Some(partial),
                    _ => {}
                }
            }
            (EventKind::Gap(gap), direction) => {
                if direction == Direction::ToClient && gap.missing > 0 {
                    // The answers may have been in what is missing.
                    *open -= live.in_flight.len();
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
        live
    }
}

impl Live {
    fn request(&mut self, event: &DecodedEvent<'_, '_>, message: &Message<'_>, open: &mut usize) {
        self.requests += 1;
        self.first_request.get_or_insert(message.first_time);
        if message.truncation == Some(Truncation::Ended) {
            self.partial_request = Some((message.bytes, message.first_time));
        }
        let hold = self.hold(event, message);
        match message.api_key {
            ApiKey::SaslHandshake => {
                self.sasl.begun.get_or_insert(event.time);
                self.sasl.is_answered = false;
            }
            ApiKey::SaslAuthenticate => {
                self.sasl.tokens += 1;
                if self.sasl.authenticated.is_some() {
                    self.sasl.is_again = true;
                }
            }
            ApiKey::LeaveGroup => self.left_group = Some(event.time),
            ApiKey::ConsumerGroupHeartbeat => {
                if let Some(request) = event.body::<ConsumerGroupHeartbeatRequest<'_>>()
                    && request.member_epoch < 0
                {
                    self.left_group = Some(event.time);
                }
            }
            ApiKey::ShareGroupHeartbeat => {
                if let Some(request) = event.body::<ShareGroupHeartbeatRequest<'_>>()
                    && request.member_epoch < 0
                {
                    self.left_group = Some(event.time);
                }
            }
            _ => {}
        }
        let is_unanswerable = message.expects_response == Some(false);
        if !is_closed(event.life, event.time) {
            self.is_unanswerable = is_unanswerable;
        }
        if is_unanswerable {
            return;
        }
        *open -= make_room(&mut self.in_flight, *open);
        *open += 1;
        self.in_flight.push_back(Flight {
            number: message.number,
            api: message.api_key.number(),
            version: message.version.0,
            correlation_id: message.correlation_id,
            begun: message.first_time,
            sent: event.time,
            hold,
            bytes: message.bytes,
            malformed: malformed(event, message),
        });
        self.max_in_flight = self.max_in_flight.max(self.in_flight.len());
    }

    /// For how long a broker may hold a request before it answers, in nanoseconds; 0 if it has no reason to.
    fn hold(&mut self, event: &DecodedEvent<'_, '_>, message: &Message<'_>) -> i64 {
        let nanoseconds = |milliseconds: i32| i64::from(milliseconds) * MILLISECOND;
        match message.api_key {
            ApiKey::Fetch => {
                let request = event.body::<FetchRequest<'_>>();
                request.map_or(0, |request| nanoseconds(request.max_wait_ms))
            }
            ApiKey::ShareFetch => {
                let request = event.body::<ShareFetchRequest<'_>>();
                request.map_or(0, |request| nanoseconds(request.max_wait_ms))
            }
            ApiKey::JoinGroup => {
                let wait = event.body::<JoinGroupRequest<'_>>().map(|request| {
                    let wait = request.rebalance_timeout_ms.max(request.session_timeout_ms);
                    nanoseconds(wait)
                });
                self.rebalance = wait.filter(|wait| *wait > 0);
                self.rebalance.unwrap_or(REBALANCE_NANOSECONDS)
            }
            ApiKey::SyncGroup => self.rebalance.unwrap_or(REBALANCE_NANOSECONDS),
            _ => 0,
        }
    }

    fn response(
        &mut self,
        event: &DecodedEvent<'_, '_>,
        message: &Message<'_>,
        context: &mut Context,
        open: &mut usize,
    ) {
        let broker = event.connection.broker;
        self.responses += 1;
        if !self.knows_api_versions && is_since_api_versions(message.api_key, message.version) {
            self.knows_api_versions = true;
            context.knows_api_versions(broker);
        }
        if message.truncation == Some(Truncation::Ended) {
            self.partial_response = Some((message.bytes, message.first_time));
        }
        let mut in_flight = self.in_flight.iter();
        let at = in_flight.position(|flight| flight.number == message.number);
        if let Some(flight) = at.and_then(|at| self.in_flight.remove(at)) {
            *open -= 1;
            if flight.bytes > self.accepted {
                self.accepted = flight.bytes;
                context.accepted(broker, flight.bytes);
            }
            let closed = event.life.client_closed();
            if closed.is_some_and(|closed| closed < event.time) && self.late.len() < MAX_LATE {
                self.late.push(flight);
            }
        }
        match message.api_key {
            ApiKey::ApiVersions => {
                self.api_versions = self.api_versions.or(message.latency);
                if let Some(response) = body::<ApiVersionsResponse<'_>>(message)
                    && !response.api_keys.is_empty()
                {
                    let keys = response.api_keys.iter();
                    let ranges = keys.map(|key| (key.api_key, (key.min_version, key.max_version)));
                    context.serves(broker, ranges);
                }
            }
            ApiKey::Metadata => {
                if let Some(response) = event.body::<MetadataResponse<'_>>() {
                    let client = event.connection.client.ip();
                    for broker in &response.brokers {
                        context.advertises(client, &broker.host, broker.port);
                    }
                }
            }
            ApiKey::SaslHandshake => {
                self.sasl.is_answered = true;
                if let Ok((response, _)) =
                    SaslHandshakeResponse::decode_prefix(message.body, message.version)
                {
                    let mechanisms = response.mechanisms.iter().map(ToString::to_string);
                    self.sasl.offered = mechanisms.take(16).collect();
                    self.sasl.is_refused = !response.error_code.is_none();
                    // Listeners without SASL answer ILLEGAL_SASL_STATE.
                    if response.error_code != ErrorCode::ILLEGAL_SASL_STATE {
                        context.has_sasl(broker);
                    }
                }
            }
            ApiKey::SaslAuthenticate => {
                if let Some(response) = body::<SaslAuthenticateResponse<'_>>(message) {
                    self.authenticated(event, &response, context);
                }
            }
            _ => {}
        }
    }

    fn authenticated(
        &mut self,
        event: &Event<'_>,
        response: &SaslAuthenticateResponse<'_>,
        context: &mut Context,
    ) {
        if response.error_code != ErrorCode::NONE {
            let code = response.error_code;
            let name = code
                .name()
                .map_or_else(|| code.0.to_string(), str::to_owned);
            self.sasl.error = Some(name);
            return;
        }
        self.sasl.error = None;
        context.has_sasl(event.connection.broker);
        if std::mem::take(&mut self.sasl.is_again) {
            self.sasl.again += 1;
        }
        self.sasl.authenticated = Some(event.time);
        self.sasl.first_authenticated.get_or_insert(event.time);
        if response.session_lifetime_ms > 0 {
            let lifetime = response.session_lifetime_ms.saturating_mul(MILLISECOND);
            self.sasl.lifetime = Some(lifetime);
            context.lifetime(event.connection.broker, lifetime);
        }
    }
}

/// Returns `true` if the broker had closed the connection before that time.
fn is_closed(life: &Life, time: i64) -> bool {
    let mut endings = life.endings();
    endings.any(|ending| !ending.by_client && ending.time < time)
}

/// Returns the decode error of a request, except for trailing bytes, which brokers ignore.
fn malformed(event: &DecodedEvent<'_, '_>, message: &Message<'_>) -> Option<String> {
    if message.truncation.is_some() || event.is_decoded() {
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
        self.decoded(&DecodedEvent::new(event));
    }

    fn hidden(&mut self, event: &Event<'_>) {
        self.follow(&DecodedEvent::new(event)).is_filtered = true;
    }

    fn earlier(&mut self, event: &Event<'_>) {
        self.follow(&DecodedEvent::new(event));
    }

    fn end(&mut self, end: &End<'_>) {
        let Some(record) = self.record(end) else {
            return;
        };
        self.flights += record.flights();
        self.records.push(record);
        if self.records.len() >= MAX_RECORDS || self.flights >= MAX_ALL_FLIGHTS {
            self.decide_early();
        }
    }

    fn ended_earlier(&mut self, end: &End<'_>) {
        // It is not listed, but tells of its broker and client.
        self.record(end);
    }
}
