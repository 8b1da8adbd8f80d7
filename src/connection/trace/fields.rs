//! The fields of events, of those about one request and of those about the connection itself, and their message.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use crate::ErrorCode;
use crate::connection::close_reason::Ms;
use crate::connection::{
    ApiLabel, CloseReport, Completion, Event, Hint, Outcome, ProbeOutcome, Severity, State, Waits,
};

use super::{Stages, TARGET, api_name, at_severity, micros};

/// What an event says of a request. The table at [`Event::trace`](crate::connection::Event::trace) has each field.
pub(super) struct RequestFields<'e> {
    pub(super) event: &'static str,
    pub(super) label: ApiLabel,
    pub(super) tag: Option<u64>,
    pub(super) attempt: Option<u32>,
    pub(super) blocked_on: Option<&'static str>,
    pub(super) waits: Waits,
    pub(super) outcome: Option<&'static str>,
    pub(super) timed_out: Option<bool>,
    pub(super) delivery: Option<&'static str>,
    pub(super) bytes_out: Option<usize>,
    pub(super) bytes_in: Option<usize>,
    pub(super) stages: Stages,
    pub(super) round_trip_us: Option<u64>,
    pub(super) decode_us: Option<u64>,
    pub(super) throttle_us: Option<u64>,
    pub(super) error_code: Option<i16>,
    pub(super) error_codes: &'e [ErrorCode],
    pub(super) response_version: Option<i16>,
}

impl RequestFields<'_> {
    /// Nothing but the request.
    pub(super) fn of(event: &'static str, label: ApiLabel) -> Self {
        Self {
            event,
            label,
            tag: None,
            attempt: None,
            blocked_on: None,
            waits: Waits::default(),
            outcome: None,
            timed_out: None,
            delivery: None,
            bytes_out: None,
            bytes_in: None,
            stages: Stages::default(),
            round_trip_us: None,
            decode_us: None,
            throttle_us: None,
            error_code: None,
            error_codes: &[],
            response_version: None,
        }
    }

    pub(super) fn completed(completion: &Completion) -> Self {
        let is_timeout = match completion.outcome() {
            Outcome::Failed(error) => error.is_timeout(),
            Outcome::Response(_) | Outcome::Written => false,
        };
        Self {
            tag: Some(completion.tag()),
            attempt: Some(completion.attempt()),
            waits: completion.timings().waits,
            outcome: Some(completion.outcome().name()),
            timed_out: is_timeout.then_some(true),
            delivery: Some(completion.delivery().name()),
            bytes_out: Some(completion.bytes_out()),
            bytes_in: Some(completion.bytes_in()),
            stages: Stages::of(completion.timings()),
            throttle_us: passed(completion.throttle()),
            ..Self::of("completed", completion.label())
        }
    }

    pub(super) fn emit(self, severity: Severity, broker: &str, line: &Line<'_>) {
        let ApiLabel {
            api_key,
            version,
            correlation_id,
            ..
        } = self.label;
        let error_codes = (!self.error_codes.is_empty()).then_some(Names(self.error_codes));
        at_severity!(
            severity,
            target: TARGET,
            event = self.event,
            broker,
            api = &*api_name(api_key),
            api_version = version.0,
            correlation_id,
            tag = self.tag,
            attempt = self.attempt,
            blocked_on = self.blocked_on,
            initialization_wait_us = passed(self.waits.initialization),
            throttle_wait_us = passed(self.waits.throttle),
            reauthentication_wait_us = passed(self.waits.reauthentication),
            in_flight_wait_us = passed(self.waits.in_flight),
            outcome = self.outcome,
            timed_out = self.timed_out,
            delivery = self.delivery,
            bytes_out = self.bytes_out,
            bytes_in = self.bytes_in,
            queue_us = self.stages.queue_us,
            write_us = self.stages.write_us,
            head_of_line_us = self.stages.head_of_line_us,
            ttfb_us = self.stages.ttfb_us,
            transfer_us = self.stages.transfer_us,
            total_us = self.stages.total_us,
            round_trip_us = self.round_trip_us,
            decode_us = self.decode_us,
            throttle_us = self.throttle_us,
            error_code = self.error_code,
            error_codes = error_codes.map(tracing::field::display),
            response_version = self.response_version,
            "{line}"
        );
    }
}

/// A duration of which zero says nothing.
fn passed(duration: Duration) -> Option<u64> {
    (!duration.is_zero()).then(|| micros(duration))
}

/// Errors by their names, with commas between.
struct Names<'e>(&'e [ErrorCode]);

