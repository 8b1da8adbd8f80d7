//! Events of connections for the facade `metrics`. What counts in a snapshot is in [`Metrics`](super::Metrics). Only with
//! the feature `metrics`.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use metrics::{Counter, Gauge, Histogram, Label, SharedString, Unit};

use crate::{ApiKey, ErrorCode};

use super::{
    CloseReport, Completion, Delivery, Event, Gauges, Initialization, Outcome, ProbeOutcome, Retry,
    State,
};

/// Counts and times the events of the connections to a broker in the metrics of the crate `metrics`. Only with the feature
/// `metrics`.
///
/// All have the label `broker`, which is the name that is given here. What is told apart further has one more or two, and each
/// of them is one of a few words: nothing that a peer or a user says becomes a label. So an API that is not known is
/// `unknown`.
///
/// | metric | kind | labels | what it is |
/// |---|---|---|---|
/// | `kafka_requests_total` | counter | `api`, `outcome`, `delivery` | requests that are over, by [how they ended](super::Outcome::name) and [how far they got](super::Delivery::name) |
/// | `kafka_requests_timed_out_total` | counter | `api` | those whose own time ran out, not that of another on the connection |
/// | `kafka_requests_retriable_total` | counter | `api` | those that failed and [may be sent again](super::Retry) |
/// | `kafka_sent_bytes_total` | counter | `api` | bytes of requests that are over, as far as they were sent |
/// | `kafka_received_bytes_total` | counter | `api` | bytes of their responses |
/// | `kafka_request_duration_seconds` | histogram | `api`, `stage` | the stages of [`Timings`](super::Timings) that a request passed: `queue`, `write`, `head_of_line`, `ttfb`, `transfer`; `total` if it did not fail; `decode` if the caller said |
/// | `kafka_throttle_duration_seconds` | histogram | `api` | for how long the broker throttles, each time it does |
/// | `kafka_responses_undecodable_total` | counter | `api` | responses that did not decode |
/// | `kafka_response_errors_total` | counter | `api`, `error` | Kafka's errors in responses by name, `unknown` if it
/// has none, as far as the caller [reported them](super::DecodedResponse::with_error_codes) |
/// | `kafka_responses_late_total` | counter | `api` | responses to requests that had been given up |
/// | `kafka_responses_unexpected_total` | counter | `api` | responses to requests that have none |
/// | `kafka_connections_opened_total` | counter | | connections whose transport was opened |
/// | `kafka_connections_ready_total` | counter | | those that became ready |
/// | `kafka_connections_failed_total` | counter | `state` | connections that ended before they were, by [the state they were in](super::State::name) |
/// | `kafka_connections_closed_total` | counter | `reason` | all that ended, by [why](super::CloseReason::name) |
/// | `kafka_initialization_duration_seconds` | histogram | `phase` | getting ready: `api_versions`, `sasl_handshake`, `sasl_authenticate` |
/// | `kafka_reauthentication_duration_seconds` | histogram | | authenticating again |
/// | `kafka_probe_duration_seconds` | histogram | | probes that were answered |
/// | `kafka_probes_failed_total` | counter | | those that were not |
/// | `kafka_requests_in_flight`, `kafka_requests_waiting`, `kafka_requests_unwritten` | gauge | | requests that wait for a response, that are blocked, and that are neither blocked nor written whole |
/// | `kafka_oldest_request_seconds` | gauge | | the age of the oldest request that is not over |
/// | `kafka_connection_idle_seconds` | gauge | | for how long nothing was read or written |
/// | `kafka_connection_state` | gauge | `state` | 1 for the state that the connection is in, 0 for those it was in |
/// | `kafka_connection_state_seconds` | gauge | | for how long it has been in that state |
///
/// Counters and histograms of several connections under one name add up. Gauges do not: give each connection that
/// is to have its own a name, such as `broker 1 fetch`.
///
/// # Examples
///
/// ```
/// # use std::time::Instant;
/// # use kafka_codec::connection::{Connection, ConnectionOptions};
/// use kafka_codec::connection::MetricsEmitter;
///
/// // Once, with the program's recorder installed: handles are of the recorder that there is when they are first needed.
/// MetricsEmitter::describe();
///
/// # let now = Instant::now();
/// # let mut connection = Connection::new(now, ConnectionOptions::new("broker 1"));
/// # connection.close(now);
/// let mut emitter = MetricsEmitter::new(connection.broker().clone());
/// while let Some(event) = connection.poll_event() {
///     emitter.observe(&event);
///     // .. and whatever else is done with it
/// }
/// emitter.set(&connection.gauges(now)); // now and then
/// ```
pub struct MetricsEmitter {
    labels: Labels,
    apis: BTreeMap<&'static str, ApiMetrics>,
    closed: BTreeMap<&'static str, Counter>,
    failed: BTreeMap<&'static str, Counter>,
    connection: Option<ConnectionMetrics>,
    gauges: Option<ConnectionGauges>,
}

