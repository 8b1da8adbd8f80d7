//! The present state of a capture: rates, latencies and errors of the last seconds, and the latest problems.
//!
//! [`Top`] is what the command `top` shows. It knows no terminal.

mod batches;
mod cells;
mod problems;
mod snapshot;

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

use kafka_codec::messages::{FetchResponse, ProduceRequest, ProduceResponse};
use kafka_codec::wire::Uuid;
use kafka_codec::{ApiKey, ErrorCode};

use self::batches::Batches;
use self::cells::{Change, Row, Table};
use self::problems::Problems;
use crate::analysis::open::make_room;
use crate::analysis::{self, Cause, Connections, body, error_name};
use crate::event::{Connection, Direction, End, Event, EventKind, Message};
use crate::length::u64_of;
use crate::output::Sink;
use crate::topic_names::TopicNames;

pub use self::problems::{Problem, ProblemKind};
pub use self::snapshot::{Rates, Snapshot, SnapshotRow, View};

const SECOND: i64 = 1_000_000_000;
/// After how long a request without a response is a problem, unless brokers hold requests of its API.
const STUCK_NANOSECONDS: i64 = 5 * SECOND;
/// For how many seconds the rate of requests is remembered.
const HISTORY_SECONDS: usize = 300;

/// Follows what happens just now.
#[derive(Debug, Default)]
pub struct Top {
    total: Row,
    apis: Table,
    clients: Table,
    topics: Table,
    brokers: Table,
    history: VecDeque<(i64, u64)>,
    connections: HashMap<u64, Live>,
    /// The number of requests in flight on them.
    in_flight: usize,
    problems: Problems,
    batches: Batches,
    causes: Connections,
    packets: u64,
    first: Option<i64>,
    last: i64,
    checked: i64,
}

/// A connection that is not over.
#[derive(Debug)]
struct Live {
    client: Arc<str>,
    broker: Box<str>,
    in_flight: VecDeque<Asked>,
}

/// A request in flight.
#[derive(Debug)]
struct Asked {
    number: u64,
    api: ApiKey,
    correlation_id: i32,
    sent: i64,
    is_reported: bool,
}

impl Top {
    /// Begins.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes note of a packet, of whatever protocol.
    pub fn packet(&mut self, time: i64) {
        self.packets += 1;
        self.first.get_or_insert(time);
        self.last = self.last.max(time);
        self.causes.packet(time);
    }

    /// Returns the time of the last packet, in nanoseconds since 1970; `None` if there was none.
    #[must_use]
    pub fn now(&self) -> Option<i64> {
        self.first.map(|_| self.last)
    }

    /// Looks for requests that have no response for long. `now` is in nanoseconds since 1970.
    pub fn check(&mut self, now: i64) {
        if now < self.checked.saturating_add(SECOND) {
            return;
        }
        self.checked = now;
        for live in self.connections.values_mut() {
            for asked in &mut live.in_flight {
                if asked.sent.saturating_add(STUCK_NANOSECONDS) > now {
                    break;
                }
                if asked.is_reported || is_held(asked.api) {
                    continue;
                }
                asked.is_reported = true;
                let (client, broker) = (&*live.client, &*live.broker);
                let name = api_name(asked.api);
                let key = (asked.api.number(), client, broker);
                self.problems.add(ProblemKind::Stuck, now, key, || {
                    let id = asked.correlation_id;
                    format!("{name} #{id} of {client} to {broker} has no response for 5 s")
                });
            }
        }
    }

    fn live(&mut self, connection: &Connection) -> &mut Live {
        self.connections
            .entry(connection.id)
            .or_insert_with(|| Live {
                client: Arc::from(""),
                broker: Box::from(connection.broker.to_string()),
                in_flight: VecDeque::new(),
            })
    }

    fn count(&mut self, api: ApiKey, connection: u64, time: i64, change: &Change) {
        self.total.count(time, change);
        self.apis.count(&api_name(api), time, change);
        if let Some(live) = self.connections.get(&connection) {
            self.clients.count(&live.client, time, change);
            self.brokers.count(&live.broker, time, change);
        }
    }

    fn request(&mut self, event: &Event<'_>, message: &Message<'_>) {
        let on_all = self.in_flight;
        let live = self.live(event.connection);
        let before = live.in_flight.len();
        let client = message.client_id.unwrap_or_default();
        if *live.client != *client {
            live.client = Arc::from(client);
        }
        if message.expects_response != Some(false) {
            make_room(&mut live.in_flight, on_all);
            live.in_flight.push_back(Asked {
                number: message.number,
                api: message.api_key,
                correlation_id: message.correlation_id,
                sent: event.time,
                is_reported: false,
            });
        }
        let now = live.in_flight.len();
        self.in_flight = self.in_flight + now - before;
        let change = Change {
            requests: 1,
            bytes_in: message.bytes,
            ..Change::default()
        };
        self.count(message.api_key, event.connection.id, event.time, &change);
        self.remember(event.time);
        if message.api_key == ApiKey::Produce {
            self.produce(event, message);
        }
    }

