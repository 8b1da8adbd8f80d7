//! The fields of events about the connection itself.

use std::borrow::Cow;

use super::line::Line;
use super::{TARGET, api_name, at_severity, micros};
use crate::connection::CloseReport;
use crate::connection::Hint;
use crate::connection::Severity;
use crate::connection::State;

/// What an event says of a connection. The table at [`Event::trace`](crate::connection::Event::trace) has each field.
#[derive(Default)]
pub(super) struct ConnectionFields<'e> {
    pub(super) event: &'static str,
    pub(super) api: Option<Cow<'static, str>>,
    pub(super) api_version: Option<i16>,
    pub(super) correlation_id: Option<i32>,
    pub(super) state: Option<&'static str>,
    pub(super) previous_state: Option<&'static str>,
    pub(super) previous_state_us: Option<u64>,
    pub(super) refused_version: Option<i16>,
    pub(super) error_code: Option<i16>,
    pub(super) mechanism: Option<&'e str>,
    pub(super) refused_mechanism: Option<&'e str>,
    pub(super) rounds: Option<u32>,
    pub(super) again: Option<bool>,
    pub(super) took_us: Option<u64>,
    pub(super) lifetime_us: Option<u64>,
    pub(super) waiting: Option<usize>,
    pub(super) api_versions_us: Option<u64>,
    pub(super) sasl_handshake_us: Option<u64>,
    pub(super) sasl_authenticate_us: Option<u64>,
    pub(super) idle_us: Option<u64>,
    pub(super) age_us: Option<u64>,
    pub(super) reason: Option<&'static str>,
    pub(super) hint: Option<Hint>,
    pub(super) fingerprint: Option<u64>,
    pub(super) in_flight: Option<usize>,
    pub(super) not_sent: Option<usize>,
    pub(super) responses: Option<u64>,
    pub(super) bytes_out: Option<u64>,
    pub(super) bytes_in: Option<u64>,
}

impl ConnectionFields<'_> {
    /// Nothing but what happened.
    pub(super) fn of(event: &'static str) -> Self {
        Self {
            event,
            ..Self::default()
        }
    }

    pub(super) fn closed(report: &CloseReport) -> Self {
        Self {
            api: report.head.map(|head| api_name(head.api_key)),
            api_version: report.head.map(|head| head.version.0),
            correlation_id: report.head.map(|head| head.correlation_id),
            state: Some(State::Closed.name()),
            previous_state: Some(report.state.name()),
            previous_state_us: Some(micros(report.in_state)),
            idle_us: Some(micros(report.idle)),
            age_us: Some(micros(report.age)),
            reason: Some(report.reason.name()),
            hint: report.hint,
            fingerprint: Some(report.fingerprint()),
            in_flight: Some(report.in_flight.len()),
            not_sent: Some(report.not_sent),
            responses: Some(report.responses),
            bytes_out: Some(report.bytes_out),
            bytes_in: Some(report.bytes_in),
            ..Self::of("closed")
        }
    }

    pub(super) fn emit(self, severity: Severity, broker: &str, line: &Line<'_>) {
        at_severity!(
            severity,
            target: TARGET,
            event = self.event,
            broker,
            api = self.api.as_deref(),
            api_version = self.api_version,
            correlation_id = self.correlation_id,
            state = self.state,
            previous_state = self.previous_state,
            previous_state_us = self.previous_state_us,
            refused_version = self.refused_version,
            error_code = self.error_code,
            mechanism = self.mechanism,
            refused_mechanism = self.refused_mechanism,
            rounds = self.rounds,
            again = self.again,
            took_us = self.took_us,
            lifetime_us = self.lifetime_us,
            waiting = self.waiting,
            api_versions_us = self.api_versions_us,
            sasl_handshake_us = self.sasl_handshake_us,
            sasl_authenticate_us = self.sasl_authenticate_us,
            idle_us = self.idle_us,
            age_us = self.age_us,
            reason = self.reason,
            hint = self.hint.map(tracing::field::display),
            fingerprint = self.fingerprint,
            in_flight = self.in_flight,
            not_sent = self.not_sent,
            responses = self.responses,
            bytes_out = self.bytes_out,
            bytes_in = self.bytes_in,
            "{line}"
        );
    }
}
