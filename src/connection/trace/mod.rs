//! Events of connections as events of `tracing`, one for one. Connections do not log: the caller hands each event over.
//! Only with the feature `tracing`.

mod fields;

use std::borrow::Cow;
use std::time::Duration;

use tracing::Level;
use tracing::level_filters::LevelFilter;

use crate::ApiKey;

use super::Timings;
use super::{Event, ProbeOutcome, Severity};
use fields::{ConnectionFields, Line, RequestFields};

/// What filters find these events by.
const TARGET: &str = "kafka_codec::connection";

impl Event {
    /// Hands the event to `tracing`, as one event of its own. Only with the feature `tracing`.
    ///
    /// `broker` is what the connection [is called](super::Connection::broker). The level follows from the
    /// [severity](Self::severity), the target is `kafka_codec::connection`, and the message is one line. Fields keep their names
    /// and units; a field that says nothing is left out.
    ///
    /// | field | what it is | on which events |
    /// |---|---|---|
    /// | `event` | the name of the variant, such as `completed` | all |
    /// | `broker` | what the connection is called | all |
    /// | `api`, `api_version`, `correlation_id` | the request (other clients log the API as `req`) | all about requests; `closed`: of the one that was due |
    /// | `tag`, `attempt` | as the caller [submitted](super::SubmitOptions) it | `completed`; `decoded` without `attempt` |
    /// | `blocked_on` | [what it is blocked on](super::BlockedOn::name) | `blocked` |
    /// | `initialization_wait_us`, `throttle_wait_us`, `reauthentication_wait_us`, `in_flight_wait_us` | for how long it was blocked on what, in microseconds | `admitted`, `completed` |
    /// | `outcome` | [how it ended](super::Outcome::name); for probes `answered` or `failed`, for decoding `decoded` or `failed` | `completed`, `probed`, `decoded` |
    /// | `timed_out` | `true` if its own time ran out, not that of another request | `completed` |
    /// | `delivery` | [how far it got](super::Delivery::name) | `completed`; `probed` if it failed |
    /// | `bytes_out`, `bytes_in` | bytes, sizes of frames included | `written`, `completed`, `late_response`, `unexpected_response`, `sasl_step`, `closed` |
    /// | `queue_us`, `write_us`, `head_of_line_us`, `ttfb_us`, `transfer_us`, `total_us` | the stages of [`Timings`], in microseconds | `completed`, as far as it got |
    /// | `round_trip_us`, `head_of_line_us` | the probe, and the time behind other requests in it | `probed` |
    /// | `decode_us` | from the last byte to being decoded | `decoded` |
    /// | `throttle_us` | for how long the broker throttles | `throttled`; `completed` if it does |
    /// | `error_code` | the number of Kafka's error | `versions_fallback`; `probed` if it is answered |
    /// | `error_codes` | Kafka's errors in it, as far as the caller said | `decoded` |
    /// | `response_version` | the version that the response is in; `api_version` is that of the request | `versions_negotiated` |
    /// | `state`, `previous_state`, `previous_state_us` | the [names](super::State::name) of the state from now on and the one before, and how long that lasted | `state_changed`, `closed` |
    /// | `refused_version` | the version of ApiVersions that the broker does not know; `api_version` is tried | `versions_fallback` |
    /// | `mechanism`, `refused_mechanism`, `rounds`, `again` | SASL: which, which not, how many tokens, and whether not for the first time | those of SASL |
    /// | `took_us`, `lifetime_us`, `waiting` | authenticating, for how long the broker believes it, and how many requests wait for it | `sasl_succeeded` |
    /// | `api_versions_us`, `sasl_handshake_us`, `sasl_authenticate_us` | the parts of getting ready | `ready` |
    /// | `idle_us`, `age_us` | for how long nothing was read or written, and since it was made | `keep_alive_due` without `age_us`, `closed` |
    /// | `reason`, `hint`, `fingerprint` | of the [`CloseReport`](super::CloseReport) | `closed`; `versions_fallback` has a `hint` too |
    /// | `in_flight`, `not_sent`, `responses` | requests that were sent, that were not, and responses that came | `closed` |
    ///
    /// Tokens and bodies are in none of them. The event belongs to the span that the caller is in: to have one for each
    /// request, keep a span by [tag](super::SubmitOptions::with_tag), and one in it for each attempt.
    ///
    /// # Examples
    ///
    /// ```
    /// # use std::time::Instant;
    /// # use kafka_codec::connection::{Connection, ConnectionOptions};
    /// # let now = Instant::now();
    /// # let mut connection = Connection::new(now, ConnectionOptions::new("broker 1 (b1:9092)"));
    /// # connection.close(now);
    /// while let Some(event) = connection.poll_event() {
    ///     event.trace(connection.broker());
    ///     // .. and whatever else is done with it
    /// }
    /// ```
    pub fn trace(&self, broker: &str) {
        let severity = self.severity();
        if level(severity) > LevelFilter::current() {
            return;
        }
        let line = Line {
            broker,
            event: self,
        };
        match self.fields() {
            Fields::Request(fields) => fields.emit(severity, broker, &line),
            Fields::Connection(fields) => fields.emit(severity, broker, &line),
        }
    }

