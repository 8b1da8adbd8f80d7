//! What blocks requests before they are sent, and for how long it did.

use std::fmt;
use std::time::Instant;

use crate::connection::Waits;

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
    /// [may be](super::super::ConnectionOptions::with_max_in_flight).
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
        self.blocked = on.map(|on| (on, now));
    }

    /// Returns `true` if nothing blocks requests.
    #[inline]
    pub(super) const fn is_stopped(&self) -> bool {
        self.blocked.is_none()
    }
}
