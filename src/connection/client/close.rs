//! The end of a connection: what is reported, and every request completed.

use std::sync::Arc;
use std::time::Instant;

use crate::{ApiKey, Version};

use super::error::ConnectionErrorKind;
use super::event::Event;
use super::machine::Connection;
use super::request::{Origin, Record};
use crate::connection::delivery::Delivery;
use crate::connection::hint::{Confidence, Hint, HintKind};
use crate::connection::report::{CloseReason, CloseReport, ReconnectAdvice, Unfinished};
use crate::connection::sniff::ForeignProtocol;
use crate::connection::state::State;

impl Connection {
    /// Closes the connection, unless it is closed.
    pub(in crate::connection) fn close_because(&mut self, now: Instant, reason: CloseReason) {
        if self.state == State::Closed {
            return;
        }
        self.gates.totals(now);
        let report = Arc::new(self.report(now, reason));
        self.complete_all(&report);
        self.set_state(now, State::Closed);
        self.phase_deadline = None;
        self.drain_deadline = None;
        self.throttled_until = None;
        self.exchange = None;
        self.receiver = Default::default();
        self.emit(Event::Closed(report));
    }

    fn report(&self, now: Instant, reason: CloseReason) -> CloseReport {
        let since = |then: Instant| now.saturating_duration_since(then);
        let unfinished = |record: &Record, delivery| Unfinished {
            id: (!record.is_internal()).then_some(record.id),
            label: record.label,
            tag: record.tag,
            age: since(record.timings.submitted),
            delivery,
        };
        let sent = self.in_flight.iter().map(|each| {
            let record: &Record = each.note;
            unfinished(record, self.delivery_in_flight(record))
        });
        let begun = self
            .outbound
            .iter()
            .take_while(|record| record.accepted > 0);
        let begun = begun.filter(|record| record.origin != Origin::Nobody);
        let in_flight: Vec<_> = sent
            .chain(begun.map(|record| unfinished(record, record.delivery())))
            .collect();
        let head = self.in_flight.due().map(|due| due.with_note(()));
        CloseReport {
            broker: self.options.broker.clone(),
            state: self.state,
            in_state: since(self.state_since),
            head: head.or_else(|| in_flight.first().map(|first| first.label)),
            not_sent: self
                .outbound
                .iter()
                .filter(|record| record.accepted == 0)
                .count(),
            responses: self.responses,
            age: since(self.created),
            idle: since(self.quiet_since()),
            bytes_in: self.bytes_in,
            bytes_out: self.bytes_out,
            hint: self.hint(&reason),
            reconnect: self.reconnect(&reason),
            in_flight,
            reason,
        }
    }

    fn complete_all(&mut self, report: &Arc<CloseReport>) {
        let closed = || ConnectionErrorKind::Closed(report.clone());
        let due = self.in_flight.due().map(|due| due.correlation_id);
        let head = due.and_then(|due| {
            let first = self.in_flight.iter().next()?;
            (first.correlation_id == due).then(|| self.delivery_in_flight(first.note))
        });
        let mut head = head;
        let sent: Vec<_> = self.in_flight.drain().map(|each| each.note).collect();
        for record in sent {
            let delivery = head.take().unwrap_or(Delivery::SentNoResponse);
            self.fail(record, closed(), delivery);
        }
        (self.abandoned, self.admitted, self.offered) = (0, 0, 0);
        for mut record in std::mem::take(&mut self.outbound) {
            let delivery = record.delivery();
            if let (Some(frame), Origin::Session(_)) = (record.frame.take(), record.origin) {
                zeroize::Zeroize::zeroize(&mut frame.into_buffer());
            }
            self.fail(record, closed(), delivery);
        }
    }

    /// What may be behind a reason.
    fn hint(&self, reason: &CloseReason) -> Option<Hint> {
        Some(match reason {
            CloseReason::Foreign { protocol, .. } => match protocol {
                ForeignProtocol::TlsAlert { .. } | ForeignProtocol::Tls => {
                    Hint::new(HintKind::TlsExpected, Confidence::Certain)
                }
                _ => Hint::new(HintKind::WrongPort, Confidence::Certain),
            },
            CloseReason::RemoteEof(_) => return self.hint_at_end(false),
            CloseReason::RemoteReset(_) => return self.hint_at_end(true),
            CloseReason::BadFrameSize { announced, .. }
                if *announced > 0 && self.receiver.frames() > 0 =>
            {
                Hint::new(HintKind::FrameLimitTooLow, Confidence::Possible)
            }
            _ => return None,
        })
    }

    /// What may be behind it that the peer ended the stream, or reset it.
    fn hint_at_end(&self, is_reset: bool) -> Option<Hint> {
        let (kind, confidence) = match (self.state, &self.exchange) {
            (State::ApiVersions, _) if self.bytes_in == 0 => match is_reset {
                true => (HintKind::OldBroker, Confidence::Possible),
                false => (HintKind::TlsExpected, Confidence::Likely),
            },
            (State::SaslTokens, Some(exchange)) if exchange.rounds > 0 => {
                (HintKind::CredentialsRefused, Confidence::Likely)
            }
            (State::Ready, _) if self.has_sent_much() => {
                (HintKind::RequestTooLarge, Confidence::Possible)
            }
            (State::Ready, _) if self.in_flight.is_empty() => return None,
            (State::Ready, None) if self.responses == 0 => {
                (HintKind::SaslMissing, Confidence::Likely)
            }
            (State::Ready, Some(exchange)) if exchange.wrapped_in.is_none() => {
                (HintKind::SessionOver, Confidence::Possible)
            }
            _ => return None,
        };
        Some(Hint::new(kind, confidence))
    }

    /// Whether a request that is not answered is larger than most.
    fn has_sent_much(&self) -> bool {
        let mut begun = self.records().filter(|record| record.accepted > 0);
        begun.any(|record| record.frame_bytes > LARGE)
    }

    /// What the peer may accept on another connection, though it broke off this one.
    fn reconnect(&self, reason: &CloseReason) -> Option<ReconnectAdvice> {
        let is_reset = match reason {
            CloseReason::RemoteReset(_) => true,
            CloseReason::RemoteEof(_) => false,
            _ => return None,
        };
        match self.state {
            // Some services reset the connection when they are asked in a version that they do not know.
            State::ApiVersions if is_reset && self.asked_in > Version(0) => {
                let knows = self.versions.get(ApiKey::ApiVersions).is_some();
                (!knows).then_some(ReconnectAdvice::ApiVersions(Version(0)))
            }
            // Kafka's brokers say which mechanisms they have, and take no second handshake.
            State::SaslHandshake => {
                let exchange = self.exchange.as_ref()?;
                exchange
                    .has_fallen_back
                    .then(|| ReconnectAdvice::Mechanism(exchange.name()))
            }
            _ => None,
        }
    }
}

/// More than a broker takes of one batch by default, so that a lower limit of whole requests is not unlikely.
const LARGE: usize = 1024 * 1024;
