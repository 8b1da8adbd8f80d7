//! A request by its name, how far it got, when it passed each stage, and what blocked it for how long.

use std::fmt;
use std::time::{Duration, Instant};

use crate::correlation::InFlightRequest;

/// The label of a request in events and errors. It prints as `Fetch v16 (correlation 42)`.
pub type ApiLabel = InFlightRequest<()>;

/// A request of one connection, by the order of being submitted.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(pub(super) u64);

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The progress of a request: not sent, sent in part, or sent.
///
/// This decides what is safe to do next: what was [`NotSent`](Self::NotSent) can be sent elsewhere at once,
/// anything else may have been carried out.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Delivery {
    /// The transport accepted none of its bytes.
    NotSent,
    /// The transport accepted some of its bytes; of a request that was given up alone, it may have been offered them only.
    /// The broker cannot have read all of it, unless the transport accepted more than was reported.
    PartiallySent {
        /// How many bytes were accepted.
        bytes: usize,
        /// How many it has.
        total: usize,
    },
    /// The transport accepted all of its bytes, and no byte of a response arrived.
    SentNoResponse,
    /// A part of the response arrived.
    ResponsePartial {
        /// How many bytes of the response arrived, its size left out.
        got: usize,
        /// How many it has.
        announced: usize,
    },
    /// The response arrived.
    Responded,
}

impl fmt::Display for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotSent => f.write_str("not sent"),
            Self::PartiallySent { bytes, total } => {
                write!(f, "{bytes} of {total} bytes sent")
            }
            Self::SentNoResponse => f.write_str("sent, no response"),
            Self::ResponsePartial { got, announced } => {
                write!(f, "{got} of {announced} bytes of the response")
            }
            Self::Responded => f.write_str("responded"),
        }
    }
}

impl Delivery {
    /// Returns the progress as a stable word for counters.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotSent => "not_sent",
            Self::PartiallySent { .. } => "partially_sent",
            Self::SentNoResponse => "sent_no_response",
            Self::ResponsePartial { .. } => "response_partial",
            Self::Responded => "responded",
        }
    }
}

/// When a request passed each stage. A stage that it did not reach is `None`.
///
/// ```text
/// submitted
///    │ queue_wait
/// admitted ── first byte
///                 │ write_time
///             last byte
///                 │ head_of_line_wait
///             head of the queue
///                 │ time_to_first_byte
///             first byte of the response
///                 │ transfer_time
///             last byte of the response ── decoded
/// ```
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Timings {
    /// When the caller submitted it.
    pub submitted: Instant,
    /// When nothing blocked it any more.
    pub admitted: Option<Instant>,
    /// When the transport accepted its first byte.
    pub first_byte_written: Option<Instant>,
    /// When the transport accepted its last byte.
    pub written: Option<Instant>,
    /// When its response was the next one due.
    pub became_head: Option<Instant>,
    /// When the first byte of its response arrived.
    pub response_started: Option<Instant>,
    /// When the last byte of its response arrived.
    pub responded: Option<Instant>,
    /// The waits before it was admitted, or given up.
    pub waits: Waits,
}

/// For how long a request waited for what before it was admitted.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Waits {
    /// For the connection to be ready.
    pub initialization: Duration,
    /// For the throttle period of the broker to end.
    pub throttle: Duration,
    /// For the connection to authenticate again.
    pub reauthentication: Duration,
    /// For a place among the requests in flight.
    pub in_flight: Duration,
}

impl Waits {
    /// For how long it waited in all.
    #[must_use]
    pub fn total(&self) -> Duration {
        self.initialization + self.throttle + self.reauthentication + self.in_flight
    }

    /// What of these totals came after `before`.
    pub(super) fn since(&self, before: &Self) -> Self {
        Self {
            initialization: self.initialization - before.initialization,
            throttle: self.throttle - before.throttle,
            reauthentication: self.reauthentication - before.reauthentication,
            in_flight: self.in_flight - before.in_flight,
        }
    }
}

