//! Sums over all connections, those that are not listed included: causes, clients, idle limits.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use serde::Serialize;

use super::super::latency::{Budget, Distribution, Percentiles};
use super::cause::Cause;
use super::report::ConnectionReport;

/// How many brokers' idle limits and how many clients are summed up.
const MAX_LISTED: usize = 1000;

/// Sums over connections.
#[derive(Debug, Default)]
pub(super) struct Sums {
    causes: BTreeMap<Cause, OfCause>,
    lives: BTreeMap<Option<Arc<str>>, Distribution>,
    silences: BTreeMap<(SocketAddr, &'static str), Distribution>,
}

#[derive(Debug, Default)]
struct OfCause {
    connections: u64,
    clients: BTreeMap<Arc<str>, u64>,
    brokers: BTreeMap<SocketAddr, u64>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CauseCount {
    cause: Cause,
    connections: u64,
    advice: &'static str,
    clients: BTreeMap<String, u64>,
    brokers: BTreeMap<String, u64>,
}

/// How often a client opens connections.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Churn {
    client_id: Option<String>,
    connections: u64,
    life_us: Percentiles,
}

/// After how much silence a broker closes connections.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct IdleLimit {
    broker: String,
    closed_by: &'static str,
    connections: u64,
    silence_us: Percentiles,
}

/// The value of a key in a map that does not grow without bound.
fn limited<K: Ord, V: Default>(map: &mut BTreeMap<K, V>, key: K) -> Option<&mut V> {
    if map.len() >= MAX_LISTED && !map.contains_key(&key) {
        return None;
    }
    Some(map.entry(key).or_default())
}

fn add<K: Ord>(counts: &mut BTreeMap<K, u64>, key: K) {
    if let Some(count) = limited(counts, key) {
        *count += 1;
    }
}

impl Sums {
    /// Adds a connection.
    pub(super) fn add(&mut self, each: &ConnectionReport) {
        let of_cause = self.causes.entry(each.cause).or_default();
        of_cause.connections += 1;
        let client = each.client_id.clone();
        add(&mut of_cause.clients, client.clone().unwrap_or_default());
        add(&mut of_cause.brokers, each.broker);
        if let Some(lives) = limited(&mut self.lives, client) {
            lives.record(each.life, &mut Budget(1));
        }
        let by = match each.cause {
            Cause::IdleBroker => "broker",
            Cause::IdleClient => "client",
            _ => return,
        };
        if let Some(silences) = limited(&mut self.silences, (each.broker, by)) {
            let silence = each.idle_before_end_us.unwrap_or_default();
            silences.record(silence.saturating_mul(1000), &mut Budget(1));
        }
    }

    /// The causes, the most frequent first.
    pub(super) fn causes(&self) -> Vec<CauseCount> {
        let causes = self.causes.iter();
        let mut causes: Vec<_> = causes
            .map(|(cause, of_cause)| CauseCount {
                cause: *cause,
                connections: of_cause.connections,
                advice: cause.advice(),
                clients: named(&of_cause.clients),
                brokers: named(&of_cause.brokers),
            })
            .collect();
        causes.sort_by_key(|each| std::cmp::Reverse(each.connections));
        causes
    }

    /// The clients, those with most connections first.
    pub(super) fn churn(&self) -> Vec<Churn> {
        let lives = self.lives.iter();
        let mut churn: Vec<_> = lives
            .map(|(client_id, lives)| {
                let life_us = lives.percentiles();
                Churn {
                    client_id: client_id.as_deref().map(str::to_owned),
                    connections: life_us.count,
                    life_us,
                }
            })
            .collect();
        churn.sort_by_key(|each| std::cmp::Reverse(each.connections));
        churn
    }

    /// The idle limits, in the order of the brokers' names.
    pub(super) fn idle_limits(&self) -> Vec<IdleLimit> {
        let silences = self.silences.iter();
        let silences: BTreeMap<_, _> = silences
            .map(|((broker, by), silences)| ((broker.to_string(), *by), silences))
            .collect();
        let limits = silences.into_iter().map(|((broker, closed_by), silences)| {
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
}

fn named<K: ToString>(counts: &BTreeMap<K, u64>) -> BTreeMap<String, u64> {
    let counts = counts.iter();
    counts
        .map(|(key, count)| (key.to_string(), *count))
        .collect()
}
