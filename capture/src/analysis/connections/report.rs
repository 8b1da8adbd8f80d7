//! Connections as they are written.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use kafka_codec::ApiKey;
use serde::Serialize;

use super::super::Time;
#[cfg(feature = "report")]
use super::alike::{Alike, Kinds};
use super::cause::Cause;
use super::context::Context;
use super::decide::{decide, ending_name};
use super::record::Record;
use super::sums::{CauseCount, Churn, IdleLimit, Sums};

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
    #[cfg(feature = "report")]
    #[serde(skip)]
    alike: Vec<Alike>,
}

/// Connections that were decided early, since there are too many, and are not listed.
#[derive(Debug, Default)]
pub(super) struct Early {
    causes: BTreeMap<&'static str, u64>,
    sums: Sums,
    #[cfg(feature = "report")]
    kinds: Kinds,
}

impl Early {
    /// Decides what ended a connection.
    pub(super) fn add(&mut self, record: Record, context: &Context, last: i64) {
        let report = report(record, context, last);
        *self.causes.entry(report.cause.name()).or_default() += 1;
        self.sums.add(&report);
        #[cfg(feature = "report")]
        self.kinds.add(report);
    }
}

impl ConnectionsDocument {
    /// Takes the connections out of the document, which keeps what all of them come to.
    #[cfg(feature = "report")]
    pub(crate) fn take_connections(&mut self) -> Vec<ConnectionReport> {
        std::mem::take(&mut self.connections)
    }

    /// Takes the connections that are not listed out of the document, those that are alike as one.
    #[cfg(feature = "report")]
    pub(crate) fn take_alike(&mut self) -> Vec<Alike> {
        std::mem::take(&mut self.alike)
    }

    /// Returns the connections, in the order in which they were opened.
    #[must_use]
    pub fn connections(&self) -> &[ConnectionReport] {
        &self.connections
    }

    /// Returns how many connections each cause ended that are not listed, since there are too many.
    #[must_use]
    pub const fn others(&self) -> &BTreeMap<&'static str, u64> {
        &self.others
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
    pub(super) idle_before_end_us: Option<i64>,
    longest_idle_us: i64,
    reauthentications: u64,
    retransmissions: u64,
    client_bytes: u64,
    broker_bytes: u64,
    #[serde(skip)]
    pub(super) broker: SocketAddr,
    #[serde(skip)]
    pub(super) life: i64,
    #[serde(skip)]
    ending_packet: Option<u64>,
}

impl ConnectionReport {
    /// Returns what ended the connection.
    #[must_use]
    pub const fn cause(&self) -> Cause {
        self.cause
    }

    /// Returns `true` if the broker's side answered the SYN.
    #[cfg(feature = "report")]
    pub(crate) const fn is_accepted(&self) -> bool {
        self.setup.tcp.is_some()
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

pub(super) fn document(
    mut records: Vec<Record>,
    context: &Context,
    mut early: Early,
    last: i64,
) -> ConnectionsDocument {
    records.retain(|record| context.is_listed(record));
    records.sort_by_key(|record| (record.life.first(), record.id));
    let connections: Vec<_> = records
        .into_iter()
        .map(|record| report(record, context, last))
        .collect();
    for connection in &connections {
        early.sums.add(connection);
    }
    ConnectionsDocument {
        causes: early.sums.causes(),
        churn: early.sums.churn(),
        idle_limits: early.sums.idle_limits(),
        connections,
        others: early.causes,
        #[cfg(feature = "report")]
        alike: early.kinds.into_all(),
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
