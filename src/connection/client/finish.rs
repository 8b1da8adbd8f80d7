//! How requests end: exactly once, with what is known of them.

use std::time::{Duration, Instant};

use crate::messages::ApiVersionsResponse;
use crate::pairing::InFlightRequest;
use crate::{Decode, ErrorCode};

use super::completion::{Completion, Outcome, RawResponse};
use super::error::{ConnectionError, ConnectionErrorKind};
use super::event::{Event, ProbeOutcome};
use super::machine::Connection;
use super::request::{Origin, Record, RequestId};
use crate::connection::delivery::Delivery;
use crate::connection::receive::SIZE_BYTES;
use crate::connection::throttle;
use crate::connection::timing::later;
use crate::connection::versions::VersionTable;

impl Connection {
    /// Tells the caller that a request is over, if it is one of the caller's.
    pub(in crate::connection) fn complete(&mut self, record: Box<Record>, outcome: Outcome) {
        match (record.origin, outcome) {
            (Origin::Caller, outcome) => {
                self.emit(Event::Completed(Completion { record, outcome }));
            }
            (Origin::Probe, Outcome::Failed(error)) => self.emit(Event::Probed {
                label: record.label,
                outcome: ProbeOutcome::Failed(error),
            }),
            (Origin::Probe, Outcome::Response(response)) => self.probed(&record, &response),
            (Origin::Probe, Outcome::Written) | (Origin::Session(_) | Origin::Nobody, _) => {}
        }
    }

    pub(in crate::connection) fn fail(
        &mut self,
        mut record: Box<Record>,
        kind: ConnectionErrorKind,
        delivery: Delivery,
    ) {
        if record.timings.admitted.is_none() {
            let totals = self.gates.last_totals();
            record.timings.waits = totals.since(&record.timings.waits);
        }
        let error = ConnectionError {
            broker: self.options.broker.clone(),
            request: record.label,
            delivery,
            kind,
        };
        self.complete(record, Outcome::Failed(error));
    }

    /// The response to a request of the caller has arrived.
    pub(in crate::connection) fn responded(
        &mut self,
        now: Instant,
        record: Box<Record>,
        frame: bytes::Bytes,
    ) {
        let label = record.label;
        let (version, throttle) = match label.split_response(&frame) {
            Ok(answer) => {
                let time = throttle::throttle_time(label.api_key, answer.version, answer.body);
                (answer.version, time)
            }
            // Decoding it will say so.
            Err(_) => (label.version, Duration::ZERO),
        };
        self.responses += 1;
        if !throttle.is_zero() {
            self.throttle(now, label, throttle);
        }
        let response = RawResponse {
            label,
            version,
            tag: record.tag,
            arrived: now,
            throttle,
            frame,
        };
        self.complete(record, Outcome::Response(response));
    }

    fn throttle(&mut self, now: Instant, label: InFlightRequest<()>, time: Duration) {
        let until = match label.api_key.throttles_after_response(label.version) {
            true => later(now, time),
            false => None,
        };
        if until.is_some() {
            // The broker reads nothing in the meantime, so what is in flight takes that much longer.
            let before = self.throttled_until.map_or(now, |before| before.max(now));
            self.throttled_until = self.throttled_until.max(until);
            let after = self.throttled_until.unwrap_or(now);
            self.extended += after.saturating_duration_since(before);
        }
        self.emit(Event::Throttled { label, time, until });
    }

    fn probed(&mut self, record: &Record, response: &RawResponse) {
        let timings = &record.timings;
        let answer = response
            .body()
            .ok()
            .and_then(|body| ApiVersionsResponse::decode(body, response.version).ok());
        let (error, table) = match &answer {
            Some(answer) => (answer.error_code, VersionTable::from_response(answer)),
            None => (ErrorCode::UNKNOWN_SERVER_ERROR, VersionTable::default()),
        };
        let versions_changed = error.is_none() && !table.is_empty() && table != self.versions;
        if versions_changed {
            self.versions = table;
        }
        let since_written = timings.written.zip(timings.responded);
        self.emit(Event::Probed {
            label: record.label,
            outcome: ProbeOutcome::Answered {
                round_trip: since_written.map_or(Duration::ZERO, |(from, to)| {
                    to.saturating_duration_since(from)
                }),
                behind_others: timings.head_of_line_wait().unwrap_or_default(),
                error,
                versions_changed,
            },
        });
    }

    /// Completes the first request for which `wanted` says so, wherever it is; false if there is none.
    pub(in crate::connection) fn give_up(
        &mut self,
        wanted: impl Fn(&Record) -> bool,
        kind: ConnectionErrorKind,
    ) -> bool {
        let wanted = |record: &Record| !record.is_internal() && wanted(record);
        let id = {
            let mut sent = self.in_flight.iter();
            sent.find(|each| wanted(each.note))
                .map(|each| each.correlation_id)
        };
        let given_up = match id {
            Some(id) => self.in_flight.abandon(id),
            None => None,
        };
        if let Some(record) = given_up {
            self.abandoned += 1;
            let delivery = self.delivery_in_flight(&record.note);
            self.fail(record.note, kind, delivery);
            return true;
        }
        let Some(at) = self.outbound.iter().position(|record| wanted(record)) else {
            return false;
        };
        if at >= self.offered {
            // The transport knows nothing of it.
            self.admitted -= usize::from(at < self.admitted);
            if let Some(record) = self.outbound.remove(at) {
                self.fail(record, kind, Delivery::NotSent);
            }
            return true;
        }
        self.abandon_unwritten(at, kind);
        true
    }

    /// Completes a request that the transport may be writing; its bytes stay.
    fn abandon_unwritten(&mut self, at: usize, kind: ConnectionErrorKind) {
        let Some(record) = self.outbound.get_mut(at) else {
            return;
        };
        let rest = Box::new(Record {
            id: RequestId(record.id.0),
            origin: Origin::Nobody,
            frame: record.frame.take(),
            ..copy_of(record)
        });
        let record = std::mem::replace(record, rest);
        let delivery = Delivery::PartiallySent {
            bytes: record.accepted,
            total: record.frame_bytes,
        };
        self.fail(record, kind, delivery);
    }

    /// How far a request in flight has got: the one that is due may have a part of its response.
    pub(in crate::connection) fn delivery_in_flight(&self, record: &Record) -> Delivery {
        use crate::connection::receive::StreamPosition;
        let due = self.in_flight.due();
        let is_head = due.is_some_and(|due| due.correlation_id == record.label.correlation_id);
        match self.receiver.position() {
            StreamPosition::InFrame { got, announced } if is_head && announced >= SIZE_BYTES => {
                Delivery::ResponsePartial { got, announced }
            }
            _ => Delivery::SentNoResponse,
        }
    }
}

fn copy_of(record: &Record) -> Record {
    let Record {
        id,
        label,
        origin,
        tag,
        attempt,
        expects_response,
        deadline,
        timeout,
        frame: _,
        frame_bytes,
        accepted,
        timings,
        extended_before,
    } = record;
    Record {
        id: *id,
        label: *label,
        origin: *origin,
        tag: *tag,
        attempt: *attempt,
        expects_response: *expects_response,
        deadline: *deadline,
        timeout: *timeout,
        frame: None,
        frame_bytes: *frame_bytes,
        accepted: *accepted,
        timings: *timings,
        extended_before: *extended_before,
    }
}
