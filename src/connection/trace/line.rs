//! Events as one line for people, with the broker in front. What an end or a failure prints says it already.

use std::fmt;
use std::time::Duration;

use crate::connection::Outcome;
use crate::connection::close_reason::Ms;
use crate::connection::{Event, ProbeOutcome};

/// An event of the connection to a broker; it prints as `broker 1: Fetch v16 (correlation 42): responded after 12 ms`.
pub(super) struct Line<'e> {
    pub(super) broker: &'e str,
    pub(super) event: &'e Event,
}

impl Line<'_> {
    /// Whether what is printed has the broker in front already.
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
