//! The state of a connection: since when, until when at most, and how long those before it took.

use std::time::{Duration, Instant};

use crate::connection::{State, TimeoutKind};

use super::event::{Event, Initialization};

/// The current state of a connection.
///
/// Invariant: a deadline is set only while the connection is not ready, or reauthenticates.
#[derive(Debug)]
pub(super) struct Phase {
    created: Instant,
    state: State,
    since: Instant,
    /// The end of the time for getting ready, or for reauthenticating.
    deadline: Option<Instant>,
    took: Initialization,
}

impl Phase {
    /// The state of a connection whose transport is being opened.
    pub(super) fn new(now: Instant, timeout: Duration) -> Self {
        Self {
            created: now,
            state: State::Connecting,
            since: now,
            deadline: now.checked_add(timeout),
            took: Initialization::default(),
        }
    }

    /// Enters a state. Returns the event about it, if it is another.
    pub(super) fn enter(&mut self, now: Instant, to: State) -> Option<Event> {
        let from = std::mem::replace(&mut self.state, to);
        if from == to {
            return None;
        }
        let after = now.saturating_duration_since(self.since);
        match from {
            State::ApiVersions => self.took.api_versions += after,
            State::SaslHandshake => self.took.sasl_handshake += after,
            State::SaslAuthenticate | State::SaslTokens => self.took.sasl_authenticate += after,
            _ => {}
        }
        self.since = now;
        Some(Event::StateChanged { from, to, after })
    }

    /// Begins to count the time for getting ready, or for reauthenticating.
    pub(super) fn restart_deadline(&mut self, now: Instant, timeout: Duration) {
        self.deadline = now.checked_add(timeout);
    }

    /// The connection is ready, or over.
    pub(super) fn end_deadline(&mut self) {
        self.deadline = None;
    }

    #[inline]
    pub(super) const fn state(&self) -> State {
        self.state
    }

    /// For how long the connection has been in its state.
    pub(super) fn in_state(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.since)
    }

    pub(super) const fn created(&self) -> Instant {
        self.created
    }

    /// The end of the time for getting ready, or for reauthenticating.
    #[inline]
    pub(super) const fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// The time that each part of getting ready took.
    pub(super) const fn took(&self) -> Initialization {
        self.took
    }

    /// What took too long, when the deadline has passed.
    pub(super) fn timeout(&self, now: Instant) -> TimeoutKind {
        match self.state.is_initial() {
            true => TimeoutKind::Initialization {
                after: now.saturating_duration_since(self.created),
            },
            false => TimeoutKind::Reauthentication {
                after: self.in_state(now),
            },
        }
    }

    pub(super) fn check(&self) {
        let is_settled = matches!(self.state, State::Ready | State::Draining | State::Closed);
        debug_assert!(
            !(is_settled && self.deadline.is_some()),
            "{}: no phase is under way",
            self.state
        );
    }
}
