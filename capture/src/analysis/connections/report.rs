//! Connections as they are written.

use std::collections::{BTreeMap, HashMap};

use kafka_codec::ApiKey;
use serde::Serialize;

use super::super::latency::{Budget, Distribution, Percentiles};
use super::super::timestamp;
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
    conn: String,
    opened: String,
    closed: Option<String>,
    cause: Cause,
    because: String,
    ended_by: Option<&'static str>,
    advice: Option<&'static str>,
    client_id: Option<String>,
    software: Option<String>,
    user: Option<String>,
    tls: Option<String>,
    requests: u64,
    responses: u64,
    unanswered: Vec<Unanswered>,
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
    broker: String,
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
struct Unanswered {
    api: String,
    version: i16,
    correlation_id: i32,
    age_us: i64,
    sent: String,
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
        .iter()
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

fn report(record: &Record, context: &Context, last: i64) -> ConnectionReport {
    let (cause, because) = decide(record, context, last);
    let ending = record.ending();
    let (life, live) = (&record.life, &record.live);
    let end = ending.map_or(last, |ending| ending.time);
    let microseconds = |nanoseconds: i64| nanoseconds.div_euclid(1000);
    let identity = &live.identity;
    let is_tls = super::context::is_tls(life.client().first_bytes(), &[0x16]);
    ConnectionReport {
        conn: record.conn.clone(),
        opened: timestamp(life.first()),
        closed: ending.map(|ending| timestamp(ending.time)),
        cause,
        because,
        ended_by: ending.map(ending_name),
        advice: Some(cause.advice()).filter(|advice| !advice.is_empty()),
        client_id: identity.client_id.as_deref().map(str::to_owned),
        software: identity
            .software
            .as_ref()
            .map(|(name, version)| format!("{name} {version}").trim_end().to_owned()),
        user: identity.user.as_deref().map(str::to_owned),
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
                sent: timestamp(flight.sent),
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
        broker: record.broker.to_string(),
        life: end.saturating_sub(life.first()),
        ending_packet: ending.map(|ending| ending.packet),
    }
}

fn api_name(key: i16) -> String {
    let name = ApiKey::from_number(key).name();
    name.map_or_else(|| key.to_string(), str::to_owned)
}

fn causes(connections: &[ConnectionReport]) -> Vec<CauseCount> {
    let mut causes: BTreeMap<Cause, CauseCount> = BTreeMap::new();
    for each in connections {
        let count = causes.entry(each.cause).or_insert_with(|| CauseCount {
            cause: each.cause,
            connections: 0,
            advice: each.cause.advice(),
            clients: BTreeMap::new(),
            brokers: BTreeMap::new(),
        });
        count.connections += 1;
        let client = each.client_id.clone().unwrap_or_default();
        for (counts, key) in [
            (&mut count.clients, client),
            (&mut count.brokers, each.broker.clone()),
        ] {
            if counts.len() < MAX_LISTED || counts.contains_key(&key) {
                *counts.entry(key).or_default() += 1;
            }
        }
    }
    let mut causes: Vec<_> = causes.into_values().collect();
    causes.sort_by_key(|each| std::cmp::Reverse(each.connections));
    causes
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
    let mut brokers: BTreeMap<(&str, &'static str), Distribution> = BTreeMap::new();
    for each in connections {
        let by = match each.cause {
            Cause::IdleBroker => "broker",
            Cause::IdleClient => "client",
            _ => continue,
        };
        let key = (each.broker.as_str(), by);
        if brokers.len() < MAX_LISTED || brokers.contains_key(&key) {
            let silence = each.idle_before_end_us.unwrap_or_default();
            let silences = brokers.entry(key).or_default();
            silences.record(silence.saturating_mul(1000), &mut Budget(1));
        }
    }
    let limits = brokers.into_iter().map(|((broker, closed_by), silences)| {
        let silence_us = silences.percentiles();
        IdleLimit {
            broker: broker.to_owned(),
            closed_by,
            connections: silence_us.count,
            silence_us,
        }
    });
    limits.collect()
}
