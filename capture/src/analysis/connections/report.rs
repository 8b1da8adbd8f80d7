//! Connections as they are written.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::sync::Arc;

use kafka_codec::ApiKey;
use serde::Serialize;

use super::super::Time;
use super::super::latency::{Budget, Distribution, Percentiles};
use super::cause::Cause;
use super::context::Context;
use super::decide::{decide, ending_name};
use super::record::Record;

/// How many brokers' idle limits and how many clients are summed up.
const MAX_LISTED: usize = 1000;

/// The connections of a capture.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ConnectionsDocument {
    connections: Vec<ConnectionReport>,
    causes: Vec<CauseCount>,
    churn: Vec<Churn>,
    idle_limits: Vec<IdleLimit>,
    /// Causes of connections that are not listed, since there are too many.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    others: BTreeMap<&'static str, u64>,
}

impl ConnectionsDocument {
    /// Takes the connections out of the document, which keeps what all of them come to.
    #[cfg(feature = "report")]
    pub(crate) fn take_connections(&mut self) -> Vec<ConnectionReport> {
        std::mem::take(&mut self.connections)
    }

    /// Returns the connections, in the order in which they were opened.
    #[must_use]
    pub fn connections(&self) -> &[ConnectionReport] {
        &self.connections
    }
}

/// A connection.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ConnectionReport {
    pub(crate) conn: String,
    pub(crate) opened: Time,
    pub(crate) closed: Option<Time>,
    pub(crate) cause: Cause,
    pub(crate) because: String,
    pub(crate) ended_by: Option<&'static str>,
    advice: Option<&'static str>,
    pub(crate) client_id: Option<Arc<str>>,
    software: Option<String>,
    user: Option<Arc<str>>,
    pub(crate) tls: Option<String>,
    pub(crate) requests: u64,
    responses: u64,
    pub(crate) unanswered: Vec<Unanswered>,
    max_in_flight: usize,
    #[serde(rename = "setupUs")]
    setup: Setup,
    idle_before_end_us: Option<i64>,
    longest_idle_us: i64,
    reauthentications: u64,
    retransmissions: u64,
    client_bytes: u64,
    broker_bytes: u64,
    #[serde(skip)]
    broker: SocketAddr,
    #[serde(skip)]
    life: i64,
    #[serde(skip)]
    ending_packet: Option<u64>,
}

impl ConnectionReport {
    /// Returns what ended the connection.
    #[must_use]
    pub const fn cause(&self) -> Cause {
        self.cause
    }

    /// Returns how that is known.
    #[must_use]
    pub fn because(&self) -> &str {
        &self.because
    }

