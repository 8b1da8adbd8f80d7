//! The fate of every batch of records, over all attempts to send it.

mod batch;
mod report;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use kafka_codec::messages::{MetadataResponse, ProduceRequest, ProduceResponse};
use kafka_codec::wire::Uuid;
use kafka_codec::{ApiKey, ErrorCode};

use self::batch::{Attempt, Batch, Key, Outcome, Topic, batches};
use self::report::{AttemptReport, PartitionReport};
use super::open::InFlight;
use super::{body, known, timestamp};
use crate::event::{Connection, Direction, End, Event, EventKind, Life, Message};
use crate::output::Sink;
use crate::topic_names::TopicNames;

pub use self::report::{BatchReport, ProduceTotals};

/// How many batches are followed at a time. Beyond that the oldest is reported, acknowledged ones first.
const MAX_BATCHES: usize = 40_000;
/// How soon a proxy passes a request on.
const RELAY_NANOSECONDS: u64 = 50_000_000;
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
    batches: HashMap<u64, Batch>,
    by_key: HashMap<Key, u64>,
    order: VecDeque<u64>,
    next: u64,
    /// How many attempts are kept of all batches.
    attempts: usize,
    in_flight: InFlight<Vec<Sent>>,
    conns: HashMap<u64, Arc<str>>,
    nodes: HashMap<(String, i32), i32>,
    report: Box<dyn FnMut(BatchReport)>,
    totals: ProduceTotals,
    partitions: BTreeMap<(Option<String>, i32), PartitionReport>,
    last: i64,
}

