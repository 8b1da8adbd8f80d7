//! What holds requests back, and for how long it did.

use std::fmt;
use std::time::Instant;

use crate::connection::timing::Waits;

/// What holds a request back.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HeldBy {
    /// The connection is not ready.
    Initialization,
    /// The broker asked to be left alone.
    Throttle,
    /// The connection authenticates again.
    Reauthentication,
    /// As many requests are in flight as are allowed to.
    InFlight,
}

impl fmt::Display for HeldBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Initialization => "initialization",
            Self::Throttle => "throttle",
            Self::Reauthentication => "reauthentication",
            Self::InFlight => "in flight",
        })
    }
}

/// The gate, and for how long it has held requests back since the connection was made, by cause. What one request
/// waited for is the difference between two of these totals.
#[derive(Debug, Default)]
pub(in crate::connection) struct GateClock {
    totals: Waits,
    /// What has been holding requests back since when.
    closed: Option<(HeldBy, Instant)>,
}

impl GateClock {
    /// The totals up to `now`.
    pub(in crate::connection) fn totals(&mut self, now: Instant) -> Waits {
        if let Some((gate, since)) = &mut self.closed {
            let waited = now.saturating_duration_since(*since);
            *match gate {
                HeldBy::Initialization => &mut self.totals.initialization,
                HeldBy::Throttle => &mut self.totals.throttle,
                HeldBy::Reauthentication => &mut self.totals.reauthentication,
                HeldBy::InFlight => &mut self.totals.in_flight,
            } += waited;
            *since = now.max(*since);
        }
        self.totals
    }

    /// The totals when they were last asked for.
    pub(in crate::connection) const fn last_totals(&self) -> Waits {
        self.totals
    }

    /// Whether something holds requests back.
    pub(in crate::connection) const fn is_closed(&self) -> bool {
        self.closed.is_some()
    }

    /// From now on `gate` holds requests back.
    pub(in crate::connection) fn set(&mut self, gate: Option<HeldBy>, now: Instant) {
        self.totals(now);
        self.closed = gate.map(|gate| (gate, now));
    }
}
