//! Totals, latencies, errors and bytes by API, client, topic, broker, connection, user and software.

mod busiest;
mod metrics;
mod report;
mod state;
mod stats;
mod topics;

use std::net::SocketAddr;
use std::sync::Arc;

use kafka_codec::ApiKey;
use kafka_codec::messages::FetchRequest;

use self::state::{Client, ConnectionEntry, OpenRequest, State};
use self::stats::{Answer, Brief, Request, Split};
use super::by_number::ByNumber;
use super::decoded::DecodedEvent;
use super::errors;
use super::latency::Budget;
use super::open::InFlight;
use crate::event::{Direction, End, Event, EventKind, Life, Message};
use crate::identity::Identity;
use crate::output::Sink;
use crate::topic_names::TopicNames;

pub use self::report::Document as SummaryDocument;
pub use self::state::{MergeError, State as SummaryState};

/// Sums up what happens in a capture.
#[derive(Debug)]
pub struct Summary {
    state: State,
    open: InFlight<Asked>,
    connections: ByNumber<Live>,
    /// Whether there was an error in the last response.
    had_errors: bool,
}

/// What is remembered of a request.
#[derive(Debug)]
struct Asked {
    api: i16,
    client: Arc<str>,
    correlation_id: i32,
    sent: i64,
    request_transfer: u64,
    is_certain: bool,
    /// Of Fetch: how long the broker may wait for records, in nanoseconds, and whether a replica asks.
    max_wait: i64,
    is_replica: bool,
}

/// A connection that is not over.
#[derive(Debug, Default)]
struct Live {
    client: Arc<str>,
    identity: Identity,
    brief: Brief,
    last_response: Option<i64>,
    /// `true` if a filter admits one of its messages.
    is_admitted: bool,
    /// `true` if a filter hides one of its events.
    is_filtered: bool,
}

impl Default for Summary {
    fn default() -> Self {
        Self::new()
    }
}

impl Summary {
    /// Begins.
    #[must_use]
    pub fn new() -> Self {
        Self {
            state: State::new(),
            open: InFlight::default(),
            connections: ByNumber::default(),
            had_errors: false,
        }
    }

    /// Whether there was an error in the last response.
    #[cfg_attr(not(feature = "report"), allow(dead_code, reason = "reports need it"))]
    pub(crate) const fn had_errors(&self) -> bool {
        self.had_errors
    }

    /// Takes note of a packet, of whatever protocol.
    pub fn packet(&mut self, time: i64) {
        self.state.packet(time);
    }

    /// Ends the capture, with the names of topics that are known by then.
    #[must_use]
    pub fn finish(mut self, topics: &TopicNames) -> SummaryState {
        self.state.names = topics.into();
        self.state.shrink();
        self.state
    }

    /// Takes note of an event.
    pub(crate) fn decoded(&mut self, event: &DecodedEvent<'_, '_>) {
        match (&event.kind, event.direction) {
            (EventKind::Message(message), Direction::ToBroker) => self.request(event, message),
            (EventKind::Message(message), Direction::ToClient) => self.response(event, message),
            _ => {}
        }
    }

    fn request(&mut self, event: &DecodedEvent<'_, '_>, message: &Message<'_>) {
        let (connection, time) = (event.connection, event.time);
        let id = message.client_id.unwrap_or_default();
        let live = self.connections.entry(connection.id).or_default();
        live.is_admitted = true;
        if *live.client != *id {
            live.client = Arc::from(id);
        }
        live.identity.follow(event.client);
        let request = Request {
            version: message.version.0,
            bytes: message.bytes,
            expects_response: message.expects_response,
        };
        live.brief.counts.request(request);
        let api = message.api_key.number();
        self.state.request(api, id, connection.broker, request);
        let mut asked = Asked {
            api,
            client: Arc::clone(&live.client),
            correlation_id: message.correlation_id,
            sent: time,
            request_transfer: time
                .saturating_sub(message.first_time)
                .max(0)
                .unsigned_abs(),
            is_certain: message.expects_response == Some(true),
            max_wait: 0,
            is_replica: false,
        };
        let topics = &mut self.state.topics;
        match message.api_key {
            ApiKey::Produce => topics.produce_request(event, message),
            ApiKey::Fetch => {
                if let Some(body) = event.body::<FetchRequest<'_>>() {
                    asked.is_replica = topics.fetch_request(body, message.client_id);
                    asked.max_wait = i64::from(body.max_wait_ms) * 1_000_000;
                }
            }
            ApiKey::ShareFetch => topics.share_fetch_request(event, message),
            ApiKey::OffsetCommit => topics.offset_commit(event),
            ApiKey::OffsetFetch => topics.offset_fetch(message),
            ApiKey::ConsumerGroupHeartbeat => topics.consumer_group_heartbeat(event),
            _ => {}
        }
        if message.expects_response != Some(false) {
            self.open.insert(connection, message, asked);
        }
    }

    fn response(&mut self, event: &DecodedEvent<'_, '_>, message: &Message<'_>) {
        let (connection, time) = (event.connection, event.time);
        let asked = self.open.take(connection, message);
        let api = message.api_key.number();
        let mut answer = Answer {
            bytes: message.bytes,
            latency: message.latency,
            to_first_byte: message.to_first_byte,
            ..Answer::default()
        };
        let places = &mut self.state.errors;
        answer.throttle_ms = errors::examine(message, |found| {
            places.add(api, found.path, found.code);
            answer.codes.insert(found.code);
            if found.is_named_error_code {
                answer.errors.push(found.code);
            }
        });
        self.had_errors = !answer.codes.is_empty();
        let live = self.connections.entry(connection.id).or_default();
        live.is_admitted = true;
        if let Some(latency) = answer.latency {
            let sent = time.saturating_sub(latency);
            answer.split = split(sent, message.first_time, time, live.last_response);
            answer.split.request_transfer =
                asked.as_ref().map_or(0, |asked| asked.request_transfer);
        }
        live.answers(time);
        live.brief.counts.response(&answer);
        if let Some(latency) = answer.latency {
            live.brief.latency.record(latency, &mut Budget(0));
        }
        let client = message.client_id.unwrap_or_default();
        self.state.response(api, client, connection.broker, &answer);
        let topics = &mut self.state.topics;
        let is_replica = asked.as_ref().is_some_and(|asked| asked.is_replica);
        match message.api_key {
            ApiKey::Produce => topics.produce_response(event),
            ApiKey::Fetch => {
                let has_records = topics.fetch_response(event, message, is_replica);
                let max_wait = asked.map_or(0, |asked| asked.max_wait);
                self.state.fetch(has_records, answer.latency, max_wait);
            }
            ApiKey::ShareFetch => {
                topics.share_fetch_response(message, event.topics.limits());
            }
            _ => {}
        }
    }
}

