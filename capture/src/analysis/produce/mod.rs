//! The fate of every batch of records, over all attempts to send it.

mod batch;
mod report;

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use kafka_codec::messages::{MetadataResponse, ProduceRequest, ProduceResponse};
use kafka_codec::wire::Uuid;
use kafka_codec::{ApiKey, ErrorCode};

use self::batch::{Attempt, Batch, Key, Outcome, Topic, batches};
use self::report::{AttemptReport, PartitionReport};
use super::by_number::ByNumber;
use super::decoded::DecodedEvent;
use super::open::InFlight;
use super::{Time, known};
use crate::event::{Connection, Direction, End, Event, EventKind, Life, Message};
use crate::output::Sink;
use crate::topic_names::TopicNames;

pub use self::report::{BatchReport, ProduceTotals};

/// How many batches are followed at a time. Beyond that the oldest is reported, acknowledged ones first.
const MAX_BATCHES: usize = 40_000;
/// How soon a proxy passes a request on.
const RELAY_NANOSECONDS: i64 = 50_000_000;
/// How many attempts of all batches are kept at a time.
const MAX_ATTEMPTS_IN_ALL: usize = 100_000;
/// How many attempts are kept of a batch; the ones between the first and the last are counted.
const MAX_ATTEMPTS: usize = 200;
/// How many brokers are known by number.
const MAX_NODES: usize = 1 << 12;
/// How many partitions are summed up one by one.
const MAX_PARTITIONS: usize = 10_000;

/// Follows the batches of a capture.
pub struct Produce {
    batches: ByNumber<Batch>,
    by_key: HashMap<Key, u64>,
    /// `true` if a topic in `by_key` is known by its id alone.
    has_ids: bool,
    order: VecDeque<u64>,
    next: u64,
    /// How many attempts are kept of all batches.
    attempts: usize,
    in_flight: InFlight<Vec<Sent>>,
    producers: ByNumber<Producer>,
    nodes: HashMap<(String, i32), i32>,
    report: Box<dyn FnMut(BatchReport)>,
    /// `true` if batches that were sent once and acknowledged are not reported.
    is_selective: bool,
    totals: ProduceTotals,
    partitions: BTreeMap<(Option<Arc<str>>, i32), PartitionReport>,
    last: i64,
}

impl std::fmt::Debug for Produce {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Produce")
            .field("totals", &self.totals)
            .finish_non_exhaustive()
    }
}

/// A connection with Produce requests.
#[derive(Debug)]
struct Producer {
    conn: Arc<str>,
    /// The client id that its requests named last.
    client_id: Arc<str>,
}

/// A batch in a request.
#[derive(Debug)]
struct Sent {
    batch: u64,
    attempt: usize,
    name: Arc<str>,
    id: Uuid,
    partition: i32,
}

impl Produce {
    /// Follows batches, and calls `report` with each in the order in which they were first seen, those that go on being
    /// retried later.
    pub fn new(report: impl FnMut(BatchReport) + 'static) -> Self {
        Self {
            batches: ByNumber::default(),
            by_key: HashMap::new(),
            has_ids: false,
            order: VecDeque::new(),
            next: 0,
            attempts: 0,
            in_flight: InFlight::default(),
            producers: ByNumber::default(),
            nodes: HashMap::new(),
            report: Box::new(report),
            is_selective: false,
            totals: ProduceTotals::default(),
            partitions: BTreeMap::new(),
            last: i64::MIN,
        }
    }

    /// Does not report batches that were sent once and acknowledged, or that expect no acknowledgment; the totals include
    /// them.
    #[must_use]
    pub const fn only_retried_or_stuck(mut self) -> Self {
        self.is_selective = true;
        self
    }