    /// Counts a request in the history.
    fn remember(&mut self, time: i64) {
        let second = time.div_euclid(SECOND);
        match self.history.back_mut() {
            Some((last, count)) if *last >= second => *count += 1,
            _ => {
                self.history.push_back((second, 1));
                if self.history.len() > HISTORY_SECONDS {
                    self.history.pop_front();
                }
            }
        }
    }

    fn produce(&mut self, event: &Event<'_>, message: &Message<'_>) {
        let Some(request) = body::<ProduceRequest<'_>>(message) else {
            return;
        };
        let client = message.client_id.unwrap_or_default();
        for data in &request.topic_data {
            let topic = topic_name(&data.name, data.topic_id, event.topics);
            let partitions = data.partition_data.iter();
            let records =
                partitions.map(|each| (each.index, each.records.as_deref().unwrap_or_default()));
            let mut bytes = 0;
            for (partition, records) in records {
                bytes += u64_of(records.len());
                let before = self.batches.sent_before(client, &topic, partition, records);
                if before > 0 {
                    let key = (client, &topic, partition);
                    self.problems.add(ProblemKind::Retry, event.time, key, || {
                        let broker = event.connection.broker;
                        format!(
                            "{topic}[{partition}] of {client}: a batch is sent again, to {broker}"
                        )
                    });
                }
            }
            let change = Change {
                requests: 1,
                bytes_in: bytes,
                ..Change::default()
            };
            self.topics.count(&topic, event.time, &change);
        }
    }

    fn response(&mut self, event: &Event<'_>, message: &Message<'_>) {
        // A request may have been hidden, or be from before the time that is asked for.
        self.live(event.connection);
        let has_error = match message.api_key {
            ApiKey::Produce => self.produced(event, message),
            ApiKey::Fetch => self.fetched(event, message),
            _ => {
                let mut codes = BTreeSet::new();
                analysis::examine(message, |found| {
                    codes.insert(found.code);
                });
                for code in &codes {
                    self.error(event, message, "", ErrorCode(*code));
                }
                !codes.is_empty()
            }
        };
        let change = Change {
            responses: 1,
            errors: u64::from(has_error),
            bytes_out: message.bytes,
            latency: message.latency,
            ..Change::default()
        };
        self.count(message.api_key, event.connection.id, event.time, &change);
    }

    /// Takes out of flight what is answered, or may have been answered in what is missing.
    fn settle(&mut self, event: &Event<'_>) {
        let Some(live) = self.connections.get_mut(&event.connection.id) else {
            return;
        };
        let before = live.in_flight.len();
        match (&event.kind, event.direction) {
            (EventKind::Message(message), Direction::ToClient) => {
                let mut in_flight = live.in_flight.iter();
                if let Some(at) = in_flight.position(|asked| asked.number == message.number) {
                    live.in_flight.remove(at);
                }
            }
            (EventKind::Gap(gap), Direction::ToClient) if gap.missing > 0 => live.in_flight.clear(),
            _ => {}
        }
        self.in_flight = self.in_flight + live.in_flight.len() - before;
    }

    /// Whether there is an error in it.
    fn produced(&mut self, event: &Event<'_>, message: &Message<'_>) -> bool {
        let Some(response) = body::<ProduceResponse<'_>>(message) else {
            return false;
        };
        let mut has_error = false;
        for data in &response.responses {
            let topic = topic_name(&data.name, data.topic_id, event.topics);
            let codes = data.partition_responses.iter().map(|each| each.error_code);
            let errors = self.errors(event, message, &topic, codes);
            has_error |= errors;
            let change = Change {
                responses: 1,
                errors: u64::from(errors),
                latency: message.latency,
                ..Change::default()
            };
            self.topics.count(&topic, event.time, &change);
        }
        has_error
    }

    /// Whether there is an error in it.
    fn fetched(&mut self, event: &Event<'_>, message: &Message<'_>) -> bool {
        let Some(response) = body::<FetchResponse<'_>>(message) else {
            return false;
        };
        let mut has_error = self.errors(event, message, "", [response.error_code].into_iter());
        for data in &response.responses {
            let topic = topic_name(&data.topic, data.topic_id, event.topics);
            let codes = data.partitions.iter().map(|each| each.error_code);
            let errors = self.errors(event, message, &topic, codes);
            has_error |= errors;
            let partitions = data.partitions.iter();
            let bytes = partitions.map(|each| {
                each.records
                    .as_deref()
                    .map_or(0, |records| u64_of(records.len()))
            });
            let bytes = bytes.sum();
            if bytes > 0 || errors {
                let change = Change {
                    responses: 1,
                    errors: u64::from(errors),
                    bytes_out: bytes,
                    ..Change::default()
                };
                self.topics.count(&topic, event.time, &change);
            }
        }
        has_error
    }

    /// Takes note of the errors among codes. Whether there is any.
    fn errors(
        &mut self,
        event: &Event<'_>,
        message: &Message<'_>,
        topic: &str,
        codes: impl Iterator<Item = ErrorCode>,
    ) -> bool {
        let mut has_error = false;
        for code in codes.filter(|code| !code.is_none()) {
            has_error = true;
            self.error(event, message, topic, code);
        }
        has_error
    }

    fn error(&mut self, event: &Event<'_>, message: &Message<'_>, topic: &str, code: ErrorCode) {
        let client = message.client_id.unwrap_or_default();
        let broker = event.connection.broker;
        let key = (message.api_key.number(), client, broker, topic, code.0);
        self.problems.add(ProblemKind::Error, event.time, key, || {
            let (name, error) = (api_name(message.api_key), error_name(code.0));
            let about = if topic.is_empty() {
                String::new()
            } else {
                format!(" about {topic}")
            };
            format!("{name} of {client} to {broker}{about}: {error}")
        });
    }
}

