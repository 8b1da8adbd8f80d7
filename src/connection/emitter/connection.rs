//! What is counted, timed and measured of connections themselves.

use metrics::{Counter, Gauge, Histogram};

use super::{Labels, definitions};
use crate::connection::Gauges;
use crate::connection::Initialization;
use crate::connection::State;

/// What is counted of connections beside their ends.
pub(super) struct ConnectionMetrics {
    pub(super) opened: Counter,
    ready: Counter,
    initialization: [Histogram; 3],
    pub(super) reauthentication: Histogram,
    pub(super) probe: Histogram,
    pub(super) failed_probes: Counter,
}

impl ConnectionMetrics {
    pub(super) fn new(labels: &Labels) -> Self {
        let phase =
            |phase| definitions::INITIALIZATION_DURATION.histogram(labels.with([("phase", phase)]));
        Self {
            opened: definitions::CONNECTIONS_OPENED.counter(labels.with([])),
            ready: definitions::CONNECTIONS_READY.counter(labels.with([])),
            initialization: ["api_versions", "sasl_handshake", "sasl_authenticate"].map(phase),
            reauthentication: definitions::REAUTHENTICATION_DURATION.histogram(labels.with([])),
            probe: definitions::PROBE_DURATION.histogram(labels.with([])),
            failed_probes: definitions::PROBES_FAILED.counter(labels.with([])),
        }
    }

    pub(super) fn ready(&self, took: &Initialization) {
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
pub(super) struct ConnectionGauges {
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
    pub(super) fn new(labels: &Labels) -> Self {
        Self {
            in_flight: definitions::IN_FLIGHT.gauge(labels.with([])),
            waiting: definitions::WAITING.gauge(labels.with([])),
            unwritten: definitions::UNWRITTEN.gauge(labels.with([])),
            oldest: definitions::OLDEST.gauge(labels.with([])),
            idle: definitions::IDLE.gauge(labels.with([])),
            in_state: definitions::IN_STATE.gauge(labels.with([])),
            state: None,
        }
    }

    pub(super) fn set(&mut self, labels: &Labels, gauges: &Gauges) {
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
        let gauge = definitions::STATE.gauge(labels.with([("state", gauges.state.name())]));
        gauge.set(1.0);
        self.state = Some((gauges.state, gauge));
    }
}