impl std::fmt::Debug for Produce {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Produce")
            .field("totals", &self.totals)
            .finish_non_exhaustive()
    }
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
            batches: HashMap::new(),
            by_key: HashMap::new(),
            order: VecDeque::new(),
            next: 0,
            attempts: 0,
            in_flight: InFlight::default(),
            conns: HashMap::new(),
            nodes: HashMap::new(),
            report: Box::new(report),
            totals: ProduceTotals::default(),
            partitions: BTreeMap::new(),
            last: i64::MIN,
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

    fn request(&mut self, event: &Event<'_>, message: &Message<'_>) {
        let Some(request) = body::<ProduceRequest<'_>>(message) else {
            return;
        };
        let conn = self
            .conns
            .entry(event.connection.id)
            .or_insert_with(|| Arc::from(event.connection.name.as_str()));
        let conn = Arc::clone(conn);
        let client_id: Arc<str> = Arc::from(message.client_id.unwrap_or_default());
        let mut sent = Vec::new();
        for data in &request.topic_data {
            let name: Arc<str> = match event.topics.name(data.topic_id) {
                Some(name) if data.name.is_empty() => Arc::from(name),
                _ => Arc::from(&*data.name),
            };
            let topic = if name.is_empty() {
                Topic::Id(data.topic_id.to_u128())
            } else {
                Topic::Name(Arc::clone(&name))
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
                    let id = (!data.topic_id.is_zero()).then_some(data.topic_id);
                    if self.is_relayed(&key, id, &attempt) {
                        continue;
                    }
                    let (batch, attempt) =
                        self.attempt(key, id, producer, count, &client_id, attempt);
                    sent.push(Sent {
                        batch,
                        attempt,
                        name: Arc::from(&*data.name),
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

    /// Adds an attempt to its batch, which is a new one unless it was sent before.
    fn attempt(
        &mut self,
        key: Key,
        topic_id: Option<Uuid>,
        producer: (i64, i16, i32),
        records: i64,
        client_id: &Arc<str>,
        attempt: Attempt,
    ) -> (u64, usize) {
        let id = match self.known(&key, topic_id) {
            Some(id) => id,
            None => {
                let id = self.next;
                self.next += 1;
                self.by_key.insert(key.clone(), id);
                self.order.push_back(id);
                let batch = Batch {
                    key,
                    topic_id,
                    producer,
                    records,
                    client_id: known(client_id).map(Arc::from),
                    attempts: Vec::with_capacity(1),
                    left_out: 0,
                    in_flight: 0,
                };
                self.batches.insert(id, batch);
                id
            }
        };
        let batch = self.batches.get_mut(&id).expect("keys are of batches");
        batch.in_flight += usize::from(attempt.outcome == Outcome::InFlight);
        if batch.attempts.len() < MAX_ATTEMPTS {
            self.attempts += 1;
            batch.attempts.push(attempt);
        } else if let Some(last) = batch.attempts.last_mut() {
            // What became of the attempt that is left out here is not known any more.
            batch.in_flight -= usize::from(last.outcome == Outcome::InFlight);
            batch.left_out += 1;
            *last = attempt;
        }
        (id, batch.attempts.len() - 1)
    }

    /// Returns `true` if the attempt is another one that is in flight to a proxy, seen again behind it.
    fn is_relayed(&self, key: &Key, topic_id: Option<Uuid>, attempt: &Attempt) -> bool {
        let batch = self
            .known(key, topic_id)
            .and_then(|id| self.batches.get(&id));
        batch.is_some_and(|batch| {
            batch.attempts.iter().any(|each| {
                // Before the answer, which may be known already: events of a connection wait until it is known to be Kafka's.
                let is_before_answer = match each.latency {
                    Some(latency) => attempt.time < each.time.saturating_add(latency),
                    None => each.outcome == Outcome::InFlight,
                };
                is_before_answer
                    && each.correlation_id == attempt.correlation_id
                    && each.conn != attempt.conn
                    && attempt.time.abs_diff(each.time) <= RELAY_NANOSECONDS
            })
        })
    }

    /// The batch with this key, or one whose topic was known by id alone when it was sent first.
    fn known(&self, key: &Key, topic_id: Option<Uuid>) -> Option<u64> {
        let by_id = || {
            let topic = Topic::Id(topic_id?.to_u128());
            let key = Key {
                topic,
                ..key.clone()
            };
            self.by_key.get(&key)
        };
        self.by_key.get(key).or_else(by_id).copied()
    }

    fn response(&mut self, event: &Event<'_>, message: &Message<'_>) {
        let Some(sent) = self.in_flight.take(event.connection, message) else {
            return;
        };
        let response = body::<ProduceResponse<'_>>(message);
        let is_late = closed_before(event.life, event.time);
        for sent in sent {
            let code = response.as_ref().and_then(|response| {
                let mut topics = response.responses.iter();
                let topic =
                    topics.find(|each| each.name == *sent.name && each.topic_id == sent.id)?;
                let mut partitions = topic.partition_responses.iter();
                partitions
                    .find(|each| each.index == sent.partition)
                    .map(|each| each.error_code)
            });
            let outcome = code.map_or(Outcome::CutOff, Outcome::Answered);
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
        let report = self.reported(&batch, topics);
        self.count(&batch, &report);
        (self.report)(report);
    }

    fn reported(&self, batch: &Batch, topics: &TopicNames) -> BatchReport {
        let topic = match &batch.key.topic {
            Topic::Name(name) => Some(name.to_string()),
            Topic::Id(id) => topics.name(Uuid::from_u128(*id)).map(str::to_owned),
        };
        let (outcome, is_settled) = batch.outcome();
        let (producer_id, producer_epoch, base_sequence) = batch.producer;
        BatchReport {
            topic,
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
                    ts: timestamp(attempt.time),
                    conn: attempt.conn.to_string(),
                    broker: self.node(attempt.broker),
                    correlation_id: attempt.correlation_id,
                    outcome: attempt.outcome.text(),
                    latency_us: attempt.latency.map(|latency| latency.div_euclid(1000)),
                    time: attempt.time,
                })
                .collect(),
            attempts_left_out: batch.left_out,
            outcome,
            may_be_twice: batch.may_be_twice(),
            is_settled,
        }
    }

    fn count(&mut self, batch: &Batch, report: &BatchReport) {
        let totals = &mut self.totals;
        let attempts = report.attempts.len() as u64 + batch.left_out;
        totals.batches += 1;
        totals.attempts += attempts;
        totals.batches_retried += u64::from(attempts > 1);
        totals.retries += attempts - 1;
        totals.most_attempts = totals.most_attempts.max(attempts);
        totals.may_be_twice += u64::from(report.may_be_twice);
        *totals
            .by_final_outcome
            .entry(report.outcome.clone())
            .or_default() += 1;
        for (i, attempt) in report.attempts.iter().enumerate() {
            let outcome = &attempt.outcome;
            *totals
                .by_attempt_outcome
                .entry(outcome.clone())
                .or_default() += 1;
            if i + 1 < report.attempts.len() {
                *totals.retries_by_cause.entry(outcome.clone()).or_default() += 1;
            }
        }
        let key = (report.topic.clone(), report.partition);
        if self.partitions.len() >= MAX_PARTITIONS && !self.partitions.contains_key(&key) {
            totals.other_partitions += 1;
            return;
        }
        let partition = self
            .partitions
            .entry(key)
            .or_insert_with(|| PartitionReport {
                topic: report.topic.clone(),
                partition: report.partition,
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
        partition.stuck += u64::from(report.is_stuck());
        if timeouts > 0 || report.is_stuck() {
            let first = report.attempts.first().map(|attempt| attempt.time);
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

impl Sink for Produce {
    fn event(&mut self, event: &Event<'_>) {
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
                if let Some(metadata) = body::<MetadataResponse<'_>>(message) {
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

    fn end(&mut self, end: &End<'_>) {
        let ending = end.life.endings().next();
        let outcome = Outcome::Unanswered(ending.map(|each| (each.by_client, each.kind)));
        self.open(end.connection, outcome);
        if self.conns.remove(&end.connection.id).is_some() {
            self.totals.tcp_retransmissions += end.life.client().retransmissions;
        }
    }
}
