//! The data of a report: the documents of the analyses, and typed views of what findings and charts need of them.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde::Deserialize;
use serde::Serialize;
use serde_json::Value;

use super::tables::MAX_ROWS;
use crate::analysis::{
    Alike, BatchReport, ConnectionReport, ConnectionsDocument, GroupReport, GroupsDocument,
    WaitsDocument,
};
use crate::counts::Counts;
use crate::length::u64_of;

/// All that is known of a capture.
#[derive(Debug)]
pub(super) struct Data {
    /// The times of the first and last packets, in nanoseconds since 1970.
    pub(super) from: i64,
    pub(super) to: i64,
    pub(super) counts: Counts,
    /// As `kafka-capture summary` (without its connections), `connections` and `produce` write them.
    pub(super) summary: Value,
    /// Of the connections themselves, those that are listed in the page.
    pub(super) connections: Value,
    pub(super) connections_left_out: u64,
    /// What is listed of groups, by the name of the list.
    pub(super) groups: BTreeMap<&'static str, Listed>,
    pub(super) totals: Value,
    pub(super) batches: Listed,
    pub(super) batches_left_out: u64,
    pub(super) waits: WaitsDocument,
    pub(super) views: Views,
}

/// The rows of a table, as many as the page shows.
#[derive(Debug, Default)]
pub(super) struct Listed {
    pub(super) rows: Vec<Value>,
    pub(super) left_out: u64,
}

