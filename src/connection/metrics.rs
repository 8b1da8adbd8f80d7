//! What the events of connections add up to, by API and outcome. The caller keeps it and exports it.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::{ApiKey, ErrorCode};

use super::Delivery;
use super::Histogram;
use super::Retry;
use super::State;
use super::{Completion, Outcome};
use super::{Event, ProbeOutcome};

/// Counters and latencies of any number of connections, made of their events.
///
/// # Examples
///
/// ```
/// # use std::time::Instant;
/// # use kafka_codec::connection::{Connection, ConnectionOptions};
/// use kafka_codec::connection::Metrics;
///
/// let mut metrics = Metrics::default();
/// # let now = Instant::now();
/// # let mut connection = Connection::new(now, ConnectionOptions::new("broker 1"));
/// # connection.close(now);
/// while let Some(event) = connection.poll_event() {
///     metrics.observe(&event);
///     // .. and whatever else is done with it
/// }
/// assert_eq!(metrics.closed["local"], 1);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Metrics {
    /// By API.
    pub apis: BTreeMap<ApiKey, ApiMetrics>,
    /// How many connections had an open transport.
    pub opened: u64,
    /// How many connections became ready.
    pub ready: u64,
    /// How many connections ended before they were ready, by the state they were in.
    pub failed_in: BTreeMap<State, u64>,
    /// How many connections ended, by [`CloseReason::name`](super::CloseReason::name).
    pub closed: BTreeMap<&'static str, u64>,
    /// How long getting ready took.
    pub initialization: Histogram,
    /// How long authenticating again took.
    pub reauthentication: Histogram,
    /// How long probes took.
    pub probes: Histogram,
    /// How many probes failed.
    pub failed_probes: u64,
    /// How many responses came to requests that had been given up.
    pub late_responses: u64,
    /// How many responses came to requests that have none.
    pub unexpected_responses: u64,
}

/// Counters and latencies of an API.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ApiMetrics {
    /// Requests that were sent, wholly or in part.
    pub sent: u64,
    /// Requests with a response, and those without that were written.
    pub succeeded: u64,
    /// Requests that failed, by how far they had got.
    pub failed: FailedMetrics,
    /// Requests that took too long, of those that failed.
    pub timed_out: u64,
    /// Requests that failed, by [`ConnectionErrorKind::name`](super::ConnectionErrorKind::name).
    pub errors: BTreeMap<&'static str, u64>,
    /// Requests that may be sent again, of those that failed.
    pub retriable: u64,
    /// Responses that did not decode.
    pub undecodable: u64,
    /// Responses with an error code, by code, as far as the caller says what is [in them](Event::Decoded).
    pub error_codes: BTreeMap<ErrorCode, u64>,
    /// Bytes of requests that were completed.
    pub bytes_out: u64,
    /// Bytes of responses.
    pub bytes_in: u64,
    /// How long the broker throttled.
    pub throttled: Duration,
    /// From being submitted to being admitted.
    pub queue: Histogram,
    /// The broker's time and that of the network.
    pub time_to_first_byte: Histogram,
    /// From the first byte of a response to its last.
    pub transfer: Histogram,
    /// From being submitted to the last byte of the response.
    pub total: Histogram,
    /// From the last byte of a response to its being decoded, as far as the caller says so.
    pub decode: Histogram,
}

/// Requests that failed, by how far they had got.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct FailedMetrics {
    /// Not sent at all.
    pub not_sent: u64,
    /// Sent in part.
    pub partially_sent: u64,
    /// Sent, without a byte of a response.
    pub no_response: u64,
    /// With a part of the response.
    pub response_partial: u64,
}

/// What a connection is like just now.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Gauges {
    /// Its state.
    pub state: State,
    /// For how long it has been in that state.
    pub in_state: Duration,
    /// Requests that wait for a response.
    pub in_flight: usize,
    /// Requests that are [blocked](super::BlockedOn).
    pub waiting: usize,
    /// Requests that are not blocked, and not written whole.
    pub unwritten: usize,
    /// The age of the oldest request that is not over.
    pub oldest: Duration,
    /// For how long nothing was read or written.
    pub idle: Duration,
}

impl Metrics {
    /// Counts an event.
    pub fn observe(&mut self, event: &Event) {
        match event {
            Event::Completed(completion) => {
                self.api(completion.label().api_key).completed(completion);
            }
            Event::StateChanged {
                from: State::Connecting,
                to,
                ..
            } => self.opened += u64::from(*to != State::Closed),
            Event::Decoded {
                label,
                result,
                error_codes,
                after,
                ..
            } => {
                let api = self.api(label.api_key);
                api.undecodable += u64::from(result.is_err());
                api.decode.record(*after);
                for code in error_codes {
                    *api.error_codes.entry(*code).or_default() += 1;
                }
            }
            Event::Ready { took } => {
                self.ready += 1;
                let took = took.api_versions + took.sasl_handshake + took.sasl_authenticate;
                self.initialization.record(took);
            }
            Event::SaslSucceeded {
                took, again: true, ..
            } => self.reauthentication.record(*took),
            Event::Probed { outcome, .. } => match outcome {
                ProbeOutcome::Answered { round_trip, .. } => self.probes.record(*round_trip),
                ProbeOutcome::Failed(_) => self.failed_probes += 1,
            },
            Event::LateResponse { .. } => self.late_responses += 1,
            Event::UnexpectedResponse { .. } => self.unexpected_responses += 1,
            Event::Closed(report) => {
                *self.closed.entry(report.reason.name()).or_default() += 1;
                if report.state.is_initial() {
                    *self.failed_in.entry(report.state).or_default() += 1;
                }
            }
            _ => {}
        }
    }

    fn api(&mut self, key: ApiKey) -> &mut ApiMetrics {
        self.apis.entry(key).or_default()
    }
}

impl ApiMetrics {
    fn completed(&mut self, completion: &Completion) {
        let bytes = |bytes: usize| bytes as u64;
        self.bytes_in += bytes(completion.bytes_in());
        self.throttled += completion.throttle();
        if completion.delivery() != Delivery::NotSent {
            self.sent += 1;
            self.bytes_out += bytes(completion.bytes_out());
        }
        let timings = completion.timings();
        let record = |histogram: &mut Histogram, duration: Option<Duration>| {
            if let Some(duration) = duration {
                histogram.record(duration);
            }
        };
        record(&mut self.queue, timings.queue_wait());
        record(&mut self.time_to_first_byte, timings.time_to_first_byte());
        record(&mut self.transfer, timings.transfer_time());
        let Outcome::Failed(error) = completion.outcome() else {
            self.succeeded += 1;
            return record(&mut self.total, timings.total());
        };
        match completion.delivery() {
            Delivery::NotSent => self.failed.not_sent += 1,
            Delivery::PartiallySent { .. } => self.failed.partially_sent += 1,
            Delivery::ResponsePartial { .. } => self.failed.response_partial += 1,
            Delivery::SentNoResponse | Delivery::Responded => self.failed.no_response += 1,
        }
        if error.advice(false).retry != Retry::Never {
            self.retriable += 1;
        }
        *self.errors.entry(error.kind().name()).or_default() += 1;
        if error.is_timeout() {
            self.timed_out += 1;
        }
    }
}
