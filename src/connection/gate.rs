//! What holds requests back, and for how long it did.

use std::time::Instant;

use super::timing::Waits;

/// Why requests are not sent.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum Gate {
    Initialization,
    Throttle,
    Reauthentication,
    InFlight,
}

/// The gate, and for how long it has held requests back since the connection was made, by cause. What one request
/// waited for is the difference between two of these totals.
#[derive(Debug, Default)]
pub(super) struct GateClock {
    totals: Waits,
    /// What has been holding requests back since when.
    closed: Option<(Gate, Instant)>,
}

impl GateClock {
    /// The totals up to `now`.
    pub(super) fn totals(&mut self, now: Instant) -> Waits {
        if let Some((gate, since)) = &mut self.closed {
            let waited = now.saturating_duration_since(*since);
            *match gate {
                Gate::Initialization => &mut self.totals.initialization,
                Gate::Throttle => &mut self.totals.throttle,
                Gate::Reauthentication => &mut self.totals.reauthentication,
                Gate::InFlight => &mut self.totals.in_flight,
            } += waited;
            *since = now.max(*since);
        }
        self.totals
    }

    /// The totals when they were last asked for.
    pub(super) const fn last_totals(&self) -> Waits {
        self.totals
    }

    /// Whether something holds requests back.
    pub(super) const fn is_closed(&self) -> bool {
        self.closed.is_some()
    }

    /// From now on `gate` holds requests back.
    pub(super) fn set(&mut self, gate: Option<Gate>, now: Instant) {
        self.totals(now);
        self.closed = gate.map(|gate| (gate, now));
    }
}
