//! A summary as metrics of Prometheus.
//!
//! What a client's connections measure of themselves has the names of the crate `kafka-codec`'s `MetricsEmitter`, so that the
//! same queries work on both. Clients, brokers and topics have families of their own: sums over one family count no request
//! twice.

use std::collections::BTreeMap;

use kafka_codec::ErrorCode;

use super::super::prometheus::{Exposition, Kind, Seconds};
use super::report::api_name;
use super::state::State;
use super::stats::Stats;
use super::topics::ShownTopic;

/// A label of entries that are not among the busiest, and share a series.
const MERGED: (&str, &str) = ("merged", "true");
/// A label of entries of which a part may be in that series, since they became busy later.
const PARTIAL: (&str, &str) = ("partial", "true");

/// The labels of an entry, and what there is to say of it.
type Row<'r, T> = (Vec<(&'static str, &'r str)>, &'r T);

/// The rows of a table, and one for what was merged.
fn rows<'r, T>(
    table: impl Iterator<Item = (&'static str, &'r str, &'r T, bool)>,
    others: Option<&'r T>,
) -> Vec<Row<'r, T>> {
    let table = table.map(|(label, name, value, is_partial)| {
        let partial = is_partial.then_some(PARTIAL);
        let labels = [(label, name)].into_iter().chain(partial);
        (labels.collect(), value)
    });
    let others = others.map(|others| (vec![MERGED], others));
    table.chain(others).collect()
}

/// Name and help of families, and the value of a row in each.
type Families<T> = [(&'static str, &'static str, fn(&T) -> u64); 5];