/// The reason why a request is not sent yet.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BlockedOn {
    /// The connection is not ready.
    Initialization,
    /// The broker throttles the client.
    Throttle,
    /// The connection reauthenticates.
    Reauthentication,
    /// As many requests are in flight as
    /// [may be](super::ConnectionOptions::with_max_in_flight).
    InFlight,
}

impl BlockedOn {
    /// The reason in a word that does not change, for counters.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Initialization => "initialization",
            Self::Throttle => "throttle",
            Self::Reauthentication => "reauthentication",
            Self::InFlight => "in_flight",
        }
    }
}

impl fmt::Display for BlockedOn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::InFlight => "in flight",
            other => other.name(),
        })
    }
}

/// For how long requests have been blocked since the connection was made, by reason. What one request waited for is the
/// difference between two of these totals.
#[derive(Debug, Default)]
pub(super) struct BlockClock {
    totals: Waits,
    /// The current blocker and when it started.
    blocked: Option<(BlockedOn, Instant)>,
}

impl BlockClock {
    /// The totals up to `now`.
    pub(super) fn totals(&mut self, now: Instant) -> Waits {
        if let Some((on, since)) = &mut self.blocked {
            let waited = now.saturating_duration_since(*since);
            *match on {
                BlockedOn::Initialization => &mut self.totals.initialization,
                BlockedOn::Throttle => &mut self.totals.throttle,
                BlockedOn::Reauthentication => &mut self.totals.reauthentication,
                BlockedOn::InFlight => &mut self.totals.in_flight,
            } += waited;
            *since = now.max(*since);
        }
        self.totals
    }

    pub(super) fn set(&mut self, now: Instant, on: Option<BlockedOn>) {
        self.totals(now);
        // Of a clock that goes backwards, no time counts twice.
        let since = self.blocked.map_or(now, |(_, since)| since.max(now));
        self.blocked = on.map(|on| (on, since));
    }

    /// Returns `true` if nothing blocks requests.
    #[inline]
    pub(super) const fn is_stopped(&self) -> bool {
        self.blocked.is_none()
    }
}

impl Timings {
    /// Those of a request that was just submitted.
    pub(super) fn at(submitted: Instant) -> Self {
        Self {
            submitted,
            admitted: None,
            first_byte_written: None,
            written: None,
            became_head: None,
            response_started: None,
            responded: None,
            waits: Waits::default(),
        }
    }

    /// From being submitted to being admitted; [`waits`](Self::waits) says why.
    #[must_use]
    pub fn queue_wait(&self) -> Option<Duration> {
        between(Some(self.submitted), self.admitted)
    }

    /// From being admitted to its last byte being accepted.
    #[must_use]
    pub fn write_time(&self) -> Option<Duration> {
        between(self.admitted, self.written)
    }

    /// From its last byte being accepted to its response being the next one due: the time behind
    /// the requests before it.
    #[must_use]
    pub fn head_of_line_wait(&self) -> Option<Duration> {
        between(self.written, self.became_head)
    }

    /// From being sent and next to be answered, to the first byte of the response: the broker's time and that of the
    /// network.
    #[must_use]
    pub fn time_to_first_byte(&self) -> Option<Duration> {
        between(self.became_head.max(self.written), self.response_started)
    }

    /// From its last byte being accepted to the last byte of the response.
    pub(super) fn round_trip(&self) -> Option<Duration> {
        between(self.written, self.responded)
    }

    /// From the first byte of the response to its last.
    #[must_use]
    pub fn transfer_time(&self) -> Option<Duration> {
        between(self.response_started, self.responded)
    }

    /// From being submitted to the last byte of the response; for a request without a response, to
    /// its own last byte being accepted.
    #[must_use]
    pub fn total(&self) -> Option<Duration> {
        between(Some(self.submitted), self.responded.or(self.written))
    }
}

/// Zero if `end` is before `start`.
fn between(start: Option<Instant>, end: Option<Instant>) -> Option<Duration> {
    Some(end?.saturating_duration_since(start?))
}

/// The earlier of two moments, where `None` is never.
#[inline(always)]
pub(super) fn earlier(one: Option<Instant>, other: Option<Instant>) -> Option<Instant> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}
