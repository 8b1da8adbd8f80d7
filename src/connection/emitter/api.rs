//! What is counted and timed of the requests of one API.

use std::collections::BTreeMap;
use std::time::Duration;

use metrics::{Counter, Histogram};

use super::{Labels, definitions};
use crate::ErrorCode;
use crate::connection::Delivery;
use crate::connection::Retry;
use crate::connection::{Completion, Outcome};

/// The handles of an API. Those of outcomes and errors are made when there is one.
pub(super) struct ApiMetrics {
    labels: Labels,
    name: &'static str,
    requests: BTreeMap<(&'static str, &'static str), Counter>,
    errors: BTreeMap<&'static str, Counter>,
    timed_out: Counter,
    retriable: Counter,
    sent: Counter,
    received: Counter,
    undecodable: Counter,
    pub(super) late: Counter,
    pub(super) unexpected: Counter,
    pub(super) throttle: Histogram,
    queue: Histogram,
    write: Histogram,
    head_of_line: Histogram,
    ttfb: Histogram,
    transfer: Histogram,
    total: Histogram,
    decode: Histogram,
}

impl ApiMetrics {
    pub(super) fn new(labels: Labels, name: &'static str) -> Self {
        let api = || labels.with([("api", name)]);
        let stage = |stage| {
            let labels = labels.with([("api", name), ("stage", stage)]);
            definitions::REQUEST_DURATION.histogram(labels)
        };
        Self {
            name,
            requests: BTreeMap::new(),
            errors: BTreeMap::new(),
            timed_out: definitions::TIMED_OUT.counter(api()),
            retriable: definitions::RETRIABLE.counter(api()),
            sent: definitions::SENT.counter(api()),
            received: definitions::RECEIVED.counter(api()),
            undecodable: definitions::UNDECODABLE.counter(api()),
            late: definitions::LATE.counter(api()),
            unexpected: definitions::UNEXPECTED.counter(api()),
            throttle: definitions::THROTTLE_DURATION.histogram(api()),
            queue: stage("queue"),
            write: stage("write"),
            head_of_line: stage("head_of_line"),
            ttfb: stage("ttfb"),
            transfer: stage("transfer"),
            total: stage("total"),
            decode: stage("decode"),
            labels,
        }
    }

    pub(super) fn completed(&mut self, completion: &Completion) {
        let (outcome, delivery) = (completion.outcome(), completion.delivery());
        self.request(outcome.name(), delivery.name());
        let sent = match delivery {
            Delivery::NotSent => 0,
            Delivery::PartiallySent { bytes, .. } => bytes,
            _ => completion.bytes_out(),
        };
        self.sent.increment(count(sent));
        self.received.increment(count(completion.bytes_in()));
        let timings = completion.timings();
        record(&self.queue, timings.queue_wait());
        record(&self.write, timings.write_time());
        record(&self.head_of_line, timings.head_of_line_wait());
        record(&self.ttfb, timings.time_to_first_byte());
        record(&self.transfer, timings.transfer_time());
        match outcome {
            Outcome::Response(_) | Outcome::Written => record(&self.total, timings.total()),
            Outcome::Failed(error) => {
                let is_retriable = error.advice(false).retry != Retry::Never;
                self.retriable.increment(u64::from(is_retriable));
                self.timed_out.increment(u64::from(error.is_timeout()));
            }
        }
    }

    pub(super) fn decoded(&mut self, is_ok: bool, errors: &[ErrorCode], after: Duration) {
        record(&self.decode, Some(after));
        self.undecodable.increment(u64::from(!is_ok));
        for code in errors {
            let error = code.name().unwrap_or("unknown");
            let errors = self.errors.entry(error).or_insert_with(|| {
                let labels = [("api", self.name), ("error", error)];
                definitions::ERRORS.counter(self.labels.with(labels))
            });
            errors.increment(1);
        }
    }

    fn request(&mut self, outcome: &'static str, delivery: &'static str) {
        let requests = self.requests.entry((outcome, delivery)).or_insert_with(|| {
            let labels = [
                ("api", self.name),
                ("outcome", outcome),
                ("delivery", delivery),
            ];
            definitions::REQUESTS.counter(self.labels.with(labels))
        });
        requests.increment(1);
    }
}

fn record(histogram: &Histogram, duration: Option<Duration>) {
    if let Some(duration) = duration {
        histogram.record(duration);
    }
}

fn count(bytes: usize) -> u64 {
    bytes as u64
}