    /// Takes note of an event.
    pub(crate) fn decoded(&mut self, event: &DecodedEvent<'_, '_>) {
        self.last = self.last.max(event.time);
        let message = match &event.kind {
            EventKind::Message(message) => message,
            EventKind::Gap(gap) if gap.missing > 0 && event.direction == Direction::ToClient => {
                return self.open(event.connection, Outcome::NotCaptured);
            }
            _ => return,
        };
        match (message.api_key, event.direction) {
            (ApiKey::Produce, Direction::ToBroker) => self.request(event, message),
            (ApiKey::Produce, Direction::ToClient) => self.response(event, message),
            (ApiKey::Metadata, Direction::ToClient) => {
                if let Some(metadata) = event.body::<MetadataResponse<'_>>() {
                    for broker in &metadata.brokers {
                        if self.nodes.len() < MAX_NODES {
                            let address = (broker.host.to_string(), broker.port);
                            self.nodes.insert(address, broker.node_id);
                        }
                    }
                }
            }
            _ => {}
        }
    }

    /// Ends the capture: reports all batches that were not, and returns what they come to.
    pub fn finish(mut self, topics: &TopicNames) -> ProduceTotals {
        let mut rest: Vec<_> = std::mem::take(&mut self.order).into();
        let first = |batch: &Batch| batch.attempts.iter().map(|attempt| attempt.time).min();
        rest.sort_by_cached_key(|id| self.batches.get(id).and_then(first));
        for id in rest {
            self.emit(id, topics);
        }
        let last = self.last;
        let mut partitions: Vec<_> = self.partitions.into_values().collect();
        for partition in &mut partitions {
            partition.age_us = partition
                .since
                .map(|since| last.saturating_sub(since).div_euclid(1000));
        }
        partitions
            .sort_by_key(|each| std::cmp::Reverse((each.stuck, each.timeouts, each.attempts)));
        self.totals.partitions = partitions;
        self.totals
    }

    fn request(&mut self, event: &DecodedEvent<'_, '_>, message: &Message<'_>) {
        let Some(request) = event.body::<ProduceRequest<'_>>() else {
            return;
        };
        let (conn, client_id) = self.producer(event.connection, message);
        let mut sent = Vec::new();
        for data in &request.topic_data {
            let given: Arc<str> = Arc::from(&*data.name);
            let name = match event.topics.name(data.topic_id) {
                Some(name) if given.is_empty() => Arc::from(name),
                _ => Arc::clone(&given),
            };
            let topic = if name.is_empty() {
                Topic::Id(data.topic_id.to_u128())
            } else {
                Topic::Name(name)
            };
            for partition in &data.partition_data {
                let records = partition.records.as_deref().unwrap_or_default();
                for (identity, producer, count) in batches(records, &client_id) {
                    let key = Key {
                        topic: topic.clone(),
                        partition: partition.index,
                        identity,
                    };
                    let attempt = Attempt {
                        time: event.time,
                        conn: Arc::clone(&conn),
                        broker: event.connection.broker,
                        correlation_id: message.correlation_id,
                        outcome: if message.expects_response == Some(false) {
                            Outcome::NotExpected
                        } else {
                            Outcome::InFlight
                        },
                        latency: None,
                        is_late: false,
                    };
                    let topic_id = (!data.topic_id.is_zero()).then_some(data.topic_id);
                    let known = self.known(&key, topic_id);
                    if known.is_some_and(|id| self.is_relayed(id, &attempt)) {
                        continue;
                    }
                    let id = known.unwrap_or_else(|| {
                        self.add(Batch {
                            key,
                            topic_id,
                            producer,
                            records: count,
                            client_id: known_client(&client_id),
                            attempts: Vec::with_capacity(1),
                            left_out: 0,
                            in_flight: 0,
                            latest: i64::MIN,
                        })
                    });
                    sent.push(Sent {
                        batch: id,
                        attempt: self.attempt(id, attempt),
                        name: Arc::clone(&given),
                        id: data.topic_id,
                        partition: partition.index,
                    });
                }
            }
        }
        if message.expects_response != Some(false) {
            self.in_flight.insert(event.connection, message, sent);
        }
        self.limit(event.topics);
    }

    /// The name of a connection, and the id of the client on it.
    fn producer(&mut self, connection: &Connection, message: &Message<'_>) -> (Arc<str>, Arc<str>) {
        let client_id = message.client_id.unwrap_or_default();
        let producer = self.producers.entry(connection.id);
        let producer = producer.or_insert_with(|| Producer {
            conn: Arc::from(connection.name.as_str()),
            client_id: Arc::from(client_id),
        });
        if *producer.client_id != *client_id {
            producer.client_id = Arc::from(client_id);
        }
        (Arc::clone(&producer.conn), Arc::clone(&producer.client_id))
    }

    /// Follows a new batch. Returns its number.
    fn add(&mut self, batch: Batch) -> u64 {
        let id = self.next;
        self.next += 1;
        self.has_ids |= matches!(batch.key.topic, Topic::Id(_));
        self.by_key.insert(batch.key.clone(), id);
        self.order.push_back(id);
        self.batches.insert(id, batch);
        id
    }

    /// Adds an attempt to its batch. Returns its place there.
    fn attempt(&mut self, id: u64, attempt: Attempt) -> usize {
        let batch = self.batches.get_mut(&id).expect("keys are of batches");
        batch.in_flight += usize::from(attempt.outcome == Outcome::InFlight);
        batch.latest = batch.latest.max(attempt.time);
        if batch.attempts.len() < MAX_ATTEMPTS {
            self.attempts += 1;
            batch.attempts.push(attempt);
        } else if let Some(last) = batch.attempts.last_mut() {
            // What became of the attempt that is left out here is not known any more.
            batch.in_flight -= usize::from(last.outcome == Outcome::InFlight);
            batch.left_out += 1;
            *last = attempt;
        }
        batch.attempts.len() - 1
    }

    /// Returns `true` if the attempt is another one of the batch that is in flight to a proxy, seen again behind it.
    fn is_relayed(&self, id: u64, attempt: &Attempt) -> bool {
        self.batches.get(&id).is_some_and(|batch| {
            let is_near = attempt.time.saturating_sub(batch.latest) <= RELAY_NANOSECONDS;
            is_near
                && batch.attempts.iter().any(|each| {
                    // Before the answer, which may be known already: events of a connection wait until it is known to be Kafka's.
                    let is_before_answer = match each.latency {
                        Some(latency) => attempt.time < each.time.saturating_add(latency),
                        None => each.outcome == Outcome::InFlight,
                    };
                    is_before_answer
                        && each.correlation_id == attempt.correlation_id
                        && each.conn != attempt.conn
                        && attempt.time.abs_diff(each.time) <= RELAY_NANOSECONDS.unsigned_abs()
                })
        })
    }

    /// The batch with this key, or one whose topic was known by id alone when it was sent first.
    fn known(&self, key: &Key, topic_id: Option<Uuid>) -> Option<u64> {
        let by_id = || {
            let topic_id = topic_id.filter(|_| self.has_ids)?;
            let topic = Topic::Id(topic_id.to_u128());
            let key = Key {
                topic,
                ..key.clone()
            };
            self.by_key.get(&key)
        };
        self.by_key.get(key).or_else(by_id).copied()
    }

    fn response(&mut self, event: &DecodedEvent<'_, '_>, message: &Message<'_>) {
        let Some(sent) = self.in_flight.take(event.connection, message) else {
            return;
        };
        let response = event.body::<ProduceResponse<'_>>();
        let mut codes = HashMap::new();
        for topic in response.iter().flat_map(|response| &response.responses) {
            for partition in &topic.partition_responses {
                let key = (&*topic.name, topic.topic_id, partition.index);
                codes.entry(key).or_insert(partition.error_code);
            }
        }
        let is_late = closed_before(event.life, event.time);
        for sent in sent {
            let code = codes.get(&(&*sent.name, sent.id, sent.partition));
            let outcome = code.copied().map_or(Outcome::CutOff, Outcome::Answered);
            self.settle(&sent, outcome, message.latency, is_late);
        }
    }

    /// The requests in flight on a connection get no answer, or none that is known.
    fn open(&mut self, connection: &Connection, outcome: Outcome) {
        let open: Vec<_> = self.in_flight.end(connection).flatten().collect();
        for sent in open {
            self.settle(&sent, outcome, None, false);
        }
    }

    fn settle(&mut self, sent: &Sent, outcome: Outcome, latency: Option<i64>, is_late: bool) {
        let Some(batch) = self.batches.get_mut(&sent.batch) else {
            return;
        };
        if let Some(attempt) = batch.attempts.get_mut(sent.attempt)
            && attempt.outcome == Outcome::InFlight
        {
            attempt.outcome = outcome;
            attempt.latency = latency;
            attempt.is_late = is_late;
            batch.in_flight -= 1;
        }
    }

    /// Reports batches when there are too many, an eighth of them at a time: of the older half those that are settled,
    /// and then the oldest.
    fn limit(&mut self, topics: &TopicNames) {
        if self.batches.len() <= MAX_BATCHES && self.attempts <= MAX_ATTEMPTS_IN_ALL {
            return;
        }
        let kept = self.order.len() - self.order.len() / 8;
        let mut newer = self.order.split_off(self.order.len() / 2);
        let mut older = std::mem::take(&mut self.order);
        let mut count = older.len() + newer.len();
        older.retain(|id| {
            let is_settled = self.batches.get(id).is_some_and(Batch::is_settled);
            if is_settled && count > kept {
                count -= 1;
                self.emit(*id, topics);
                return false;
            }
            true
        });
        for id in older.drain(..count.saturating_sub(kept).min(older.len())) {
            self.emit(id, topics);
        }
        older.append(&mut newer);
        self.order = older;
    }

    fn emit(&mut self, id: u64, topics: &TopicNames) {
        let Some(batch) = self.batches.remove(&id) else {
            return;
        };
        self.by_key.remove(&batch.key);
        self.attempts -= batch.attempts.len();
        let (outcome, is_settled) = batch.outcome();
        self.count(&batch, &outcome, is_settled, topics);
        let is_plain = is_settled && batch.attempts.len() == 1 && batch.left_out == 0;
        if !is_plain || !self.is_selective {
            let report = self.reported(&batch, outcome, is_settled, topics);
            (self.report)(report);
        }
    }

    fn reported(
        &self,
        batch: &Batch,
        outcome: Cow<'static, str>,
        is_settled: bool,
        topics: &TopicNames,
    ) -> BatchReport {
        let (producer_id, producer_epoch, base_sequence) = batch.producer;
        let mut brokers: Vec<(SocketAddr, String)> = Vec::new();
        let mut broker = |address| match brokers.iter().find(|(known, _)| *known == address) {
            Some((_, broker)) => broker.clone(),
            None => {
                let broker = self.node(address);
                brokers.push((address, broker.clone()));
                broker
            }
        };
        BatchReport {
            topic: batch.topic(topics).as_deref().map(str::to_owned),
            topic_id: batch.topic_id.map(|id| id.to_string()),
            partition: batch.key.partition,
            producer_id,
            producer_epoch,
            base_sequence,
            records: batch.records,
            client_id: batch.client_id.as_deref().map(str::to_owned),
            attempts: batch
                .in_order()
                .into_iter()
                .map(|attempt| AttemptReport {
                    ts: Time(attempt.time),
                    conn: attempt.conn.to_string(),
                    broker: broker(attempt.broker),
                    correlation_id: attempt.correlation_id,
                    outcome: attempt.outcome.text().into_owned(),
                    latency_us: attempt.latency.map(|latency| latency.div_euclid(1000)),
                })
                .collect(),
            attempts_left_out: batch.left_out,
            outcome: outcome.into_owned(),
            may_be_twice: batch.may_be_twice(),
            is_settled,
        }
    }

    fn count(&mut self, batch: &Batch, outcome: &str, is_settled: bool, topics: &TopicNames) {
        let totals = &mut self.totals;
        let attempts = batch.attempts.len() as u64 + batch.left_out;
        totals.batches += 1;
        totals.attempts += attempts;
        totals.batches_retried += u64::from(attempts > 1);
        totals.retries += attempts - 1;
        totals.most_attempts = totals.most_attempts.max(attempts);
        totals.may_be_twice += u64::from(batch.may_be_twice());
        add_one(&mut totals.by_final_outcome, outcome);
        let in_order = batch.in_order();
        for (i, attempt) in in_order.iter().enumerate() {
            let outcome = attempt.outcome.text();
            add_one(&mut totals.by_attempt_outcome, &outcome);
            if i + 1 < in_order.len() {
                add_one(&mut totals.retries_by_cause, &outcome);
            }
        }
        let key = (batch.topic(topics), batch.key.partition);
        if self.partitions.len() >= MAX_PARTITIONS && !self.partitions.contains_key(&key) {
            totals.other_partitions += 1;
            return;
        }
        let topic = key.0.clone();
        let partition = self
            .partitions
            .entry(key)
            .or_insert_with(|| PartitionReport {
                topic: topic.as_deref().map(str::to_owned),
                partition: batch.key.partition,
                batches: 0,
                attempts: 0,
                timeouts: 0,
                stuck: 0,
                age_us: None,
                since: None,
            });
        let timed_out = |outcome: Outcome| {
            outcome == Outcome::Answered(ErrorCode::REQUEST_TIMED_OUT)
                || matches!(outcome, Outcome::Unanswered(_))
        };
        let timeouts = batch.attempts.iter().filter(|each| timed_out(each.outcome));
        let timeouts = timeouts.count() as u64;
        partition.batches += 1;
        partition.attempts += attempts;
        partition.timeouts += timeouts;
        partition.stuck += u64::from(!is_settled);
        if timeouts > 0 || !is_settled {
            let first = in_order.first().map(|attempt| attempt.time);
            partition.since = match (partition.since, first) {
                (Some(since), Some(first)) => Some(since.min(first)),
                (since, first) => since.or(first),
            };
        }
    }

    /// The number of a broker, if it is known from metadata, or else its address.
    fn node(&self, broker: SocketAddr) -> String {
        let port = i32::from(broker.port());
        let by_address = self.nodes.get(&(broker.ip().to_string(), port));
        let by_port = || {
            let mut named = self
                .nodes
                .iter()
                .filter(|((host, each), _)| *each == port && host.parse::<IpAddr>().is_err());
            let (_, id) = named.next()?;
            named.all(|(_, other)| other == id).then_some(id)
        };
        let node = by_address.or_else(by_port);
        node.map_or_else(|| broker.to_string(), ToString::to_string)
    }
}

