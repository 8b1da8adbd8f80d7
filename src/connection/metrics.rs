//! Counters and histograms of what the events of connections say, by API and outcome. The caller keeps and exports them.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use crate::{ApiKey, ErrorCode};

use super::{Completion, Delivery, Event, Outcome, ProbeOutcome, Retry, State};

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
    /// Number of connections that had an open transport.
    pub opened: u64,
    /// Number of connections that became ready.
    pub ready: u64,
    /// Number of connections that ended before they were ready, by the state they were in.
    pub failed_in: BTreeMap<State, u64>,
    /// Number of connections that ended, by [`CloseReason::name`](super::CloseReason::name).
    pub closed: BTreeMap<&'static str, u64>,
    /// Times of getting ready.
    pub initialization: Histogram,
    /// Times of authenticating again.
    pub reauthentication: Histogram,
    /// Times of probes.
    pub probes: Histogram,
    /// Number of probes that failed.
    pub failed_probes: u64,
    /// Number of responses to requests that had been given up.
    pub late_responses: u64,
    /// Number of responses to requests that have none.
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
    /// Total throttle time.
    pub throttled: Duration,
    /// From being submitted to being admitted.
    pub queue: Histogram,
    /// The broker's time and that of the network.
    pub time_to_first_byte: Histogram,
    /// From the first byte of a response to its last.
    pub transfer: Histogram,
    /// From being submitted to the last byte of the response.
    pub total: Histogram,
    /// From the last byte of a response to its being decoded, as far as the caller reports it.
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

/// The current state and load of a connection.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Gauges {
    /// The current state.
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

/// A histogram of durations.
///
/// The bounds are fixed, so histograms can be added and compared: each power of two of microseconds is cut into four
/// equal buckets, so that a bound is at most a quarter above the least value of its bucket.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use kafka_codec::connection::Histogram;
///
/// let mut histogram = Histogram::default();
/// for milliseconds in 1..=100 {
///     histogram.record(Duration::from_millis(milliseconds));
/// }
/// assert_eq!(histogram.count(), 100);
/// let median = histogram.quantile(500).expect("it is not empty");
/// assert!((50..=63).contains(&median.as_millis()));
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Histogram {
    buckets: [u64; BUCKETS],
    count: u64,
    sum: Duration,
    max: Duration,
}

/// Powers of two of microseconds that are told apart: up to 12 days.
const POWERS: usize = 40;
/// How many buckets each is cut into.
const CUTS: usize = 4;
const BUCKETS: usize = POWERS * CUTS;

impl Default for Histogram {
    fn default() -> Self {
        Self {
            buckets: [0; BUCKETS],
            count: 0,
            sum: Duration::ZERO,
            max: Duration::ZERO,
        }
    }
}

impl Histogram {
    /// Counts a duration.
    pub fn record(&mut self, duration: Duration) {
        let microseconds = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        if let Some(bucket) = self.buckets.get_mut(bucket(microseconds)) {
            *bucket += 1;
        }
        self.count += 1;
        self.sum = self.sum.saturating_add(duration);
        self.max = self.max.max(duration);
    }

    /// Counts what another has counted.
    pub fn add(&mut self, other: &Self) {
        for (bucket, more) in self.buckets.iter_mut().zip(other.buckets) {
            *bucket += more;
        }
        self.count += other.count;
        self.sum = self.sum.saturating_add(other.sum);
        self.max = self.max.max(other.max);
    }

    /// Returns the number of durations.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// All durations together.
    #[must_use]
    pub const fn sum(&self) -> Duration {
        self.sum
    }

    /// The longest duration.
    #[must_use]
    pub const fn max(&self) -> Duration {
        self.max
    }

    /// The duration that `permille` of a thousand are not above, rounded up to the bound of a bucket; `None` if
    /// nothing was counted.
    #[must_use]
    pub fn quantile(&self, permille: u16) -> Option<Duration> {
        let wanted = self
            .count
            .checked_mul(u64::from(permille.min(1000)))?
            .div_ceil(1000)
            .max(1);
        let mut seen = 0;
        let mut buckets = self.buckets();
        buckets.find_map(|(bound, count)| {
            seen += count;
            (seen >= wanted).then_some(bound.min(self.max))
        })
    }

    /// The buckets that are not empty, shortest first: what its durations are below, and how many there are.
    pub fn buckets(&self) -> impl Iterator<Item = (Duration, u64)> {
        let counts = self.buckets.iter().copied().enumerate();
        counts
            .filter(|(_, count)| *count > 0)
            .map(|(at, count)| (bound(at), count))
    }
}

/// The bucket of a number of microseconds.
fn bucket(microseconds: u64) -> usize {
    let value = microseconds.max(1);
    let power = value.ilog2();
    // What is left of the value below its power, in quarters of it.
    let cut = ((value - (1 << power)) << 2) >> power;
    let at = u64::from(power) * 4 + cut;
    let at = usize::try_from(at).expect("less than 4 times 64");
    at.min(BUCKETS - 1)
}

/// What is below the end of a bucket.
fn bound(at: usize) -> Duration {
    let (power, cut) = (at / CUTS, at % CUTS);
    let power = u32::try_from(power).expect("less than 64");
    let quarters = (CUTS + cut + 1) as u128;
    let end = (quarters << power).div_ceil(4);
    Duration::from_micros(u64::try_from(end).unwrap_or(u64::MAX))
}

impl fmt::Debug for Histogram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Histogram")
            .field("count", &self.count)
            .field("sum", &self.sum)
            .field("median", &self.quantile(500))
            .field("max", &self.max)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_duration_lies_below_the_bound_of_its_bucket_and_not_below_that_of_the_one_before() {
        for power in 0..39 {
            for offset in [0, 1, 2, 3] {
                let value = (1_u64 << power) + ((1 << power) / 4 * offset);
                let at = bucket(value);
                assert!(Duration::from_micros(value) <= bound(at), "{value}");
                if at > 0 {
                    assert!(
                        Duration::from_micros(value) >= bound(at - 1) || power < 2,
                        "{value}"
                    );
                }
            }
        }
        assert_eq!(bucket(0), 0);
        assert_eq!(bucket(u64::MAX), BUCKETS - 1);
    }

    #[test]
    fn a_quantile_is_at_most_a_quarter_too_high() {
        let mut histogram = Histogram::default();
        for milliseconds in 1..=1000 {
            histogram.record(Duration::from_millis(milliseconds));
        }
        for permille in [1, 10, 500, 900, 990, 999, 1000] {
            let found = histogram.quantile(permille).unwrap();
            let exact = Duration::from_millis(u64::from(permille));
            assert!(
                found >= exact && found <= exact * 5 / 4 + Duration::from_millis(1),
                "{permille}"
            );
        }
        assert_eq!(histogram.quantile(1000), Some(histogram.max()));
        assert_eq!(Histogram::default().quantile(500), None);
    }

    #[test]
    fn adding_is_counting_both() {
        let (mut one, mut other, mut both) = <(Histogram, Histogram, Histogram)>::default();
        for value in [3, 500, 70_000] {
            one.record(Duration::from_micros(value));
            both.record(Duration::from_micros(value));
        }
        other.record(Duration::MAX);
        both.record(Duration::MAX);
        one.add(&other);
        assert_eq!(one, both);
    }
}