    fn fields(&self) -> Fields<'_> {
        match self {
            Self::StateChanged { from, to, after } => Fields::Connection(ConnectionFields {
                state: Some(to.name()),
                previous_state: Some(from.name()),
                previous_state_us: Some(micros(*after)),
                ..ConnectionFields::of("state_changed")
            }),
            Self::VersionsFallback {
                from,
                to,
                error,
                hint,
            } => Fields::Connection(ConnectionFields {
                api: Some(api_name(ApiKey::ApiVersions)),
                api_version: Some(to.0),
                refused_version: Some(from.0),
                error_code: Some(error.0),
                hint: *hint,
                ..ConnectionFields::of("versions_fallback")
            }),
            Self::VersionsNegotiated {
                version, response, ..
            } => Fields::Request(RequestFields {
                response_version: Some(version.0),
                ..RequestFields::of("versions_negotiated", response.label())
            }),
            Self::SaslStarted { mechanism, again } => Fields::Connection(ConnectionFields {
                mechanism: Some(mechanism),
                again: Some(*again),
                ..ConnectionFields::of("sasl_started")
            }),
            Self::SaslFallback { from, to } => Fields::Connection(ConnectionFields {
                mechanism: Some(to),
                refused_mechanism: Some(from),
                ..ConnectionFields::of("sasl_fallback")
            }),
            Self::SaslTokenWanted { mechanism, .. } => Fields::Connection(ConnectionFields {
                mechanism: Some(mechanism),
                ..ConnectionFields::of("sasl_token_wanted")
            }),
            Self::SaslStep { rounds, bytes } => Fields::Connection(ConnectionFields {
                rounds: Some(*rounds),
                bytes_in: u64::try_from(*bytes).ok(),
                ..ConnectionFields::of("sasl_step")
            }),
            Self::SaslSucceeded {
                mechanism,
                rounds,
                took,
                lifetime,
                again,
                waiting,
                ..
            } => Fields::Connection(ConnectionFields {
                mechanism: Some(mechanism),
                rounds: Some(*rounds),
                again: Some(*again),
                took_us: Some(micros(*took)),
                lifetime_us: lifetime.map(micros),
                waiting: Some(*waiting),
                ..ConnectionFields::of("sasl_succeeded")
            }),
            Self::Ready { took } => Fields::Connection(ConnectionFields {
                api_versions_us: Some(micros(took.api_versions)),
                sasl_handshake_us: Some(micros(took.sasl_handshake)),
                sasl_authenticate_us: Some(micros(took.sasl_authenticate)),
                ..ConnectionFields::of("ready")
            }),
            Self::Blocked { label, on, .. } => Fields::Request(RequestFields {
                blocked_on: Some(on.name()),
                ..RequestFields::of("blocked", *label)
            }),
            Self::Admitted { label, waits, .. } => Fields::Request(RequestFields {
                waits: *waits,
                ..RequestFields::of("admitted", *label)
            }),
            Self::Written { label, bytes, .. } => Fields::Request(RequestFields {
                bytes_out: Some(*bytes),
                ..RequestFields::of("written", *label)
            }),
            Self::Completed(completion) => Fields::Request(RequestFields::completed(completion)),
            Self::Throttled { label, time, .. } => Fields::Request(RequestFields {
                throttle_us: Some(micros(*time)),
                ..RequestFields::of("throttled", *label)
            }),
            Self::LateResponse { label, bytes } => Fields::Request(RequestFields {
                bytes_in: Some(*bytes),
                ..RequestFields::of("late_response", *label)
            }),
            Self::UnexpectedResponse { label, bytes } => Fields::Request(RequestFields {
                bytes_in: Some(*bytes),
                ..RequestFields::of("unexpected_response", *label)
            }),
            Self::Decoded {
                label,
                tag,
                result,
                error_codes,
                after,
            } => Fields::Request(RequestFields {
                tag: Some(*tag),
                outcome: Some(match result {
                    Ok(()) => "decoded",
                    Err(_) => "failed",
                }),
                decode_us: Some(micros(*after)),
                error_codes,
                ..RequestFields::of("decoded", *label)
            }),
            Self::Probed { label, outcome } => Fields::Request(match outcome {
                ProbeOutcome::Answered {
                    round_trip,
                    behind_others,
                    error,
                    ..
                } => RequestFields {
                    outcome: Some("answered"),
                    round_trip_us: Some(micros(*round_trip)),
                    stages: Stages {
                        head_of_line_us: Some(micros(*behind_others)),
                        ..Stages::default()
                    },
                    error_code: Some(error.0),
                    ..RequestFields::of("probed", *label)
                },
                ProbeOutcome::Failed(error) => RequestFields {
                    outcome: Some("failed"),
                    delivery: Some(error.delivery().name()),
                    ..RequestFields::of("probed", *label)
                },
            }),
            Self::KeepAliveDue { idle } => Fields::Connection(ConnectionFields {
                idle_us: Some(micros(*idle)),
                ..ConnectionFields::of("keep_alive_due")
            }),
            Self::Closed(report) => Fields::Connection(ConnectionFields::closed(report)),
        }
    }
}