impl MetricsEmitter {
    /// Describes all metrics and their units to the recorder that is installed.
    pub fn describe() {
        describe_all();
    }

    /// An emitter whose metrics have this label `broker`.
    ///
    /// There should be few names: each has its own series.
    #[must_use]
    pub fn new(broker: impl Into<Arc<str>>) -> Self {
        Self {
            labels: Labels(SharedString::from_shared(broker.into())),
            apis: BTreeMap::new(),
            closed: BTreeMap::new(),
            failed: BTreeMap::new(),
            connection: None,
            gauges: None,
        }
    }

    /// Counts an event.
    pub fn observe(&mut self, event: &Event) {
        match event {
            Event::Completed(completion) => {
                self.api(completion.label().api_key).completed(completion);
            }
            Event::Decoded {
                label,
                result,
                error_codes,
                after,
                ..
            } => {
                let is_ok = result.is_ok();
                self.api(label.api_key).decoded(is_ok, error_codes, *after);
            }
            Event::StateChanged {
                from: State::Connecting,
                to,
                ..
            } if *to != State::Closed => self.connection().opened.increment(1),
            Event::Throttled { label, time, .. } => {
                self.api(label.api_key).throttle.record(*time);
            }
            Event::LateResponse { label, .. } => self.api(label.api_key).late.increment(1),
            Event::UnexpectedResponse { label, .. } => {
                self.api(label.api_key).unexpected.increment(1);
            }
            Event::Ready { took } => self.connection().ready(took),
            Event::SaslSucceeded {
                took, again: true, ..
            } => self.connection().reauthentication.record(*took),
            Event::Probed { outcome, .. } => match outcome {
                ProbeOutcome::Answered { round_trip, .. } => {
                    self.connection().probe.record(*round_trip);
                }
                ProbeOutcome::Failed(_) => self.connection().failed_probes.increment(1),
            },
            Event::Closed(report) => self.closed(report),
            _ => {}
        }
    }

    /// Sets the gauges. They stay as they are until they are set again, also when the connection is over.
    pub fn set(&mut self, gauges: &Gauges) {
        let labels = &self.labels;
        self.gauges
            .get_or_insert_with(|| ConnectionGauges::new(labels))
            .set(labels, gauges);
    }

    fn closed(&mut self, report: &CloseReport) {
        let (labels, reason) = (&self.labels, report.reason.name());
        let closed = self
            .closed
            .entry(reason)
            .or_insert_with(|| CONNECTIONS_CLOSED.counter(labels.with([("reason", reason)])));
        closed.increment(1);
        if report.state.is_initial() {
            let state = report.state.name();
            let failed = self
                .failed
                .entry(state)
                .or_insert_with(|| CONNECTIONS_FAILED.counter(labels.with([("state", state)])));
            failed.increment(1);
        }
    }

    fn api(&mut self, key: ApiKey) -> &mut ApiMetrics {
        let (labels, name) = (&self.labels, key.name().unwrap_or("unknown"));
        let new = || ApiMetrics::new(labels.clone(), name);
        self.apis.entry(name).or_insert_with(new)
    }

    fn connection(&mut self) -> &ConnectionMetrics {
        let labels = &self.labels;
        self.connection
            .get_or_insert_with(|| ConnectionMetrics::new(labels))
    }
}

impl fmt::Debug for MetricsEmitter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MetricsEmitter")
            .field("broker", &&*self.labels.0)
            .finish_non_exhaustive()
    }
}

/// The labels that all metrics of a broker have.
#[derive(Clone)]
struct Labels(SharedString);

impl Labels {
    /// These, and others.
    fn with<const N: usize>(&self, more: [(&'static str, &'static str); N]) -> Vec<Label> {
        let more = more.map(|(key, value)| Label::from_static_parts(key, value));
        [Label::new("broker", self.0.clone())]
            .into_iter()
            .chain(more)
            .collect()
    }
}

/// The handles of an API. Those of outcomes and errors are made when there is one.
struct ApiMetrics {
    labels: Labels,
    name: &'static str,
    requests: BTreeMap<(&'static str, &'static str), Counter>,
    errors: BTreeMap<&'static str, Counter>,
    timed_out: Counter,
    retriable: Counter,
    sent: Counter,
    received: Counter,
    undecodable: Counter,
    late: Counter,
    unexpected: Counter,
    throttle: Histogram,
    queue: Histogram,
    write: Histogram,
    head_of_line: Histogram,
    ttfb: Histogram,
    transfer: Histogram,
    total: Histogram,
    decode: Histogram,
}