impl Live {
    /// The broker has answered a request.
    fn answers(&mut self, time: i64) {
        self.last_response = self.last_response.max(Some(time));
    }

    /// Takes note of an event that is not counted.
    fn follow(&mut self, event: &Event<'_>) {
        // Other requests wait for this answer.
        if let (EventKind::Message(_), Direction::ToClient) = (&event.kind, event.direction) {
            self.answers(event.time);
        }
    }
}

/// What the latency of a response is made of. `before`: when the connection's previous response ended.
fn split(sent: i64, first: i64, last: i64, before: Option<i64>) -> Split {
    let nanoseconds = |from: i64, to: i64| to.saturating_sub(from).max(0).unsigned_abs();
    // A broker takes the next request of a connection when it has answered the one before.
    let begun = before
        .map_or(sent, |before| before.max(sent))
        .min(first.max(sent));
    Split {
        request_transfer: 0,
        wait: nanoseconds(sent, begun),
        service: nanoseconds(begun, first),
        response_transfer: nanoseconds(first, last),
    }
}

impl Sink for Summary {
    fn event(&mut self, event: &Event<'_>) {
        self.decoded(&DecodedEvent::new(event));
    }

    fn hidden(&mut self, event: &Event<'_>) {
        let live = self.connections.entry(event.connection.id).or_default();
        live.is_filtered = true;
        live.follow(event);
    }

    fn earlier(&mut self, event: &Event<'_>) {
        let live = self.connections.entry(event.connection.id).or_default();
        live.follow(event);
        live.identity.follow(event.client);
    }

    fn end(&mut self, end: &End<'_>) {
        let live = self.connections.remove(&end.connection.id);
        let live = live.unwrap_or_default();
        let is_over = end.life.endings().next().is_some();
        let mut unanswered = 0;
        for asked in self.open.end(end.connection) {
            if !asked.is_certain {
                continue;
            }
            unanswered += 1;
            self.state
                .unanswered(asked.api, &asked.client, end.connection.broker);
            if !is_over {
                self.state.open_at_end(OpenRequest {
                    conn: end.connection.name.clone(),
                    api: asked.api,
                    correlation_id: asked.correlation_id,
                    sent: asked.sent,
                });
            }
        }
        if live.is_filtered && !live.is_admitted {
            return;
        }
        let mut brief = live.brief;
        brief.counts.unanswered = unanswered;
        self.state.connection(entry(end, brief, live.identity));
    }

    fn ended_earlier(&mut self, end: &End<'_>) {
        self.connections.remove(&end.connection.id);
    }
}

fn entry(end: &End<'_>, brief: Brief, identity: Identity) -> ConnectionEntry {
    let life: &Life = end.life;
    let client: Client = Client {
        id: identity.client_id.map(|id| Box::from(&*id)),
        software: identity
            .software
            .map(|(name, version)| (Box::from(&*name), Box::from(&*version))),
        user: identity.user.map(|user| Box::from(&*user)),
    };
    ConnectionEntry {
        conn: end.connection.name.clone(),
        broker: end.connection.broker,
        opened: life.first(),
        closed: life.endings().next().map(|ending| ending.time),
        last: life.last(),
        is_kafka: end.is_kafka,
        is_whole: life.syns() > 0,
        has_bytes: life.client().bytes + life.broker().bytes > 0,
        client,
        brief,
    }
}

/// An address as a key.
type Address = SocketAddr;