/// What findings and charts need of the documents.
#[derive(Debug, Default)]
pub(super) struct Views {
    pub(super) summary: Summary,
    pub(super) connections: Vec<Connection>,
    /// Those that are not listed, since there are too many.
    pub(super) alike: Vec<Connection>,
    pub(super) batches: Vec<BatchReport>,
    pub(super) totals: Totals,
    pub(super) groups: Vec<GroupReport>,
    /// Numbers of brokers, by address.
    pub(super) nodes: HashMap<String, String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Summary {
    pub(super) by_api: Vec<ByApi>,
    pub(super) by_client: Vec<ByClient>,
    pub(super) by_client_and_api: Vec<ByClientAndApi>,
    pub(super) by_user: Vec<ByUser>,
    pub(super) by_topic: Vec<ByTopic>,
    pub(super) errors: Vec<ErrorCount>,
    pub(super) latency_parts: Vec<LatencyParts>,
    pub(super) refused_by_newest: Vec<Refused>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ByApi {
    pub(super) api: String,
    pub(super) responses: u64,
    pub(super) responses_by_error: BTreeMap<String, u64>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ByClient {
    pub(super) client_id: Option<String>,
    pub(super) errors: BTreeMap<String, u64>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ByClientAndApi {
    pub(super) client_id: Option<String>,
    pub(super) api: String,
    pub(super) errors: BTreeMap<String, u64>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ByUser {
    pub(super) user: Option<String>,
    pub(super) errors: BTreeMap<String, u64>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ByTopic {
    pub(super) topic: Option<String>,
    pub(super) produce_errors: BTreeMap<String, u64>,
    pub(super) fetch_errors: BTreeMap<String, u64>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ErrorCount {
    pub(super) api: String,
    pub(super) error: String,
    pub(super) count: u64,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LatencyParts {
    pub(super) api: String,
    pub(super) throttled: u64,
    pub(super) throttle_ms: u64,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Refused {
    pub(super) client_id: Option<String>,
    pub(super) api: String,
    pub(super) versions: Vec<i16>,
    pub(super) release: String,
    pub(super) served: Option<String>,
}

#[derive(Debug)]
pub(super) struct Connection {
    pub(super) conn: String,
    pub(super) opened: i64,
    pub(super) closed: Option<i64>,
    pub(super) cause: &'static str,
    pub(super) because: String,
    pub(super) ended_by: Option<&'static str>,
    pub(super) is_accepted: bool,
    pub(super) client_id: Option<Arc<str>>,
    pub(super) tls: Option<String>,
    pub(super) requests: u64,
    /// The APIs of its unanswered requests that were sent before the end.
    pub(super) unanswered: Vec<String>,
    /// Of connections that are alike: when the first of them ended, and how many they are.
    pub(super) first_end: i64,
    pub(super) count: u64,
}

impl From<Alike> for Connection {
    fn from(alike: Alike) -> Self {
        Self {
            first_end: alike.first_end,
            count: alike.count,
            ..alike.report.into()
        }
    }
}

impl From<ConnectionReport> for Connection {
    fn from(report: ConnectionReport) -> Self {
        let is_accepted = report.is_accepted();
        let unanswered = report.unanswered.into_iter();
        let unanswered = unanswered.filter(|each| each.age_us >= 0);
        Self {
            conn: report.conn,
            opened: report.opened.0,
            closed: report.closed.map(|closed| closed.0),
            cause: report.cause.name(),
            is_accepted,
            because: report.because,
            ended_by: report.ended_by,
            client_id: report.client_id,
            tls: report.tls,
            requests: report.requests,
            unanswered: unanswered.map(|each| each.api).collect(),
            first_end: report.closed.unwrap_or(report.opened).0,
            count: 1,
        }
    }
}

/// Causes of a connection's end that are no one's fault.
const IN_ORDER: &[&str] = &["client-close", "still-open", "idle-client", "idle-broker"];

impl Connection {
    /// Returns `true` if the end is worth a finding of its cause.
    pub(super) fn ended_badly(&self) -> bool {
        let has_unanswered = !self.unanswered.is_empty();
        match self.cause {
            // A broker that closes what the client has closed by TLS or SASL before is the first to send FIN.
            "broker-reset" => has_unanswered || self.ended_by == Some("broker RST"),
            // A client that stops may close while it waits for records.
            "client-reset" if self.ended_by == Some("client FIN") => {
                let mut apis = self.unanswered.iter();
                apis.any(|api| api != "Fetch" && api != "Metadata")
            }
            "client-reset" => has_unanswered,
            "client-timeout" | "none" => false,
            cause => !IN_ORDER.contains(&cause),
        }
    }

    /// Returns `true` if something is wrong with how it ended.
    pub(super) fn is_conspicuous(&self) -> bool {
        matches!(self.cause, "client-timeout" | "none") || self.ended_badly()
    }

    /// The broker's address.
    pub(super) fn broker(&self) -> &str {
        let ends = self.conn.split_once(" -> ");
        ends.map_or("", |(_, broker)| broker)
    }

    /// The client's address.
    pub(super) fn client(&self) -> &str {
        let ends = self.conn.split_once(" -> ");
        ends.map_or("", |(client, _)| client)
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Totals {
    pub(super) batches: u64,
    pub(super) batches_retried: u64,
    pub(super) retries: u64,
    pub(super) most_attempts: u64,
    pub(super) may_be_twice: u64,
    pub(super) by_final_outcome: BTreeMap<String, u64>,
    pub(super) retries_by_cause: BTreeMap<String, u64>,
}

impl Views {
    /// All connections, those that are alike and not listed as one.
    pub(super) fn all_connections(&self) -> impl Iterator<Item = &Connection> {
        self.connections.iter().chain(&self.alike)
    }
}

impl Data {
    pub(super) fn new(
        summary: &impl Serialize,
        mut connections: ConnectionsDocument,
        groups: GroupsDocument,
        totals: &impl Serialize,
        (batches, batches_left_out): (Vec<BatchReport>, u64),
        waits: WaitsDocument,
        counts: Counts,
    ) -> Self {
        let reports = connections.take_connections();
        let alike = connections.take_alike();
        let mut connections = value(&connections);
        let (listed, connections_left_out) = listed(&reports);
        if let Some(members) = connections.as_object_mut() {
            members.insert("connections".to_owned(), value(&listed));
        }
        let summary = value(summary);
        let totals = value(totals);
        let time = |name| summary.get(name).and_then(Value::as_str).and_then(parse);
        let listed_batches = Listed {
            rows: batches.iter().take(MAX_ROWS).map(value).collect(),
            left_out: batches_left_out + u64_of(batches.len().saturating_sub(MAX_ROWS)),
        };
        let of_groups = of_groups(&groups);
        let views = Views {
            summary: view(Some(&summary)),
            connections: reports.into_iter().map(Connection::from).collect(),
            alike: alike.into_iter().map(Connection::from).collect(),
            nodes: nodes(&batches),
            batches,
            totals: view(Some(&totals)),
            groups: groups.groups,
        };
        Self {
            from: time("from").unwrap_or_default(),
            to: time("to").unwrap_or_default(),
            counts,
            summary,
            connections,
            connections_left_out,
            groups: of_groups,
            totals,
            batches: listed_batches,
            batches_left_out,
            waits,
            views,
        }
    }

    /// A broker as people call it: its number, if it is known, and its address.
    pub(super) fn broker(&self, address: &str) -> String {
        match self.views.nodes.get(address) {
            Some(node) => format!("broker {node} ({address})"),
            None => format!("broker {address}"),
        }
    }
}

/// The connections that the page lists, and how many it does not: where they are too many, those that ended badly go before the
/// others.
fn listed(reports: &[ConnectionReport]) -> (Vec<&ConnectionReport>, u64) {
    let mut listed: Vec<_> = reports.iter().collect();
    let left_out = reports.len().saturating_sub(MAX_ROWS);
    if left_out > 0 {
        listed.sort_by_key(|report| IN_ORDER.contains(&report.cause.name()));
        listed.truncate(MAX_ROWS);
    }
    (listed, u64_of(left_out))
}

/// The lists of all groups. Each row has the group's name in it.
fn of_groups(document: &GroupsDocument) -> BTreeMap<&'static str, Listed> {
    fn list<T: Serialize>(document: &GroupsDocument, of: fn(&GroupReport) -> &[T]) -> Listed {
        let groups = document.groups.iter();
        let all: usize = groups.clone().map(|group| of(group).len()).sum();
        let entries = groups.flat_map(|group| of(group).iter().map(move |each| (group, each)));
        let rows = entries.take(MAX_ROWS).map(|(group, each)| {
            let mut row = value(each);
            if let Some(members) = row.as_object_mut() {
                members.insert("group".to_owned(), Value::from(group.group.as_str()));
            }
            row
        });
        Listed {
            rows: rows.collect(),
            left_out: document.others.sum() + u64_of(all.saturating_sub(MAX_ROWS)),
        }
    }
    BTreeMap::from([
        ("rebalances", list(document, |group| &group.rebalances)),
        ("members", list(document, |group| &group.members)),
        ("partitions", list(document, |group| &group.partitions)),
    ])
}

/// The numbers of brokers that produce attempts went to.
fn nodes(batches: &[BatchReport]) -> HashMap<String, String> {
    let attempts = batches.iter().flat_map(|batch| &batch.attempts);
    let numbered = attempts.filter(|each| each.broker.parse::<i32>().is_ok());
    let addressed = numbered.filter_map(|each| {
        let (_, address) = each.conn.split_once(" -> ")?;
        Some((address.to_owned(), each.broker.clone()))
    });
    addressed.collect()
}

fn value(document: &impl Serialize) -> Value {
    serde_json::to_value(document).expect("documents have string keys")
}

fn view<T: for<'d> Deserialize<'d>>(of: Option<&Value>) -> T {
    T::deserialize(of.unwrap_or(&Value::Null)).expect("views are of documents that we write")
}

/// A time that a document has: RFC 3339 with nine digits, in UTC.
pub(super) fn parse(text: &str) -> Option<i64> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let (is_negative, date) = match date.strip_prefix('-') {
        Some(date) => (true, date),
        None => (false, date),
    };
    let mut date = date.split('-').map(|part| part.parse::<i64>().ok());
    let (year, month, day) = (date.next()??, date.next()??, date.next()??);
    let year = if is_negative { -year } else { year };
    let (time, fraction) = time.split_once('.')?;
    let mut time = time.split(':').map(|part| part.parse::<i64>().ok());
    let (hour, minute, second) = (time.next()??, time.next()??, time.next()??);
    // Days since 1970, in years that begin in March.
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468;
    let seconds = days * 86_400 + hour * 3600 + minute * 60 + second;
    let nanoseconds = i128::from(seconds) * 1_000_000_000 + fraction.parse::<i128>().ok()?;
    i64::try_from(nanoseconds).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn times_are_read_as_they_are_written(time in any::<i64>()) {
            let mut text = Vec::new();
            crate::output::Timestamps::default().write(&mut text, time, 9);
            let text = String::from_utf8(text).unwrap();
            prop_assert_eq!(parse(&text), Some(time));
        }
    }
}