    /// Returns the number of the packet that ended it, if one did.
    #[must_use]
    pub const fn ending_packet(&self) -> Option<u64> {
        self.ending_packet
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Unanswered {
    pub(crate) api: String,
    version: i16,
    correlation_id: i32,
    /// Negative if it was sent after the end.
    pub(crate) age_us: i64,
    sent: Time,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Setup {
    tcp: Option<i64>,
    tls: Option<i64>,
    api_versions: Option<i64>,
    sasl: Option<i64>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct CauseCount {
    cause: Cause,
    connections: u64,
    advice: &'static str,
    clients: BTreeMap<String, u64>,
    brokers: BTreeMap<String, u64>,
}

/// How often a client opens connections.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Churn {
    client_id: Option<String>,
    connections: u64,
    life_us: Percentiles,
}

/// After how much silence a broker closes connections.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct IdleLimit {
    broker: String,
    closed_by: &'static str,
    connections: u64,
    silence_us: Percentiles,
}

pub(super) fn document(
    mut records: Vec<Record>,
    context: &Context,
    others: HashMap<Cause, u64>,
    last: i64,
) -> ConnectionsDocument {
    records.retain(|record| context.is_listed(record));
    records.sort_by_key(|record| (record.life.first(), record.id));
    let connections: Vec<_> = records
        .into_iter()
        .map(|record| report(record, context, last))
        .collect();
    ConnectionsDocument {
        causes: causes(&connections),
        churn: churn(&connections),
        idle_limits: idle_limits(&connections),
        connections,
        others: others
            .into_iter()
            .map(|(cause, count)| (cause.name(), count))
            .collect(),
    }
}

fn report(record: Record, context: &Context, last: i64) -> ConnectionReport {
    let (cause, because) = decide(&record, context, last);
    let ending = record.ending();
    let (life, live) = (&record.life, &record.live);
    let end = ending.map_or(last, |ending| ending.time);
    let microseconds = |nanoseconds: i64| nanoseconds.div_euclid(1000);
    let identity = &live.identity;
    let is_tls = super::context::is_tls(life.client().first_bytes(), &[0x16]);
    ConnectionReport {
        opened: Time(life.first()),
        closed: ending.map(|ending| Time(ending.time)),
        cause,
        because,
        ended_by: ending.map(ending_name),
        advice: Some(cause.advice()).filter(|advice| !advice.is_empty()),
        client_id: identity.client_id.clone(),
        software: identity
            .software
            .as_ref()
            .map(|(name, version)| format!("{name} {version}").trim_end().to_owned()),
        user: identity.user.clone(),
        tls: live.tls.clone(),
        requests: live.requests,
        responses: live.responses,
        unanswered: live
            .in_flight
            .iter()
            .map(|flight| Unanswered {
                api: api_name(flight.api),
                version: flight.version,
                correlation_id: flight.correlation_id,
                age_us: microseconds(end.saturating_sub(flight.sent)),
                sent: Time(flight.sent),
            })
            .collect(),
        max_in_flight: live.max_in_flight,
        setup: Setup {
            tcp: life.handshake().map(microseconds),
            tls: match (is_tls, live.first_request, life.client().first_data) {
                (true, Some(request), Some(hello)) => {
                    Some(microseconds(request.saturating_sub(hello)))
                }
                _ => None,
            },
            api_versions: live.api_versions.map(microseconds),
            sasl: match (live.sasl.begun, live.sasl.first_authenticated) {
                (Some(begun), Some(done)) => Some(microseconds(done.saturating_sub(begun))),
                _ => None,
            },
        },
        idle_before_end_us: ending.map(|_| microseconds(record.silence())),
        longest_idle_us: microseconds(live.longest_idle),
        reauthentications: live.sasl.again,
        retransmissions: life.client().retransmissions + life.broker().retransmissions,
        client_bytes: life.client().bytes,
        broker_bytes: life.broker().bytes,
        broker: record.broker,
        life: end.saturating_sub(life.first()),
        ending_packet: ending.map(|ending| ending.packet),
        conn: record.conn,
    }
}

fn api_name(key: i16) -> String {
    let name = ApiKey::from_number(key).name();
    name.map_or_else(|| key.to_string(), str::to_owned)
}

fn causes(connections: &[ConnectionReport]) -> Vec<CauseCount> {
    type Counts<K> = BTreeMap<K, u64>;
    fn add<K: Ord>(counts: &mut Counts<K>, key: K) {
        if counts.len() < MAX_LISTED || counts.contains_key(&key) {
            *counts.entry(key).or_default() += 1;
        }
    }
    let mut causes: BTreeMap<Cause, (u64, Counts<&str>, Counts<SocketAddr>)> = BTreeMap::new();
    for each in connections {
        let (count, clients, brokers) = causes.entry(each.cause).or_default();
        *count += 1;
        add(clients, each.client_id.as_deref().unwrap_or_default());
        add(brokers, each.broker);
    }
    let causes = causes.into_iter();
    let mut causes: Vec<_> = causes
        .map(|(cause, (connections, clients, brokers))| CauseCount {
            cause,
            connections,
            advice: cause.advice(),
            clients: named(clients),
            brokers: named(brokers),
        })
        .collect();
    causes.sort_by_key(|each| std::cmp::Reverse(each.connections));
    causes
}

fn named<K: ToString>(counts: BTreeMap<K, u64>) -> BTreeMap<String, u64> {
    let counts = counts.into_iter();
    counts
        .map(|(key, count)| (key.to_string(), count))
        .collect()
}

fn churn(connections: &[ConnectionReport]) -> Vec<Churn> {
    let mut clients: BTreeMap<Option<&str>, Distribution> = BTreeMap::new();
    for each in connections {
        let key = each.client_id.as_deref();
        if clients.len() < MAX_LISTED || clients.contains_key(&key) {
            let lives = clients.entry(key).or_default();
            lives.record(each.life, &mut Budget(1));
        }
    }
    let mut churn: Vec<_> = clients
        .into_iter()
        .map(|(client_id, lives)| {
            let life_us = lives.percentiles();
            Churn {
                client_id: client_id.map(str::to_owned),
                connections: life_us.count,
                life_us,
            }
        })
        .collect();
    churn.sort_by_key(|each| std::cmp::Reverse(each.connections));
    churn
}

fn idle_limits(connections: &[ConnectionReport]) -> Vec<IdleLimit> {
    let mut brokers: BTreeMap<(SocketAddr, &'static str), Distribution> = BTreeMap::new();
    for each in connections {
        let by = match each.cause {
            Cause::IdleBroker => "broker",
            Cause::IdleClient => "client",
            _ => continue,
        };
        let key = (each.broker, by);
        if brokers.len() < MAX_LISTED || brokers.contains_key(&key) {
            let silence = each.idle_before_end_us.unwrap_or_default();
            let silences = brokers.entry(key).or_default();
            silences.record(silence.saturating_mul(1000), &mut Budget(1));
        }
    }
    let brokers = brokers
        .into_iter()
        .map(|((broker, by), silences)| ((broker.to_string(), by), silences));
    // In the order of their names.
    let brokers: BTreeMap<_, _> = brokers.collect();
    let limits = brokers.into_iter().map(|((broker, closed_by), silences)| {
        let silence_us = silences.percentiles();
        IdleLimit {
            broker,
            closed_by,
            connections: silence_us.count,
            silence_us,
        }
    });
    limits.collect()
}
