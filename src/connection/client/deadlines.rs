//! When time alone does something: requests that take too long, throttling, draining, silence.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::connection::StreamPosition;
use crate::connection::request::earlier;

use super::options::{ConnectionOptions, IdlePolicy, TimeoutFrom};
use super::pending_request::{Origin, PendingRequest};

/// What happens when, but for the deadline of a phase, which is the session's.
///
/// Invariant: no request has a deadline before `first`, as long as one is pending. The deadlines of requests only move
/// when they are written, and when a throttle period extends all of them.
#[derive(Debug)]
pub(super) struct Deadlines {
    options: Arc<ConnectionOptions>,
    first: Option<Instant>,
    throttled_until: Option<Instant>,
    /// By how much throttling has extended the deadlines of requests so far.
    extended: Duration,
    drain: Option<Instant>,
    last_in: Instant,
    last_out: Instant,
    /// The caller knows that a probe is due, and nothing was read or written since.
    keep_alive_told: bool,
}

impl Deadlines {
    pub(super) fn new(now: Instant, options: Arc<ConnectionOptions>) -> Self {
        Self {
            options,
            first: None,
            throttled_until: None,
            extended: Duration::ZERO,
            drain: None,
            last_in: now,
            last_out: now,
            keep_alive_told: false,
        }
    }

    /// The transport is open.
    pub(super) fn opened(&mut self, now: Instant) {
        (self.last_in, self.last_out) = (now, now);
    }

    /// Bytes arrived.
    pub(super) fn received(&mut self, now: Instant) {
        (self.last_in, self.keep_alive_told) = (now, false);
    }

    /// The transport accepted bytes.
    pub(super) fn written(&mut self, now: Instant) {
        (self.last_out, self.keep_alive_told) = (now, false);
    }

    /// Since when nothing was read or written.
    pub(super) fn quiet_since(&self) -> Instant {
        self.last_in.max(self.last_out)
    }

    pub(super) const fn last_in(&self) -> Instant {
        self.last_in
    }

    /// A request was submitted, perhaps the only one that is pending.
    #[inline]
    pub(super) fn request_submitted(&mut self, request: &mut PendingRequest, is_only_one: bool) {
        request.extended_before = self.extended;
        // As `of`, when it is neither admitted nor written.
        let timeout = request.timings().submitted.checked_add(request.timeout);
        let deadline = earlier(request.deadline, timeout);
        debug_assert_eq!(deadline, self.of(request), "it is a request of the caller");
        self.first = match is_only_one {
            true => deadline,
            false => earlier(self.first, deadline),
        };
    }

    /// A request was written. If its timeout begins now, what is over of a throttle period does not extend it.
    #[inline]
    pub(super) fn request_written(&mut self, now: Instant, request: &mut PendingRequest) {
        if request.extended_before != self.extended
            && self.options.timeout_from == TimeoutFrom::Written
        {
            let until = self.throttled_until.unwrap_or(now);
            let rest = until.saturating_duration_since(now);
            request.extended_before = self.extended.saturating_sub(rest);
            self.first = earlier(self.first, self.of(request));
        }
    }

    /// When a request is given up, or the connection that does not answer an abandoned one. The connection's own requests
    /// have the deadline of the session.
    pub(super) fn of(&self, request: &PendingRequest) -> Option<Instant> {
        match request.origin {
            Origin::Setup | Origin::SaslToken => None,
            Origin::Nobody => self.timeout_of(request),
            Origin::Caller | Origin::Probe => earlier(request.deadline, self.timeout_of(request)),
        }
    }

    /// Returns `true` if a request takes too long.
    pub(super) fn is_overdue(&self, request: &PendingRequest, now: Instant) -> bool {
        is_over(self.of(request), now)
    }

    /// Returns `true` if the timeout of a request is over, apart from a deadline of the caller.
    pub(super) fn is_timed_out(&self, request: &PendingRequest, now: Instant) -> bool {
        is_over(self.timeout_of(request), now)
    }

    /// When the timeout of a request is over.
    fn timeout_of(&self, request: &PendingRequest) -> Option<Instant> {
        debug_assert!(request.extended_before <= self.extended, "it only grows");
        let mut timeout = request.timeout;
        if request.extended_before != self.extended {
            timeout = timeout.saturating_add(self.extended - request.extended_before);
        }
        self.start_of(request).checked_add(timeout)
    }