impl ApiMetrics {
    fn new(labels: Labels, name: &'static str) -> Self {
        let api = || labels.with([("api", name)]);
        let stage = |stage| {
            let labels = labels.with([("api", name), ("stage", stage)]);
            REQUEST_DURATION.histogram(labels)
        };
        Self {
            name,
            requests: BTreeMap::new(),
            errors: BTreeMap::new(),
            timed_out: TIMED_OUT.counter(api()),
            retriable: RETRIABLE.counter(api()),
            sent: SENT.counter(api()),
            received: RECEIVED.counter(api()),
            undecodable: UNDECODABLE.counter(api()),
            late: LATE.counter(api()),
            unexpected: UNEXPECTED.counter(api()),
            throttle: THROTTLE_DURATION.histogram(api()),
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

    fn completed(&mut self, completion: &Completion) {
        let (outcome, delivery) = (completion.outcome(), completion.delivery());
        self.request(outcome.name(), delivery.name());
        let sent = match delivery {
            Delivery::NotSent => 0,
            Delivery::PartiallySent { bytes, .. } => bytes,
            _ => completion.bytes_out(),
        };
        self.sent.increment(sent as u64);
        self.received.increment(completion.bytes_in() as u64);
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

    fn decoded(&mut self, is_ok: bool, errors: &[ErrorCode], after: Duration) {
        record(&self.decode, Some(after));
        self.undecodable.increment(u64::from(!is_ok));
        for code in errors {
            let error = code.name().unwrap_or("unknown");
            let errors = self.errors.entry(error).or_insert_with(|| {
                let labels = [("api", self.name), ("error", error)];
                ERRORS.counter(self.labels.with(labels))
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
            REQUESTS.counter(self.labels.with(labels))
        });
        requests.increment(1);
    }
}

fn record(histogram: &Histogram, duration: Option<Duration>) {
    if let Some(duration) = duration {
        histogram.record(duration);
    }
}

/// What is counted of connections beside their ends.
struct ConnectionMetrics {
    opened: Counter,
    ready: Counter,
    initialization: [Histogram; 3],
    reauthentication: Histogram,
    probe: Histogram,
    failed_probes: Counter,
}

impl ConnectionMetrics {
    fn new(labels: &Labels) -> Self {
        let phase = |phase| INITIALIZATION_DURATION.histogram(labels.with([("phase", phase)]));
        Self {
            opened: CONNECTIONS_OPENED.counter(labels.with([])),
            ready: CONNECTIONS_READY.counter(labels.with([])),
            initialization: ["api_versions", "sasl_handshake", "sasl_authenticate"].map(phase),
            reauthentication: REAUTHENTICATION_DURATION.histogram(labels.with([])),
            probe: PROBE_DURATION.histogram(labels.with([])),
            failed_probes: PROBES_FAILED.counter(labels.with([])),
        }
    }

    fn ready(&self, took: &Initialization) {
        self.ready.increment(1);
        let took = [
            took.api_versions,
            took.sasl_handshake,
            took.sasl_authenticate,
        ];
        for (histogram, took) in self.initialization.iter().zip(took) {
            histogram.record(took);
        }
    }
}

/// What a connection is like just now.
struct ConnectionGauges {
    in_flight: Gauge,
    waiting: Gauge,
    unwritten: Gauge,
    oldest: Gauge,
    idle: Gauge,
    in_state: Gauge,
    /// The state that was set last, and its gauge.
    state: Option<(State, Gauge)>,
}

impl ConnectionGauges {
    fn new(labels: &Labels) -> Self {
        Self {
            in_flight: IN_FLIGHT.gauge(labels.with([])),
            waiting: WAITING.gauge(labels.with([])),
            unwritten: UNWRITTEN.gauge(labels.with([])),
            oldest: OLDEST.gauge(labels.with([])),
            idle: IDLE.gauge(labels.with([])),
            in_state: IN_STATE.gauge(labels.with([])),
            state: None,
        }
    }

    fn set(&mut self, labels: &Labels, gauges: &Gauges) {
        let count = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
        self.in_flight.set(count(gauges.in_flight));
        self.waiting.set(count(gauges.waiting));
        self.unwritten.set(count(gauges.unwritten));
        self.oldest.set(gauges.oldest);
        self.idle.set(gauges.idle);
        self.in_state.set(gauges.in_state);
        if let Some((state, before)) = &self.state {
            if *state == gauges.state {
                return;
            }
            before.set(0.0);
        }
        let gauge = STATE.gauge(labels.with([("state", gauges.state.name())]));
        gauge.set(1.0);
        self.state = Some((gauges.state, gauge));
    }
}

/// A metric of one name, whatever its labels.
pub(super) struct Definition {
    name: &'static str,
    unit: Unit,
    description: &'static str,
}

impl Definition {
    const fn new(name: &'static str, unit: Unit, description: &'static str) -> Self {
        Self {
            name,
            unit,
            description,
        }
    }

    pub(super) fn counter(&self, labels: Vec<Label>) -> Counter {
        metrics::counter!(self.name, labels)
    }

    pub(super) fn gauge(&self, labels: Vec<Label>) -> Gauge {
        metrics::gauge!(self.name, labels)
    }

    pub(super) fn histogram(&self, labels: Vec<Label>) -> Histogram {
        metrics::histogram!(self.name, labels)
    }
}

/// Tells the recorder of all of them.
pub(super) fn describe_all() {
    for Definition {
        name,
        unit,
        description,
    } in COUNTERS
    {
        metrics::describe_counter!(*name, *unit, *description);
    }
    for Definition {
        name,
        unit,
        description,
    } in HISTOGRAMS
    {
        metrics::describe_histogram!(*name, *unit, *description);
    }
    for Definition {
        name,
        unit,
        description,
    } in GAUGES
    {
        metrics::describe_gauge!(*name, *unit, *description);
    }
}

/// Declares definitions, and the list of them.
macro_rules! definitions {
    ($list:ident: $($constant:ident = $name:literal in $unit:ident, $description:literal;)*) => {
        $(pub(super) static $constant: Definition =
            Definition::new($name, Unit::$unit, $description);)*
        static $list: &[&Definition] = &[$(&$constant),*];
    };
}

definitions! { COUNTERS:
    REQUESTS = "kafka_requests_total" in Count, "Requests that are over";
    TIMED_OUT = "kafka_requests_timed_out_total" in Count, "Requests whose own time ran out";
    RETRIABLE = "kafka_requests_retriable_total" in Count, "Requests that failed and may be sent again";
    SENT = "kafka_sent_bytes_total" in Bytes, "Bytes of requests that were sent";
    RECEIVED = "kafka_received_bytes_total" in Bytes, "Bytes of responses";
    UNDECODABLE = "kafka_responses_undecodable_total" in Count, "Responses that did not decode";
    ERRORS = "kafka_response_errors_total" in Count, "Error codes in responses";
    LATE = "kafka_responses_late_total" in Count, "Responses to requests that had been given up";
    UNEXPECTED = "kafka_responses_unexpected_total" in Count, "Responses to requests that have none";
    CONNECTIONS_OPENED = "kafka_connections_opened_total" in Count, "Connections whose transport was opened";
    CONNECTIONS_READY = "kafka_connections_ready_total" in Count, "Connections that became ready";
    CONNECTIONS_FAILED = "kafka_connections_failed_total" in Count, "Connections that ended before they were ready";
    CONNECTIONS_CLOSED = "kafka_connections_closed_total" in Count, "Connections that ended";
    PROBES_FAILED = "kafka_probes_failed_total" in Count, "Probes that failed";
}

definitions! { HISTOGRAMS:
    REQUEST_DURATION = "kafka_request_duration_seconds" in Seconds, "Stages of requests";
    THROTTLE_DURATION = "kafka_throttle_duration_seconds" in Seconds, "For how long the broker throttled";
    INITIALIZATION_DURATION = "kafka_initialization_duration_seconds" in Seconds, "Parts of getting connections ready";
    REAUTHENTICATION_DURATION = "kafka_reauthentication_duration_seconds" in Seconds, "Authenticating again";
    PROBE_DURATION = "kafka_probe_duration_seconds" in Seconds, "Probes, from being written to their answer";
}

definitions! { GAUGES:
    IN_FLIGHT = "kafka_requests_in_flight" in Count, "Requests that wait for a response";
    WAITING = "kafka_requests_waiting" in Count, "Requests that are blocked";
    UNWRITTEN = "kafka_requests_unwritten" in Count, "Requests that are not blocked, and not written whole";
    OLDEST = "kafka_oldest_request_seconds" in Seconds, "Age of the oldest request that is not over";
    IDLE = "kafka_connection_idle_seconds" in Seconds, "For how long nothing was read or written";
    STATE = "kafka_connection_state" in Count, "1 for the state that the connection is in, 0 for others";
    IN_STATE = "kafka_connection_state_seconds" in Seconds, "For how long the connection has been in its state";
}