/// The families that count requests: their names, and the help of the first.
const fn of_requests(names: [&'static str; 5], help: &'static str) -> Families<Stats> {
    let [requests, unanswered, errors, request_bytes, response_bytes] = names;
    [
        (requests, help, |all| all.counts.requests),
        (
            unanswered,
            "Requests without the response expected",
            |all| all.counts.unanswered,
        ),
        (errors, "Responses with an error code in them", |all| {
            all.counts.responses_with_errors
        }),
        (request_bytes, "Bytes of requests", |all| {
            all.counts.request_bytes
        }),
        (response_bytes, "Bytes of responses", |all| {
            all.counts.response_bytes
        }),
    ]
}

impl State {
    /// Returns the summary in the text format of Prometheus.
    #[must_use]
    pub fn prometheus(&self) -> String {
        let mut to = Exposition::default();
        self.capture(&mut to);
        self.by_api(&mut to);
        self.by_client(&mut to);
        self.by_broker(&mut to);
        self.by_topic(&mut to);
        to.into_text()
    }

    fn capture(&self, to: &mut Exposition) {
        let help = "Packets in the capture";
        to.family("kafka_capture_packets_total", Kind::Counter, help)
            .sample(&[], self.packets);
        let times = [
            ("kafka_capture_start_time_seconds", "first", self.from),
            ("kafka_capture_end_time_seconds", "last", self.to),
        ];
        for (name, which, time) in times {
            // Times before 1970 are nobody's.
            if let Some(time) = time.and_then(|time| u128::try_from(time).ok()) {
                let help = format!("Time of the {which} packet, in seconds since 1970");
                to.family(name, Kind::Gauge, &help)
                    .sample(&[], Seconds(time));
            }
        }
        let help = "Connections to brokers whose beginning was captured";
        to.family("kafka_connections_opened_total", Kind::Counter, help)
            .sample(&[], self.opened());
    }

    fn by_api(&self, to: &mut Exposition) {
        let apis = self.sorted_apis();
        let apis: Vec<_> = apis
            .iter()
            .map(|(key, all)| (api_name(*key), *all))
            .collect();
        let help =
            "Requests, by how they ended: responded, written (no response expected) or unanswered";
        let mut family = to.family("kafka_requests_total", Kind::Counter, help);
        for (api, Stats { counts, .. }) in &apis {
            for (outcome, delivery, count) in [
                ("responded", "responded", counts.responses),
                ("written", "sent_no_response", counts.no_response_expected),
                ("unanswered", "sent_no_response", counts.unanswered),
            ] {
                if count > 0 {
                    let labels = [
                        ("api", &**api),
                        ("outcome", outcome),
                        ("delivery", delivery),
                    ];
                    family.sample(&labels, count);
                }
            }
        }
        let mut family = to.family("kafka_sent_bytes_total", Kind::Counter, "Bytes of requests");
        for (api, all) in &apis {
            family.sample(&[("api", api)], all.counts.request_bytes);
        }
        let help = "Bytes of responses";
        let mut family = to.family("kafka_received_bytes_total", Kind::Counter, help);
        for (api, all) in &apis {
            family.sample(&[("api", api)], all.counts.response_bytes);
        }
        let help = "Stages of requests, as the place of capture saw them; those without buckets are known as sums";
        let mut family = to.family("kafka_request_duration_seconds", Kind::Histogram, help);
        for (api, all) in &apis {
            // Responses to requests that are not in the capture have no part in the sums.
            let count = all.latency.count();
            for (stage, sum) in [
                ("write", all.split.request_transfer),
                ("head_of_line", all.split.wait),
                ("transfer", all.split.response_transfer),
            ] {
                family.totals(&[("api", api), ("stage", stage)], count, sum.into());
            }
            family.histogram(&[("api", api), ("stage", "ttfb")], &all.to_first_byte);
            family.histogram(&[("api", api), ("stage", "total")], &all.latency);
        }
        let help = "Throttle times in responses";
        let mut family = to.family("kafka_throttle_duration_seconds", Kind::Histogram, help);
        for (api, Stats { counts, .. }) in &apis {
            if counts.throttled > 0 {
                let sum = u128::from(counts.throttle_ms) * 1_000_000;
                family.totals(&[("api", api)], counts.throttled, sum);
            }
        }
        let help = "Error codes in responses";
        let mut family = to.family("kafka_response_errors_total", Kind::Counter, help);
        for (api, all) in &apis {
            for (error, count) in named(&all.counts.errors) {
                family.sample(&[("api", api), ("error", error)], count);
            }
        }
    }

    fn by_client(&self, to: &mut Exposition) {
        let clients = self.clients.sorted();
        let others = self.clients.others().map(|(others, _)| others);
        let clients = clients.iter();
        let clients = clients.map(|row| ("client_id", &**row.key, row.value, row.is_partial));
        let rows = rows(clients, others);
        let names = [
            "kafka_client_requests_total",
            "kafka_client_requests_unanswered_total",
            "kafka_client_responses_with_errors_total",
            "kafka_client_sent_bytes_total",
            "kafka_client_received_bytes_total",
        ];
        let families = of_requests(names, "Requests by client id");
        for (name, help, value) in families {
            let mut family = to.family(name, Kind::Counter, help);
            for (client, stats) in &rows {
                for (key, all) in &stats.apis {
                    let api = api_name(*key);
                    family.sample(&[client.as_slice(), &[("api", &api)]].concat(), value(all));
                }
            }
        }
        let name = "kafka_client_request_duration_seconds";
        let help = "From a request to its response, by client id";
        let mut family = to.family(name, Kind::Histogram, help);
        for (client, stats) in &rows {
            family.histogram(client, &stats.all.latency);
        }
    }

    fn by_broker(&self, to: &mut Exposition) {
        let brokers = self.brokers.sorted();
        let brokers: Vec<_> = brokers
            .iter()
            .map(|row| (row.key.to_string(), row))
            .collect();
        let brokers = brokers.iter();
        let brokers = brokers.map(|(name, row)| ("broker", &**name, row.value, row.is_partial));
        let rows = rows(brokers, self.brokers.others().map(|(others, _)| others));
        let names = [
            "kafka_broker_requests_total",
            "kafka_broker_requests_unanswered_total",
            "kafka_broker_responses_with_errors_total",
            "kafka_broker_received_bytes_total",
            "kafka_broker_sent_bytes_total",
        ];
        let families = of_requests(names, "Requests by broker");
        for (name, help, value) in families {
            let mut family = to.family(name, Kind::Counter, help);
            for (broker, all) in &rows {
                family.sample(broker, value(all));
            }
        }
        let name = "kafka_broker_request_duration_seconds";
        let help = "From a request to its response, by broker";
        let mut family = to.family(name, Kind::Histogram, help);
        for (broker, all) in &rows {
            family.histogram(broker, &all.latency);
        }
    }

    fn by_topic(&self, to: &mut Exposition) {
        let (topics, others) = self.topics.shown(&self.names);
        let shown = topics.iter().filter_map(|topic| {
            // Without a name there is the id.
            let name = topic.topic.as_deref().map(|name| ("topic", name));
            let id = topic.topic_id.as_deref().map(|id| ("topic_id", id));
            let (label, name) = name.or(id)?;
            Some((label, name, topic, topic.is_partial))
        });
        let rows = rows(shown, others.as_ref().map(|(topic, _)| topic));
        let families: Families<ShownTopic> = [
            (
                "kafka_topic_produce_requests_total",
                "Produce requests by topic",
                |topic| topic.produce_requests,
            ),
            (
                "kafka_topic_produced_records_total",
                "Records in Produce requests",
                |topic| topic.produce_records,
            ),
            (
                "kafka_topic_produced_bytes_total",
                "Bytes of batches in Produce requests",
                |topic| topic.produce_bytes,
            ),
            (
                "kafka_topic_fetch_responses_total",
                "Fetch responses with records",
                |topic| topic.fetch_responses_with_records,
            ),
            (
                "kafka_topic_fetched_bytes_total",
                "Bytes of batches in Fetch responses",
                |topic| topic.fetch_bytes,
            ),
        ];
        for (name, help, value) in families {
            let mut family = to.family(name, Kind::Counter, help);
            for (topic, row) in &rows {
                family.sample(topic, value(row));
            }
        }
        let help = "Error codes of partitions, by topic";
        let mut family = to.family("kafka_topic_response_errors_total", Kind::Counter, help);
        for (topic, row) in &rows {
            for (api, errors) in [
                ("Produce", &row.produce_errors),
                ("Fetch", &row.fetch_errors),
            ] {
                for (error, count) in errors {
                    let labels = [("api", api), ("error", error)];
                    family.sample(&[topic.as_slice(), &labels].concat(), count);
                }
            }
        }
    }
}

/// Counts by the name of the error; those without one share `unknown`.
fn named(errors: &BTreeMap<i16, u64>) -> BTreeMap<&'static str, u64> {
    let mut named = BTreeMap::new();
    for (code, count) in errors {
        let name = ErrorCode(*code).name().unwrap_or("unknown");
        *named.entry(name).or_default() += count;
    }
    named
}
