//! Counts, bytes, errors and latencies of requests and responses.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::super::errors::error_name;
use super::super::latency::{Budget, Distribution, Percentiles, Range};
use super::busiest::Merge;

/// How many versions are told apart; a hostile capture can have any.
const MAX_VERSIONS: usize = 64;
/// How many error codes are told apart, of which Kafka has some 140.
const MAX_ERRORS: usize = 1000;

/// What there is to say of a set of requests and their responses.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Stats {
    pub(super) versions: BTreeSet<i16>,
    pub(super) counts: Counts,
    pub(super) latency: Distribution,
    pub(super) to_first_byte: Distribution,
    pub(super) split: Split,
}

/// What is counted of requests and responses.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Counts {
    pub(super) requests: u64,
    pub(super) responses: u64,
    pub(super) no_response_expected: u64,
    pub(super) unanswered: u64,
    pub(super) request_bytes: u64,
    pub(super) response_bytes: u64,
    pub(super) responses_with_errors: u64,
    pub(super) errors: BTreeMap<i16, u64>,
    pub(super) throttled: u64,
    pub(super) throttle_ms: u64,
}

/// Sums of what latency is made of, in nanoseconds.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(super) struct Split {
    /// From the request's first packet to its last.
    pub(super) request_transfer: u64,
    /// From the request's last packet to the end of the response before.
    pub(super) wait: u64,
    /// From there to the first packet of the response.
    pub(super) service: u64,
    /// From the response's first packet to its last.
    pub(super) response_transfer: u64,
}

/// What is known of a response beside its bytes.
#[derive(Clone, Debug, Default)]
pub(super) struct Answer {
    pub(super) bytes: u64,
    pub(super) latency: Option<i64>,
    pub(super) to_first_byte: Option<i64>,
    pub(super) split: Split,
    pub(super) throttle_ms: i32,
    /// Of all fields named `errorCode`.
    pub(super) errors: Vec<i16>,
    /// Of error codes of any name.
    pub(super) codes: BTreeSet<i16>,
}

/// What became of a request, as far as it matters to counts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Request {
    pub(super) version: i16,
    pub(super) bytes: u64,
    pub(super) expects_response: Option<bool>,
}

impl Counts {
    pub(super) fn request(&mut self, request: Request) {
        self.requests += 1;
        self.request_bytes += request.bytes;
        self.no_response_expected += u64::from(request.expects_response == Some(false));
    }

    pub(super) fn response(&mut self, answer: &Answer) {
        self.responses += 1;
        self.response_bytes += answer.bytes;
        self.responses_with_errors += u64::from(!answer.errors.is_empty());
        for code in &answer.errors {
            count_error(&mut self.errors, *code, 1);
        }
        if answer.throttle_ms > 0 {
            self.throttled += 1;
            self.throttle_ms += u64::from(answer.throttle_ms.unsigned_abs());
        }
    }

    pub(super) fn merge(&mut self, other: Self) {
        self.requests += other.requests;
        self.responses += other.responses;
        self.no_response_expected += other.no_response_expected;
        self.unanswered += other.unanswered;
        self.request_bytes += other.request_bytes;
        self.response_bytes += other.response_bytes;
        self.responses_with_errors += other.responses_with_errors;
        merge_counts(&mut self.errors, other.errors);
        self.throttled += other.throttled;
        self.throttle_ms += other.throttle_ms;
    }
}

impl Stats {
    pub(super) fn request(&mut self, request: Request) {
        if self.versions.len() < MAX_VERSIONS {
            self.versions.insert(request.version);
        }
        self.counts.request(request);
    }

    pub(super) fn response(&mut self, answer: &Answer, budget: &mut Budget) {
        self.counts.response(answer);
        if let Some(latency) = answer.latency {
            self.latency.record(latency, budget);
        }
        if let Some(to_first_byte) = answer.to_first_byte {
            self.to_first_byte.record(to_first_byte, budget);
        }
        self.split.add(answer.split);
    }
}