impl Sink for Top {
    fn event(&mut self, event: &Event<'_>) {
        self.causes.event(event);
        self.settle(event);
        match (&event.kind, event.direction) {
            (EventKind::Message(message), Direction::ToBroker) => self.request(event, message),
            (EventKind::Message(message), Direction::ToClient) => self.response(event, message),
            (EventKind::Undecoded(undecoded), _) => {
                let key = (event.connection.id, &undecoded.reason);
                self.problems
                    .add(ProblemKind::Undecoded, event.time, key, || {
                        format!("{}: {}", event.connection.name, undecoded.reason)
                    });
            }
            (EventKind::Gap(gap), _) => {
                let key = (event.connection.id, &gap.reason);
                self.problems
                    .add(ProblemKind::Undecoded, event.time, key, || {
                        let (missing, skipped) = (gap.missing, gap.skipped);
                        let name = &event.connection.name;
                        let bytes = if missing == 1 { "byte" } else { "bytes" };
                        format!(
                            "{name}: {missing} {bytes} missing, {skipped} skipped, {}",
                            gap.reason
                        )
                    });
            }
            (EventKind::Tls(tls), _) if tls.is_error() => {
                let key = (event.connection.broker, tls.outcome.to_string());
                self.problems
                    .add(ProblemKind::Undecoded, event.time, key, || {
                        format!("{}: TLS {}", event.connection.name, tls.outcome)
                    });
            }
            _ => {}
        }
    }

    fn hidden(&mut self, event: &Event<'_>) {
        self.causes.hidden(event);
        self.settle(event);
    }

    fn earlier(&mut self, event: &Event<'_>) {
        self.causes.earlier(event);
    }

    fn end(&mut self, end: &End<'_>) {
        let live = self.connections.remove(&end.connection.id);
        self.in_flight -= live.as_ref().map_or(0, |live| live.in_flight.len());
        self.causes.end(end);
        let Some((cause, because)) = self.causes.verdict(end.connection.id) else {
            return;
        };
        if matches!(
            cause,
            Cause::ClientClose | Cause::StillOpen | Cause::IdleClient | Cause::IdleBroker
        ) {
            return;
        }
        let time = end
            .life
            .endings()
            .next()
            .map_or_else(|| end.life.last(), |ending| ending.time);
        let client = live.map_or_else(|| Arc::from(""), |live| live.client);
        let key = (cause.name(), &client, end.connection.broker);
        self.problems.add(ProblemKind::Death, time, key, || {
            let (cause, name) = (cause.name(), &end.connection.name);
            let space = if client.is_empty() { "" } else { " " };
            format!("{cause}: {client}{space}{name}: {because}")
        });
    }

    fn ended_earlier(&mut self, end: &End<'_>) {
        self.causes.ended_earlier(end);
    }
}

/// Whether brokers hold requests of an API until there is something to say.
const fn is_held(api: ApiKey) -> bool {
    matches!(
        api,
        ApiKey::Fetch | ApiKey::ShareFetch | ApiKey::JoinGroup | ApiKey::SyncGroup
    )
}

/// The name of an API; its number as text if it is unknown.
fn api_name(api: ApiKey) -> std::borrow::Cow<'static, str> {
    match api.name() {
        Some(name) => name.into(),
        None => api.number().to_string().into(),
    }
}

/// The name of a topic; its id as text if the name is not known.
fn topic_name(name: &str, id: Uuid, names: &TopicNames) -> String {
    if name.is_empty() {
        names.name(id).map_or_else(|| id.to_string(), str::to_owned)
    } else {
        name.to_owned()
    }
}
