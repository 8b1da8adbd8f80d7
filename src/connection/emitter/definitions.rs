//! The metrics that are emitted: names, units and descriptions. Labels stand where handles are made.

use metrics::{Counter, Gauge, Histogram, Label, Unit};

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