/// Returns `true` if the client had closed its connection by then.
fn closed_before(life: &Life, time: i64) -> bool {
    life.client_closed().is_some_and(|closed| closed < time)
}

/// The client id of a batch; empty ones say nothing.
fn known_client(client_id: &Arc<str>) -> Option<Arc<str>> {
    known(client_id).map(|_| Arc::clone(client_id))
}

fn add_one(counts: &mut BTreeMap<String, u64>, name: &str) {
    match counts.get_mut(name) {
        Some(count) => *count += 1,
        None => drop(counts.insert(name.to_owned(), 1)),
    }
}

impl Sink for Produce {
    fn event(&mut self, event: &Event<'_>) {
        self.decoded(&DecodedEvent::new(event));
    }

    fn hidden(&mut self, event: &Event<'_>) {
        // What brokers say tells of the batches that are followed: that an answer was not captured, and brokers' numbers.
        if event.direction == Direction::ToClient {
            self.decoded(&DecodedEvent::new(event));
        }
    }

    fn end(&mut self, end: &End<'_>) {
        let ending = end.life.endings().next();
        let outcome = Outcome::Unanswered(ending.map(|each| (each.by_client, each.kind)));
        self.open(end.connection, outcome);
        if self.producers.remove(&end.connection.id).is_some() {
            self.totals.tcp_retransmissions += end.life.client().retransmissions;
        }
    }
}