impl fmt::Display for Names<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, code) in self.0.iter().enumerate() {
            let separator = if place == 0 { "" } else { ", " };
            write!(f, "{separator}{code}")?;
        }
        Ok(())
    }
}

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

/// An event of the connection to a broker; it prints as `broker 1: Fetch v16 (correlation 42): responded after 12 ms`.
pub(super) struct Line<'e> {
    pub(super) broker: &'e str,
    pub(super) event: &'e Event,
}

impl Line<'_> {
    /// Returns `true` if what is printed has the broker in front already.
    fn names_broker(&self) -> bool {
        match self.event {
            Event::Closed(_) => true,
            Event::Completed(completion) => matches!(completion.outcome(), Outcome::Failed(_)),
            Event::Probed { outcome, .. } => matches!(outcome, ProbeOutcome::Failed(_)),
            _ => false,
        }
    }
}

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.names_broker() {
            write!(f, "{}: ", self.broker)?;
        }
        match self.event {
            Event::StateChanged { from, to, after } => {
                write!(f, "{from} for {}, now {to}", Ms(*after))
            }
            Event::VersionsFallback {
                from, to, error, ..
            } => write!(
                f,
                "broker refused ApiVersions v{from}: {error}; trying v{to}"
            ),
            Event::VersionsNegotiated { version, .. } => {
                write!(f, "broker said its versions in ApiVersions v{version}")
            }
            Event::SaslStarted { mechanism, again } => {
                write!(f, "authenticating{} with {mechanism}", Again(*again))
            }
            Event::SaslFallback { from, to } => write!(
                f,
                "broker does not have the SASL mechanism {from}; trying {to}"
            ),
            Event::SaslTokenWanted { .. } => f.write_str("waiting for the caller's SASL token"),
            Event::SaslStep { rounds, bytes } => {
                write!(f, "broker answered SASL token {rounds} with {bytes} bytes")
            }
            Event::SaslSucceeded {
                mechanism,
                took,
                again,
                ..
            } => write!(
                f,
                "authenticated{} with {mechanism} after {}",
                Again(*again),
                Ms(*took)
            ),
            Event::Ready { took } => {
                let parts = [
                    took.api_versions,
                    took.sasl_handshake,
                    took.sasl_authenticate,
                ];
                write!(f, "ready after {}", Ms(parts.iter().sum()))
            }
            Event::Blocked { label, on, .. } => write!(f, "{label}: blocked on {on}"),
            Event::Admitted { label, waits, .. } => {
                let waits = [
                    waits.initialization,
                    waits.throttle,
                    waits.reauthentication,
                    waits.in_flight,
                ];
                write!(f, "{label}: admitted after {}", Ms(waits.iter().sum()))
            }
            Event::Written { label, bytes, .. } => write!(f, "{label}: {bytes} bytes written"),
            Event::Completed(completion) => {
                let label = completion.label();
                let total = || Ms(completion.timings().total().expect("it was written"));
                match completion.outcome() {
                    Outcome::Response(_) => write!(f, "{label}: responded after {}", total()),
                    Outcome::Written => write!(f, "{label}: written after {}", total()),
                    Outcome::Failed(error) => error.fmt(f),
                }
            }
            Event::Throttled { label, time, until } => {
                write!(f, "{label}: throttled for {}", Ms(*time))?;
                match until {
                    Some(_) => Ok(()),
                    None => f.write_str(", which the broker waited itself"),
                }
            }
            Event::LateResponse { label, bytes } => write!(
                f,
                "{label}: response of {bytes} bytes after it had been given up"
            ),
            Event::UnexpectedResponse { label, bytes } => {
                write!(f, "{label}: response of {bytes} bytes, none was expected")
            }
            Event::Decoded {
                label,
                result,
                after,
                ..
            } => match result {
                Ok(()) => write!(f, "{label}: decoded after {}", Us(*after)),
                Err(error) => write!(f, "{label}: {error}"),
            },
            Event::Probed { label, outcome } => match outcome {
                ProbeOutcome::Answered { round_trip, .. } => {
                    write!(f, "{label}: probe answered after {}", Ms(*round_trip))
                }
                ProbeOutcome::Failed(error) => error.fmt(f),
            },
            Event::KeepAliveDue { idle } => write!(f, "{} idle, a probe is due", Ms(*idle)),
            Event::Closed(report) => report.fmt(f),
        }
    }
}

/// Whether it is not for the first time.
struct Again(bool);

impl fmt::Display for Again {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0 { " again" } else { "" })
    }
}

/// A short duration for people: `1500 us`.
struct Us(Duration);

impl fmt::Display for Us {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} us", self.0.as_micros())
    }
}
