//! The report of a connection that closes: what was pending, what may be behind it, and what to do differently.

use std::time::Instant;

use crate::connection::sasl::TokenCarrier;
use crate::connection::{
    CloseReason, CloseReport, Confidence, Delivery, ForeignProtocol, Hint, HintKind,
    ReconnectAdvice, State, Unfinished,
};
use crate::frame::{SIZE_BYTES, StreamPosition};
use crate::{ApiKey, Version};

use super::Connection;
use super::pending_request::{Origin, PendingRequest};

/// The report of a connection that is about to close for this reason.
pub(super) fn report(connection: &Connection, now: Instant, reason: CloseReason) -> CloseReport {
    let since = |then: Instant| now.saturating_duration_since(then);
    let unfinished = |request: &PendingRequest, delivery: Delivery| Unfinished {
        id: (!request.is_internal()).then_some(request.summary.id),
        label: request.label(),
        tag: request.summary.tag,
        age: since(request.timings().submitted),
        delivery,
    };
    let sent = connection
        .queue
        .in_flight()
        .map(|request| unfinished(request, delivery_in_flight(connection, request)));
    let begun = connection.queue.begun();
    let wanted = begun.filter(|(request, _)| request.origin != Origin::Nobody);
    let wanted = wanted.map(|(request, delivery)| unfinished(request, delivery));
    let in_flight: Vec<Unfinished> = sent.chain(wanted).collect();
    let front = connection.queue.front().map(PendingRequest::label);
    let (bytes_in, bytes_out) = connection.bytes();
    CloseReport {
        peer: connection.options.broker.clone(),
        state: connection.state(),
        in_state: connection.session.phase().in_state(now),
        head: front.or_else(|| in_flight.first().map(|first| first.label)),
        not_sent: connection.queue.unsent_len() - usize::from(begun.is_some()),
        responses: connection.responses,
        age: since(connection.session.phase().created()),
        idle: since(connection.quiet_since()),
        bytes_in,
        bytes_out,
        hint: hint(connection, &reason),
        reconnect: reconnect(connection, &reason),
        in_flight,
        reason,
    }
}

/// How far a request in flight has got: a part of the response of the front one may have arrived.
pub(super) fn delivery_in_flight(connection: &Connection, request: &PendingRequest) -> Delivery {
    let front = connection.queue.front().map(PendingRequest::label);
    let is_front = front == Some(request.label());
    match connection.receiver.position() {
        StreamPosition::InFrame { got, announced } if is_front && announced >= SIZE_BYTES => {
            Delivery::ResponsePartial { got, announced }
        }
        _ => Delivery::SentNoResponse,
    }
}

/// What may be behind a reason.
fn hint(connection: &Connection, reason: &CloseReason) -> Option<Hint> {
    Some(match reason {
        CloseReason::Foreign { protocol, .. } => match protocol {
            ForeignProtocol::TlsAlert { .. } | ForeignProtocol::Tls => {
                Hint::new(HintKind::TlsExpected, Confidence::Certain)
            }
            _ => Hint::new(HintKind::WrongPort, Confidence::Certain),
        },
        CloseReason::RemoteEof(_) => return hint_at_end(connection, false),
        CloseReason::RemoteReset(_) => return hint_at_end(connection, true),
        CloseReason::BadFrameSize { announced, max, .. }
            if usize::try_from(*announced).is_ok_and(|announced| announced > *max)
                && connection.receiver.frames() > 0 =>
        {
            Hint::new(HintKind::FrameLimitTooLow, Confidence::Possible)
        }
        _ => return None,
    })
}

/// What may be behind it that the peer ended the stream, or reset it.
fn hint_at_end(connection: &Connection, is_reset: bool) -> Option<Hint> {
    let (kind, confidence) = match (connection.state(), connection.session.sasl()) {
        (State::ApiVersions, _) if connection.bytes_in == 0 => match is_reset {
            true => (HintKind::OldBroker, Confidence::Possible),
            false => (HintKind::TlsExpected, Confidence::Likely),
        },
        (State::SaslTokens, Some(exchange)) if exchange.rounds() > 0 => {
            (HintKind::CredentialsRefused, Confidence::Likely)
        }
        (State::Ready, _) if has_sent_much(connection) => {
            (HintKind::RequestTooLarge, Confidence::Possible)
        }
        (State::Ready, _) if connection.queue.in_flight_len() == 0 => return None,
        (State::Ready, None) if connection.responses == 0 => {
            (HintKind::SaslMissing, Confidence::Likely)
        }
        (State::Ready, Some(exchange)) if exchange.carrier() == TokenCarrier::Bare => {
            (HintKind::SessionOver, Confidence::Possible)
        }
        _ => return None,
    };
    Some(Hint::new(kind, confidence))
}

/// Returns `true` if a request that is not answered is larger than most.
fn has_sent_much(connection: &Connection) -> bool {
    let begun = connection.queue.begun().map(|(request, _)| request);
    let mut sent = connection.queue.in_flight().chain(begun);
    sent.any(|request| request.summary.frame_bytes > LARGE)
}

/// What the peer may accept on another connection, though it broke off this one.
fn reconnect(connection: &Connection, reason: &CloseReason) -> Option<ReconnectAdvice> {
    match reason {
        CloseReason::RemoteReset(_) | CloseReason::RemoteEof(_) => {}
        CloseReason::Timeout(_) if connection.state() == State::ApiVersions => {}
        _ => return None,
    }
    match connection.state() {
        // Some brokers and services end the connection, or stay silent, when they are asked in a version that they
        // do not know.
        State::ApiVersions
            if connection.bytes_in == 0 && connection.session.asked_in() > Version(0) =>
        {
            let is_known = connection.versions().get(ApiKey::ApiVersions).is_some();
            (!is_known).then_some(ReconnectAdvice::ApiVersions(Version(0)))
        }
        // Kafka's brokers say which mechanisms they have, and take no second handshake.
        State::SaslHandshake => {
            let exchange = connection.session.sasl()?;
            exchange
                .has_fallen_back()
                .then(|| ReconnectAdvice::Mechanism(exchange.name()))
        }
        _ => None,
    }
}

/// More than a broker takes of one batch by default, so that a lower limit of whole requests is not unlikely.
const LARGE: usize = 1024 * 1024;