/// What an event says, by what it is about. Each kind has its own fields, so that no subscriber sees more than 32 of them.
enum Fields<'e> {
    Request(RequestFields<'e>),
    Connection(ConnectionFields<'e>),
}

/// The stages of a request that it passed, in microseconds.
#[derive(Default)]
pub(crate) struct Stages {
    pub(crate) queue_us: Option<u64>,
    pub(crate) write_us: Option<u64>,
    pub(crate) head_of_line_us: Option<u64>,
    pub(crate) ttfb_us: Option<u64>,
    pub(crate) transfer_us: Option<u64>,
    pub(crate) total_us: Option<u64>,
}

impl Stages {
    pub(crate) fn of(timings: &Timings) -> Self {
        Self {
            queue_us: timings.queue_wait().map(micros),
            write_us: timings.write_time().map(micros),
            head_of_line_us: timings.head_of_line_wait().map(micros),
            ttfb_us: timings.time_to_first_byte().map(micros),
            transfer_us: timings.transfer_time().map(micros),
            total_us: timings.total().map(micros),
        }
    }
}

/// A duration as it stands in fields whose names end in `_us`.
pub(crate) fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

/// The name of an API; an unknown one has its number in it.
fn api_name(key: ApiKey) -> Cow<'static, str> {
    match key.name() {
        Some(name) => name.into(),
        None => key.to_string().into(),
    }
}

fn level(severity: Severity) -> Level {
    match severity {
        Severity::Debug => Level::DEBUG,
        Severity::Info => Level::INFO,
        Severity::Warning => Level::WARN,
        Severity::Error => Level::ERROR,
    }
}

/// One event at the [`level`] of a severity, which `tracing` wants to be known at each place.
macro_rules! at_severity {
    ($severity:expr, $($event:tt)*) => {
        match $severity {
            $crate::connection::Severity::Debug => tracing::debug!($($event)*),
            $crate::connection::Severity::Info => tracing::info!($($event)*),
            $crate::connection::Severity::Warning => tracing::warn!($($event)*),
            $crate::connection::Severity::Error => tracing::error!($($event)*),
        }
    };
}
pub(crate) use at_severity;
