//! What happens because time passes.

use std::time::{Duration, Instant};

use super::error::ConnectionErrorKind;
use super::event::Event;
use super::machine::Connection;
use super::options::{IdlePolicy, OnTimeout, TimeoutFrom};
use super::request::{ApiLabel, Origin, Record};
use crate::connection::receive::StreamPosition;
use crate::connection::report::{CloseReason, TimeoutKind};
use crate::connection::state::State;
use crate::connection::timing::{earlier, later};

impl Connection {
    /// When to call [`handle_timer`](Self::handle_timer) next; `None` if there is no need to.
    ///
    /// It may change after every input. Now and then it is earlier than need be, and nothing has to be done then:
    /// when a request has been answered, what its deadline was is not forgotten at once.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Instant> {
        if self.state == State::Closed {
            return None;
        }
        let mut next = earlier(self.phase_deadline, self.drain_deadline);
        if self.waiting() > 0 {
            next = earlier(next, self.throttled_until);
        }
        if !self.is_idle() {
            next = earlier(next, self.first_deadline);
        }
        next = earlier(next, self.stall_deadline());
        next = earlier(next, self.idle_deadline());
        match (&self.exchange, self.state) {
            (Some(exchange), State::Ready) => earlier(next, exchange.session.renew_at),
            _ => next,
        }
    }

    /// Time has passed. Calling it early or often does no harm.
    pub fn handle_timer(&mut self, now: Instant) {
        if self.state == State::Closed {
            return;
        }
        self.gates.totals(now);
        let is_over = |deadline: Option<Instant>| deadline.is_some_and(|at| at <= now);
        if is_over(self.phase_deadline) {
            return self.close_phase(now);
        }
        if is_over(self.stall_deadline()) {
            let kind = TimeoutKind::Stalled {
                after: now.saturating_duration_since(self.last_in),
                at: self.receiver.position(),
            };
            return self.close_because(now, CloseReason::Timeout(kind));
        }
        if is_over(self.first_deadline) {
            while let Some(overdue) = self.overdue(now) {
                if self.give_up_overdue(now, &overdue) {
                    return;
                }
            }
            let deadlines = self.records().filter_map(|record| self.deadline(record));
            self.first_deadline = deadlines.min();
        }
        if is_over(self.drain_deadline) {
            return self.close_because(now, CloseReason::Timeout(TimeoutKind::Draining));
        }
        if is_over(self.idle_deadline()) && self.on_idle(now) {
            return;
        }
        self.pump(now);
    }

    /// All requests that are not over, in the order in which they will be answered.
    pub(in crate::connection) fn records(&self) -> impl Iterator<Item = &Record> {
        let sent = self.in_flight.iter().map(|each| &**each.note);
        sent.chain(self.outbound.iter().map(|record| &**record))
    }

    /// When a request is given up.
    pub(in crate::connection) fn deadline(&self, record: &Record) -> Option<Instant> {
        // The connection's own have the deadline of the phase.
        if record.is_internal() {
            return None;
        }
        let timings = &record.timings;
        let start = match self.options.timeout_from {
            TimeoutFrom::Submitted => None,
            TimeoutFrom::Written => timings.written.or(timings.admitted),
        };
        // What is not sent waits no longer than for a response.
        let start = start.unwrap_or(timings.submitted);
        let extended = self.extended.saturating_sub(record.extended_before);
        let timeout = later(start, record.timeout.saturating_add(extended));
        earlier(record.deadline, timeout)
    }

    fn stall_deadline(&self) -> Option<Instant> {
        match self.receiver.position() {
            StreamPosition::BetweenFrames => None,
            _ => later(self.last_in, self.options.stall_timeout),
        }
    }

    fn idle_deadline(&self) -> Option<Instant> {
        if self.state != State::Ready || !self.is_idle() {
            return None;
        }
        match self.options.idle {
            IdlePolicy::Ignore => None,
            IdlePolicy::KeepAlive(_) if self.keep_alive_told => None,
            IdlePolicy::Close(after) | IdlePolicy::KeepAlive(after) => {
                later(self.quiet_since(), after)
            }
        }
    }

    fn close_phase(&mut self, now: Instant) {
        if let (true, Some(protocol)) = (self.state.is_initial(), self.receiver.foreign_at_end()) {
            let first_bytes = self.receiver.first_bytes().into();
            let reason = CloseReason::Foreign {
                protocol,
                first_bytes,
            };
            return self.close_because(now, reason);
        }
        let after = match self.state.is_initial() {
            true => now.saturating_duration_since(self.created),
            false => now.saturating_duration_since(self.state_since),
        };
        let kind = match self.state.is_initial() {
            true => TimeoutKind::Initialization { after },
            false => TimeoutKind::Reauthentication { after },
        };
        self.close_because(now, CloseReason::Timeout(kind));
    }

    /// The first request that takes too long.
    fn overdue(&self, now: Instant) -> Option<Overdue> {
        let mut records = self.records();
        let late = records.find(|record| self.deadline(record).is_some_and(|at| at <= now))?;
        let start = match self.options.timeout_from {
            TimeoutFrom::Submitted => None,
            TimeoutFrom::Written => late.timings.written.or(late.timings.admitted),
        };
        let head = self.in_flight.due().map(|due| due.with_note(()));
        Some(Overdue {
            request: late.label,
            is_admitted: late.timings.admitted.is_some(),
            after: now.saturating_duration_since(start.unwrap_or(late.timings.submitted)),
            held_back_by: head.filter(|head| *head != late.label),
        })
    }

    /// Gives up one request, or the connection: true.
    fn give_up_overdue(&mut self, now: Instant, overdue: &Overdue) -> bool {
        let Overdue {
            request,
            is_admitted,
            after,
            held_back_by,
        } = *overdue;
        // What was not sent holds nothing up.
        let closes = self.options.on_timeout == OnTimeout::Close || self.is_useless_without_one();
        if is_admitted && closes {
            let kind = TimeoutKind::Request {
                request,
                after,
                held_back_by,
            };
            self.close_because(now, CloseReason::Timeout(kind));
            return true;
        }
        let kind = ConnectionErrorKind::TimedOut {
            after,
            held_back_by,
        };
        !self.give_up(|record| record.label == request, kind)
    }

    /// Whether no request could be sent any more if another one was given up.
    fn is_useless_without_one(&self) -> bool {
        let unwritten = self.outbound.iter().take(self.admitted);
        let nobodys = unwritten
            .filter(|record| record.origin == Origin::Nobody)
            .count();
        self.abandoned + nobodys + 1 >= self.options.max_in_flight
    }

    /// Nothing is under way: true if the connection is closed for it.
    fn on_idle(&mut self, now: Instant) -> bool {
        let idle = now.saturating_duration_since(self.quiet_since());
        match self.options.idle {
            IdlePolicy::Close(_) => {
                self.close_because(now, CloseReason::IdleLocal { idle });
                true
            }
            IdlePolicy::KeepAlive(_) => {
                self.keep_alive_told = true;
                self.emit(Event::KeepAliveDue { idle });
                false
            }
            IdlePolicy::Ignore => false,
        }
    }
}

/// A request that takes too long.
struct Overdue {
    request: ApiLabel,
    is_admitted: bool,
    after: Duration,
    held_back_by: Option<ApiLabel>,
}