impl Merge for Stats {
    fn merge(&mut self, other: Self, budget: &mut Budget) {
        self.versions.extend(other.versions);
        self.counts.merge(other.counts);
        self.latency.merge(&other.latency, budget);
        self.to_first_byte.merge(&other.to_first_byte, budget);
        self.split.add(other.split);
    }

    fn weight(&self) -> u64 {
        self.counts.requests
    }

    fn drop_samples(&mut self, budget: &mut Budget) {
        self.latency.drop_samples(budget);
        self.to_first_byte.drop_samples(budget);
    }
}

impl Split {
    pub(super) const fn add(&mut self, other: Self) {
        self.request_transfer += other.request_transfer;
        self.wait += other.wait;
        self.service += other.service;
        self.response_transfer += other.response_transfer;
    }
}

/// Counts an error, unless there are too many others.
pub(super) fn count_error(errors: &mut BTreeMap<i16, u64>, code: i16, count: u64) {
    if errors.len() < MAX_ERRORS || errors.contains_key(&code) {
        *errors.entry(code).or_default() += count;
    }
}

/// Adds counts of errors.
pub(super) fn merge_counts(to: &mut BTreeMap<i16, u64>, from: BTreeMap<i16, u64>) {
    for (code, count) in from {
        count_error(to, code, count);
    }
}

/// Counts of errors by name.
pub(super) fn by_name(errors: &BTreeMap<i16, u64>) -> BTreeMap<String, u64> {
    let errors = errors.iter();
    errors
        .map(|(code, count)| (error_name(*code), *count))
        .collect()
}

/// Counts as they are written.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ShownCounts {
    requests: u64,
    responses: u64,
    no_response_expected: u64,
    unanswered: u64,
    request_bytes: u64,
    response_bytes: u64,
    responses_with_errors: u64,
    errors: BTreeMap<String, u64>,
}

impl From<&Counts> for ShownCounts {
    fn from(counts: &Counts) -> Self {
        Self {
            requests: counts.requests,
            responses: counts.responses,
            no_response_expected: counts.no_response_expected,
            unanswered: counts.unanswered,
            request_bytes: counts.request_bytes,
            response_bytes: counts.response_bytes,
            responses_with_errors: counts.responses_with_errors,
            errors: by_name(&counts.errors),
        }
    }
}

/// [`Stats`] as they are written.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Shown {
    versions: BTreeSet<i16>,
    #[serde(flatten)]
    counts: ShownCounts,
    latency_us: Percentiles,
    to_first_byte_us: Percentiles,
}

impl From<&Stats> for Shown {
    fn from(stats: &Stats) -> Self {
        Self {
            versions: stats.versions.clone(),
            counts: (&stats.counts).into(),
            latency_us: stats.latency.percentiles(),
            to_first_byte_us: stats.to_first_byte.percentiles(),
        }
    }
}

/// Counts, and a latency without percentiles.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ShownRange {
    #[serde(flatten)]
    counts: ShownCounts,
    latency_us: Range,
}

/// Counts and latency of a connection, a user or a client's software, without samples.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Brief {
    pub(super) counts: Counts,
    pub(super) latency: Distribution,
}

impl Default for Brief {
    fn default() -> Self {
        Self {
            counts: Counts::default(),
            latency: Distribution::without_samples(),
        }
    }
}

impl Merge for Brief {
    fn merge(&mut self, other: Self, budget: &mut Budget) {
        self.counts.merge(other.counts);
        self.latency.merge(&other.latency, budget);
    }

    fn weight(&self) -> u64 {
        self.counts.requests
    }

    fn drop_samples(&mut self, _: &mut Budget) {}
}

impl From<&Brief> for ShownRange {
    fn from(brief: &Brief) -> Self {
        Self {
            counts: (&brief.counts).into(),
            latency_us: brief.latency.range(),
        }
    }
}