    /// When the timeout of a request begins. What is not sent waits no longer than for a response.
    pub(super) fn start_of(&self, request: &PendingRequest) -> Instant {
        let timings = request.timings();
        let start = match self.options.timeout_from {
            TimeoutFrom::Submitted => None,
            TimeoutFrom::Written => timings.written.or(timings.admitted),
        };
        start.unwrap_or(timings.submitted)
    }

    /// Returns `true` if a request may have taken too long.
    pub(super) fn is_request_over(&self, now: Instant) -> bool {
        is_over(self.first, now)
    }

    /// All requests that are pending: none of them has taken too long.
    pub(super) fn set_requests<'a>(&mut self, requests: impl Iterator<Item = &'a PendingRequest>) {
        self.first = requests.filter_map(|request| self.of(request)).min();
    }

    /// The broker throttles the client, and reads nothing in the meantime: what is in flight takes that much longer.
    /// Returns the end of the throttle period; `None` if no clock reaches it.
    pub(super) fn throttle(&mut self, now: Instant, time: Duration) -> Option<Instant> {
        let until = now.checked_add(time)?;
        let before = self.throttled_until.map_or(now, |before| before.max(now));
        self.throttled_until = self.throttled_until.max(Some(until));
        self.extended += until.saturating_duration_since(before);
        Some(until)
    }

    /// The end of the current throttle period.
    pub(super) const fn throttled_until(&self) -> Option<Instant> {
        self.throttled_until
    }

    /// Ends the throttle period, if it is over.
    #[inline]
    pub(super) fn end_throttling(&mut self, now: Instant) {
        if is_over(self.throttled_until, now) {
            self.throttled_until = None;
        }
    }

    /// The connection drains, for at most `max`.
    pub(super) fn drain(&mut self, now: Instant, max: Duration) {
        self.drain = now.checked_add(max);
    }

    pub(super) fn is_drain_over(&self, now: Instant) -> bool {
        is_over(self.drain, now)
    }

    /// Returns `true` if the rest of a frame has been missing for too long.
    pub(super) fn is_stall_over(&self, now: Instant, at: StreamPosition) -> bool {
        is_over(self.stall(at), now)
    }

    #[inline]
    fn stall(&self, at: StreamPosition) -> Option<Instant> {
        match at {
            StreamPosition::BetweenFrames => None,
            _ => self.last_in.checked_add(self.options.stall_timeout),
        }
    }

    /// Returns `true` if nothing was read or written for as long as the policy allows.
    pub(super) fn is_idle_over(&self, now: Instant) -> bool {
        is_over(self.idle(), now)
    }

    #[inline]
    fn idle(&self) -> Option<Instant> {
        match self.options.idle {
            IdlePolicy::Ignore => None,
            IdlePolicy::KeepAlive(_) if self.keep_alive_told => None,
            IdlePolicy::Close(after) | IdlePolicy::KeepAlive(after) => {
                self.quiet_since().checked_add(after)
            }
        }
    }

    /// The caller knows that a probe is due.
    pub(super) fn keep_alive_told(&mut self) {
        self.keep_alive_told = true;
    }

    /// The next deadline.
    #[inline(always)]
    pub(super) fn next(&self, pending: Pending, at: StreamPosition) -> Option<Instant> {
        let by_requests = match pending {
            Pending::Nothing => self.idle(),
            Pending::Abandoned => earlier(self.first, self.idle()),
            Pending::NotReady => None,
            Pending::Requests { is_blocked: true } => earlier(self.first, self.throttled_until),
            Pending::Requests { is_blocked: false } => self.first,
        };
        earlier(earlier(self.drain, self.stall(at)), by_requests)
    }

    /// The connection is closed.
    pub(super) fn clear(&mut self) {
        (self.first, self.drain, self.throttled_until) = (None, None, None);
    }
}

/// What is pending on a connection.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum Pending {
    /// Nothing, and the connection is not [ready](crate::connection::State::Ready): it cannot be idle.
    NotReady,
    /// Nothing.
    Nothing,
    /// Nothing but abandoned requests that were sent.
    Abandoned,
    /// Requests, some of which may be blocked.
    Requests { is_blocked: bool },
}

impl Pending {
    /// Returns `true` if nothing is pending that anybody waits for, on a connection that is ready.
    pub(super) const fn is_idle(self) -> bool {
        matches!(self, Self::Nothing | Self::Abandoned)
    }
}

fn is_over(deadline: Option<Instant>, now: Instant) -> bool {
    deadline.is_some_and(|at| at <= now)
}
