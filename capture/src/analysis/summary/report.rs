//! A summary as it is written.

use std::collections::BTreeMap;

use serde::Serialize;

use kafka_codec::{ApiKey, Version};

use super::super::errors::error_name;
use super::super::latency::Percentiles;
use super::super::{known, timestamp};
use super::state::{ConnectionEntry, OpenRequest, State};
use super::stats::{Shown, ShownRange, by_name};
use super::topics::{Codec, ShownTopic};

/// A summary as a JSON document.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Document {
    from: Option<String>,
    to: Option<String>,
    packets: u64,
    connections: u64,
    requests: u64,
    responses: u64,
    no_response_expected: u64,
    unanswered: u64,
    by_api: Vec<ByApi>,
    by_client: Vec<ByClient>,
    by_client_and_api: Vec<ByClientAndApi>,
    by_topic: Vec<ShownTopic>,
    by_broker: Vec<ByBroker>,
    by_connection: Vec<ByConnection>,
    by_user: Vec<ByUser>,
    by_software: Vec<BySoftware>,
    errors: Vec<ByError>,
    fetches: Fetches,
    latency_parts: Vec<LatencyParts>,
    compression: Vec<Compression>,
    refused_by_newest: Vec<Refused>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    others: Vec<Others>,
    #[serde(skip_serializing_if = "Seam::is_empty")]
    open_at_seam: Seam,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ByApi {
    api: String,
    #[serde(flatten)]
    stats: Shown,
    /// How many responses have each error: one counts once, in however many fields it is.
    responses_by_error: BTreeMap<String, u64>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ByClient {
    client_id: Option<String>,
    #[serde(flatten)]
    stats: Shown,
    #[serde(skip_serializing_if = "is_whole")]
    is_partial: bool,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ByClientAndApi {
    client_id: Option<String>,
    api: String,
    #[serde(flatten)]
    stats: Shown,
    #[serde(skip_serializing_if = "is_whole")]
    is_partial: bool,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ByBroker {
    broker: String,
    #[serde(flatten)]
    stats: Shown,
    #[serde(skip_serializing_if = "is_whole")]
    is_partial: bool,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ByConnection {
    conn: String,
    client_id: Option<String>,
    opened: String,
    closed: Option<String>,
    #[serde(flatten)]
    stats: ShownRange,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ByUser {
    user: Option<String>,
    #[serde(flatten)]
    stats: ShownRange,
    #[serde(skip_serializing_if = "is_whole")]
    is_partial: bool,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct BySoftware {
    software: Option<String>,
    version: Option<String>,
    #[serde(flatten)]
    stats: ShownRange,
    #[serde(skip_serializing_if = "is_whole")]
    is_partial: bool,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ByError {
    api: String,
    /// The arrays that the field is in, outermost first; null at the top of the response.
    within: Option<String>,
    error: String,
    count: u64,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Fetches {
    with_data_us: Percentiles,
    empty_us: Percentiles,
    at_max_wait_us: Percentiles,
}

/// What the latency of an API is made of: means over its responses whose latency is known, in microseconds; null if there is
/// none.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct LatencyParts {
    api: String,
    responses: u64,
    request_transfer_us: Option<u64>,
    wait_us: Option<u64>,
    service_us: Option<u64>,
    response_transfer_us: Option<u64>,
    throttled: u64,
    throttle_ms: u64,
}

/// Batches in Produce requests, by codec.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Compression {
    codec: &'static str,
    batches: u64,
    records: u64,
    bytes: u64,
    batch_bytes: Percentiles,
    batch_records: Percentiles,
    /// The size before compression over the size after it, of the first batches; null if none was decompressed.
    ratio: Option<f64>,
    /// How many batches the ratio is of.
    ratio_of_batches: u64,
}

/// Versions that a client uses and the newest known release does not serve.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Refused {
    client_id: Option<String>,
    api: String,
    versions: Vec<i16>,
    release: &'static str,
    /// The versions that the release serves; null if it does not have the API.
    served: Option<String>,
}

/// Entries of which no part is among the others are not marked.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
pub(super) const fn is_whole(is_partial: &bool) -> bool {
    !*is_partial
}

/// What was merged, since it is not among the busiest.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Others {
    /// The list that it would be in.
    of: &'static str,
    /// How many entries are here alone. Those that became busy later have a part here, and are partial in the list.
    merged: u64,
    #[serde(flatten)]
    stats: OtherStats,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum OtherStats {
    Full(Box<Shown>),
    Range(Box<ShownRange>),
    Topic(Box<ShownTopic>),
}

/// Requests that were open where one capture ended and the next one began.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Seam {
    count: u64,
    requests: Vec<SeamRequest>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct SeamRequest {
    conn: String,
    api: String,
    correlation_id: i32,
    sent: String,
}

impl Seam {
    const fn is_empty(&self) -> bool {
        self.count == 0
    }

    fn new(count: u64, requests: &[OpenRequest]) -> Self {
        Self {
            count,
            requests: requests
                .iter()
                .map(|each| SeamRequest {
                    conn: each.conn.clone(),
                    api: api_name(each.api),
                    correlation_id: each.correlation_id,
                    sent: timestamp(each.sent),
                })
                .collect(),
        }
    }
}

/// The name of an API; its number as text if it is unknown.
pub(super) fn api_name(key: i16) -> String {
    let name = ApiKey::from_number(key).name();
    name.map_or_else(|| key.to_string(), str::to_owned)
}

fn owned(text: &str) -> Option<String> {
    known(text).map(str::to_owned)
}

impl State {
    /// Returns the summary as a document.
    #[must_use]
    pub fn document(&self) -> Document {
        self.document_of(&self.listed())
    }

    /// Returns the summary without the list of its connections.
    #[cfg(feature = "report")]
    pub(crate) fn without_connections(&self) -> Document {
        self.document_of(&[])
    }

    fn document_of(&self, by_connection: &[&ConnectionEntry]) -> Document {
        let (by_topic, other_topics) = self.topics.shown(&self.names);
        let listed = self.listed();
        let clients = self.clients.sorted();
        Document {
            from: self.from.map(timestamp),
            to: self.to.map(timestamp),
            packets: self.packets,
            connections: u64::try_from(listed.len()).unwrap_or(u64::MAX) + self.other_connections,
            requests: self.total.requests,
            responses: self.total.responses,
            no_response_expected: self.total.no_response_expected,
            unanswered: self.total.unanswered,
            by_api: self
                .sorted_apis()
                .into_iter()
                .map(|(key, stats)| ByApi {
                    api: api_name(key),
                    stats: stats.into(),
                    responses_by_error: self
                        .responses_by_error
                        .get(&key)
                        .map(by_name)
                        .unwrap_or_default(),
                })
                .collect(),
            by_client: clients
                .iter()
                .map(|row| ByClient {
                    client_id: owned(row.key),
                    stats: (&row.value.all).into(),
                    is_partial: row.is_partial,
                })
                .collect(),
            by_client_and_api: clients
                .iter()
                .flat_map(|row| {
                    row.value.apis.iter().map(|(key, stats)| ByClientAndApi {
                        client_id: owned(row.key),
                        api: api_name(*key),
                        stats: stats.into(),
                        is_partial: row.is_partial,
                    })
                })
                .collect(),
            by_topic,
            by_broker: self
                .brokers
                .sorted()
                .into_iter()
                .map(|row| ByBroker {
                    broker: row.key.to_string(),
                    stats: row.value.into(),
                    is_partial: row.is_partial,
                })
                .collect(),
            by_connection: by_connection
                .iter()
                .map(|entry| ByConnection {
                    conn: entry.conn.clone(),
                    client_id: entry.client.id.as_deref().and_then(owned),
                    opened: timestamp(entry.opened),
                    closed: entry.closed.map(timestamp),
                    stats: (&entry.brief).into(),
                })
                .collect(),
            by_user: self
                .users
                .sorted()
                .into_iter()
                .map(|row| ByUser {
                    user: owned(row.key),
                    stats: row.value.into(),
                    is_partial: row.is_partial,
                })
                .collect(),
            by_software: self
                .software
                .sorted()
                .into_iter()
                .map(|row| BySoftware {
                    software: owned(&row.key.0),
                    version: owned(&row.key.1),
                    stats: row.value.into(),
                    is_partial: row.is_partial,
                })
                .collect(),
            errors: self.by_error(),
            fetches: Fetches {
                with_data_us: self.fetches.with_data.percentiles(),
                empty_us: self.fetches.empty.percentiles(),
                at_max_wait_us: self.fetches.at_max_wait.percentiles(),
            },
            latency_parts: self.latency_parts(),
            compression: self.compression(),
            refused_by_newest: self.refused(),
            others: self.others(other_topics),
            open_at_seam: Seam::new(self.seam_count, &self.seam),
        }
    }

    /// The APIs, the busiest first.
    pub(super) fn sorted_apis(&self) -> Vec<(i16, &super::stats::Stats)> {
        let mut apis: Vec<_> = self.apis.iter().map(|(key, stats)| (*key, stats)).collect();
        apis.sort_by_key(|(key, stats)| (std::cmp::Reverse(stats.counts.requests), *key));
        apis
    }

    fn latency_parts(&self) -> Vec<LatencyParts> {
        let apis = self.sorted_apis().into_iter();
        let answered = apis.filter(|(_, stats)| stats.counts.responses > 0);
        let parts = answered.map(|(key, stats)| {
            // Responses to requests that are not in the capture have no part in the sums.
            let mean = |sum: u64| {
                sum.checked_div(stats.latency.count())
                    .map(|mean| mean / 1000)
            };
            LatencyParts {
                api: api_name(key),
                responses: stats.counts.responses,
                request_transfer_us: mean(stats.split.request_transfer),
                wait_us: mean(stats.split.wait),
                service_us: mean(stats.split.service),
                response_transfer_us: mean(stats.split.response_transfer),
                throttled: stats.counts.throttled,
                throttle_ms: stats.counts.throttle_ms,
            }
        });
        parts.collect()
    }

    fn compression(&self) -> Vec<Compression> {
        let codecs = self.topics.compression.iter();
        let codecs = codecs.map(|(id, codec)| Compression {
            codec: Codec::name(*id),
            batches: codec.batches,
            records: codec.records,
            bytes: codec.bytes,
            batch_bytes: codec.batch_bytes.percentiles(),
            batch_records: codec.batch_records.percentiles(),
            ratio: codec.ratio(),
            ratio_of_batches: codec.sampled,
        });
        codecs.collect()
    }

    fn refused(&self) -> Vec<Refused> {
        let release = ApiKey::RELEASES.last().copied().unwrap_or_default();
        let clients = self.clients.sorted().into_iter();
        let uses = clients.flat_map(|row| {
            let apis = row.value.apis.iter();
            apis.map(move |(key, stats)| (row.key, *key, &stats.versions))
        });
        let refused = uses.filter_map(|(id, key, versions)| {
            let api = ApiKey::from_number(key);
            api.versions()?;
            let served = api.versions_in(release);
            let is_served =
                |version| served.is_some_and(|served| served.contains(Version(version)));
            let versions: Vec<_> = versions
                .iter()
                .copied()
                .filter(|v| !is_served(*v))
                .collect();
            (!versions.is_empty()).then(|| Refused {
                client_id: owned(id),
                api: api_name(key),
                versions,
                release,
                served: served.map(|served| format!("{}-{}", served.min().0, served.max().0)),
            })
        });
        refused.collect()
    }

    fn by_error(&self) -> Vec<ByError> {
        let mut errors: Vec<_> = self
            .errors
            .iter()
            .map(|(api, path, code, count)| ByError {
                api: api_name(api),
                within: owned(path),
                error: error_name(code),
                count,
            })
            .collect();
        errors.sort_by_key(|error| std::cmp::Reverse(error.count));
        errors
    }

    fn others(&self, topics: Option<(ShownTopic, u64)>) -> Vec<Others> {
        let mut others = Vec::new();
        let mut add = |of, merged, stats| others.push(Others { of, merged, stats });
        if let Some((stats, merged)) = self.clients.others() {
            let stats = OtherStats::Full(Box::new((&stats.all).into()));
            add("byClient", merged, stats);
        }
        if let Some((topic, merged)) = topics {
            add("byTopic", merged, OtherStats::Topic(Box::new(topic)));
        }
        if let Some((stats, merged)) = self.brokers.others() {
            add("byBroker", merged, OtherStats::Full(Box::new(stats.into())));
        }
        if let Some((brief, merged)) = self.users.others() {
            add("byUser", merged, OtherStats::Range(Box::new(brief.into())));
        }
        if let Some((brief, merged)) = self.software.others() {
            add(
                "bySoftware",
                merged,
                OtherStats::Range(Box::new(brief.into())),
            );
        }
        if self.other_connections > 0 {
            let stats = OtherStats::Range(Box::new((&self.other_connections_brief).into()));
            add("byConnection", self.other_connections, stats);
        }
        others
    }
}
