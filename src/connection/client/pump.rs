//! Lets requests through to the transport, or says what holds them back.

use std::time::Instant;

use super::event::Event;
use super::gate::HeldBy;
use super::machine::{Connection, MOST_KEPT};
use super::options::ReauthenticationMode;
use super::request::{Record, RequestId};
use crate::connection::report::CloseReason;
use crate::connection::state::State;
use crate::connection::timing::{earlier, later};

impl Connection {
    /// Does what has become possible. Called at the end of every input.
    #[inline]
    pub(in crate::connection) fn pump(&mut self, now: Instant) {
        let nothing_waits = self.waiting() == 0
            && !self.gates.is_closed()
            && self.throttled_until.is_none()
            && self.exchange.is_none()
            && self.outbound.capacity() <= MOST_ROOM;
        if !(nothing_waits && self.state == State::Ready) {
            self.pump_all(now);
        }
    }

    fn pump_all(&mut self, now: Instant) {
        if self.state == State::Closed {
            return;
        }
        self.renew_if_due(now);
        self.end_throttling(now);
        let mut gate = None;
        while self.waiting() > 0 {
            gate = self.gate();
            match gate {
                None => self.admit(now),
                Some(_) => break,
            }
        }
        self.gates.set(gate, now);
        if self.outbound.is_empty() && self.outbound.capacity() > MOST_ROOM {
            self.outbound.shrink_to(MOST_KEPT);
        }
        if self.state == State::Draining && self.is_idle() {
            self.close_because(now, CloseReason::Local);
        }
    }

    /// Takes a new request: it may be sent at once, which is usual, or waits for its turn.
    pub(in crate::connection) fn take_in(
        &mut self,
        now: Instant,
        mut record: Box<Record>,
    ) -> RequestId {
        let id = record.id;
        let deadline = earlier(record.deadline, later(now, record.timeout));
        self.first_deadline = match self.is_idle() {
            true => deadline,
            false => earlier(self.first_deadline, deadline),
        };
        self.renew_if_due(now);
        self.end_throttling(now);
        let held_by = self.gate();
        if self.waiting() == 0 && held_by.is_none() {
            record.timings.admitted = Some(now);
            self.outbound.push_back(record);
            self.admitted += 1;
        } else {
            if let (true, Some(by)) = (self.options.has_progress_events, held_by) {
                let label = record.label;
                self.emit(Event::Held { id, label, by });
            }
            record.timings.waits = self.gates.totals(now);
            self.outbound.push_back(record);
            self.pump(now);
        }
        id
    }

    fn end_throttling(&mut self, now: Instant) {
        if self.throttled_until.is_some_and(|until| until <= now) {
            self.throttled_until = None;
        }
    }

    /// What holds the next request back.
    fn gate(&self) -> Option<HeldBy> {
        match self.state {
            state if state.is_initial() => return Some(HeldBy::Initialization),
            State::Reauthenticating => return Some(HeldBy::Reauthentication),
            _ => {}
        }
        if self.throttled_until.is_some() {
            return Some(HeldBy::Throttle);
        }
        // A request that was given up keeps its place: the broker still works on it.
        let places = self.in_flight.len() + self.abandoned + self.admitted;
        (places >= self.options.max_in_flight).then_some(HeldBy::InFlight)
    }

    fn admit(&mut self, now: Instant) {
        let totals = self.gates.totals(now);
        if let Some(record) = self.outbound.get_mut(self.admitted) {
            record.timings.admitted = Some(now);
            record.timings.waits = totals.since(&record.timings.waits);
            self.admitted += 1;
            let (id, label, waits) = (record.id, record.label, record.timings.waits);
            if self.options.has_progress_events {
                self.emit(Event::Admitted { id, label, waits });
            }
        }
    }

    /// Begins to authenticate again, when the time has come or a request notices that it has.
    fn renew_if_due(&mut self, now: Instant) {
        let Some(exchange) = &self.exchange else {
            return;
        };
        match self.state {
            State::Ready if exchange.session.renew_at.is_some_and(|at| at <= now) => {
                self.set_state(now, State::Reauthenticating);
                self.phase_deadline = now.checked_add(self.options.initialization_timeout);
            }
            State::Reauthenticating if exchange.started.is_none() => {}
            _ => return,
        }
        // What was admitted goes first; with `Drain` its responses do too.
        let waits = self.options.reauthentication == ReauthenticationMode::Drain;
        let busy = self.admitted > 0 || !self.in_flight.is_empty() || self.abandoned > 0;
        if !(waits && busy) {
            self.begin_sasl(now);
        }
    }
}

/// For how many requests there may be room while there are none.
const MOST_ROOM: usize = 64;
