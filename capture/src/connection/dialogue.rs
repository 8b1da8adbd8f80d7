//! What client and broker say on one connection: their frames become messages.

use std::net::SocketAddr;
use std::sync::Arc;

use kafka_codec::correlation::{Expects, InFlightRequest, ObservedRequests, SaslTokens};
use kafka_codec::messages::RequestHeader;
use kafka_codec::{ApiKey, ClientIdentity, HeaderVersions};

use super::held::{HeldResponse, HeldResponses};
use super::judge;
use super::role::Output;
use crate::body;
use crate::event::{Connection, Direction, EventKind, Gap, Message, Undecoded};
use crate::frames::{Cause, Frame, Hole, SIZE_BYTES};
use crate::length::u64_of;
use crate::tcp::Arrival;

/// Requests that wait for a response. Brokers do not read on with fewer in flight than that.
const MAX_REQUESTS: usize = 4096;

/// What is remembered of a connection between its messages.
pub(super) struct Dialogue {
    connection: Connection,
    pub(super) requests: ObservedRequests<Asked>,
    tokens: SaslTokens,
    held: HeldResponses,
    /// Who the client is, as far as it was captured.
    pub(super) client: ClientIdentity,
    /// The number of requests so far.
    pub(super) seen: u64,
    /// The correlation id that was seen last.
    pub(super) last_id: Option<i32>,
}

/// What is remembered of a request.
#[derive(Debug)]
pub(super) struct Asked {
    client_id: Option<Arc<str>>,
    number: u64,
    last: Arrival,
}

impl Dialogue {
    pub(super) fn new(client: SocketAddr, broker: SocketAddr, id: u64) -> Self {
        Self {
            connection: Connection::new(client, broker, id),
            requests: ObservedRequests::with_capacity(MAX_REQUESTS),
            tokens: SaslTokens::default(),
            held: HeldResponses::default(),
            client: ClientIdentity::default(),
            seen: 0,
            last_id: None,
        }
    }

    pub(super) const fn broker(&self) -> SocketAddr {
        self.connection.broker
    }

    pub(super) const fn buffered(&self) -> usize {
        self.held.buffered()
    }

    /// Takes a frame of the client. Whether it was one.
    pub(super) fn request(&mut self, frame: &Frame<'_>, out: &mut Output<'_>) -> bool {
        let bytes = frame_bytes(frame);
        if self.tokens.are_expected() && self.tokens.is_client_token(frame.bytes) {
            let kind = EventKind::SaslToken { bytes };
            self.emit(frame.last, Direction::ToBroker, kind, out);
            return true;
        }
        let split = RequestHeader::split(frame.bytes);
        let is_read = split.is_ok();
        let (header, body) = match split.or_else(|error| routing(frame).ok_or(error)) {
            Ok(split) => split,
            Err(error) => {
                let reason = match frame.truncation {
                    Some(truncation) => format!("its header was not captured: {truncation}"),
                    None => error.to_string(),
                };
                self.undecoded(frame, Direction::ToBroker, None, reason, out);
                return frame.truncation.is_some();
            }
        };
        let (api_key, version) = (header.api_key(), header.version());
        self.last_id = Some(header.correlation_id);
        self.seen += 1;
        let headers = HeaderVersions::of(api_key, version);
        let client_id = match is_read {
            true => {
                let client_id = header.client_id.as_deref();
                self.client.learn_client_id(headers, client_id);
                self.client.shared_client_id()
            }
            false => None,
        };
        let expects = body::expects(api_key, version, body);
        out.counts.without_response += u64::from(expects == Expects::Nothing);
        let asked = Asked {
            client_id: client_id.clone(),
            number: self.seen,
            last: frame.last,
        };
        let request = InFlightRequest::new(api_key, version, headers, header.correlation_id, asked);
        self.requests.request(request, expects);
        let message = Message {
            api_key,
            version,
            correlation_id: header.correlation_id,
            client_id: client_id.as_deref(),
            bytes,
            number: self.seen,
            expects_response: match expects {
                Expects::Response => Some(true),
                Expects::Nothing => Some(false),
                _ => None,
            },
            first_time: frame.first.time,
            latency: None,
            to_first_byte: None,
            body,
            truncation: frame.truncation,
        };
        self.emit(
            frame.last,
            Direction::ToBroker,
            EventKind::Message(message),
            out,
        );
        if let Some(held) = self.held.take(header.correlation_id) {
            self.response(&held.as_frame(), out);
        }
        true
    }

    /// Takes a frame of the broker. Whether it was one.
    pub(super) fn response(&mut self, frame: &Frame<'_>, out: &mut Output<'_>) -> bool {
        let awaited = |id| self.requests.awaits(id).is_some();
        if self.tokens.are_expected() && self.tokens.is_broker_token(frame.bytes, awaited) {
            let bytes = frame_bytes(frame);
            let kind = EventKind::SaslToken { bytes };
            self.emit(frame.last, Direction::ToClient, kind, out);
            return true;
        }
        let Some(id) = frame.bytes.first_chunk() else {
            let reason = match frame.truncation {
                Some(truncation) => format!("its header was not captured: {truncation}"),
                None => "a response has at least 4 bytes".to_owned(),
            };
            self.undecoded(frame, Direction::ToClient, None, reason, out);
            return frame.truncation.is_some();
        };
        let id = i32::from_be_bytes(*id);
        let last_id = self.last_id.replace(id);
        match self.requests.response(id) {
            Some(request) => {
                self.answer(&request, frame, out);
                true
            }
            None => {
                self.held.hold(id, frame, out.packets);
                last_id.is_none_or(|last_id| judge::is_near(id, last_id))
            }
        }
    }

    fn answer(
        &mut self,
        request: &InFlightRequest<Asked>,
        frame: &Frame<'_>,
        out: &mut Output<'_>,
    ) {
        let (version, body) = match request.split_response(frame.bytes) {
            Ok(response) => (response.version, response.body),
            Err(_) if frame.truncation.is_some() || is_unknown(request.api_key) => {
                (request.version, &[][..])
            }
            Err(error) => {
                let reason = format!("response to {request}: {error}");
                let id = Some(request.correlation_id);
                self.undecoded(frame, Direction::ToClient, id, reason, out);
                return;
            }
        };
        if request.api_key == ApiKey::SaslHandshake {
            self.tokens.handshake_answered(version, body);
        }
        let asked = &request.note;
        let message = Message {
            api_key: request.api_key,
            version,
            correlation_id: request.correlation_id,
            client_id: asked.client_id.as_deref(),
            bytes: frame_bytes(frame),
            number: asked.number,
            expects_response: Some(true),
            first_time: frame.first.time,
            latency: Some(frame.last.time.saturating_sub(asked.last.time)),
            to_first_byte: Some(frame.first.time.saturating_sub(asked.last.time)),
            body,
            truncation: frame.truncation,
        };
        self.emit(
            frame.last,
            Direction::ToClient,
            EventKind::Message(message),
            out,
        );
    }

    /// Lets go of responses that waited for their request long enough.
    pub(super) fn expire(&mut self, now: i64, out: &mut Output<'_>) {
        while let Some(held) = self.held.expired(out.packets, now) {
            self.not_awaited(&held, out);
        }
    }

    /// The connection is over.
    pub(super) fn finish(&mut self, out: &mut Output<'_>) {
        while let Some(held) = self.held.pop() {
            self.not_awaited(&held, out);
        }
        self.requests.give_up_all();
        out.counts.unanswered += self.requests.unanswered();
    }

    fn not_awaited(&mut self, held: &HeldResponse, out: &mut Output<'_>) {
        let id = held.correlation_id;
        let reason = format!("response to a request that was not captured (correlation {id})");
        self.undecoded(&held.as_frame(), Direction::ToClient, Some(id), reason, out);
    }

    fn undecoded(
        &self,
        frame: &Frame<'_>,
        direction: Direction,
        correlation_id: Option<i32>,
        reason: String,
        out: &mut Output<'_>,
    ) {
        let undecoded = Undecoded {
            bytes: frame_bytes(frame),
            correlation_id,
            truncation: frame.truncation,
            first_time: frame.first.time,
            reason,
        };
        self.emit(frame.last, direction, EventKind::Undecoded(undecoded), out);
    }

    /// Takes note of a part of the stream without frames.
    pub(super) fn hole(&self, hole: &Hole, direction: Direction, out: &mut Output<'_>) {
        let gap = Gap {
            missing: hole.missing,
            skipped: hole.skipped,
            invalid_size: match hole.cause {
                Cause::Size(size) => Some(size),
                _ => None,
            },
            is_end: hole.cause == Cause::Ended,
            reason: match hole.cause {
                Cause::MidStream => "the capture began within a message".to_owned(),
                Cause::Lost => "packets are missing in the capture".to_owned(),
                Cause::NotKept => "packets were not captured whole".to_owned(),
                Cause::Size(size) => format!("a frame cannot have a size of {size} bytes"),
                Cause::Doubt => "what was taken for frames does not look like Kafka".to_owned(),
                Cause::Ended => "the connection or the capture ended".to_owned(),
            },
        };
        self.emit(hole.arrival, direction, EventKind::Gap(gap), out);
    }

    fn emit(&self, at: Arrival, direction: Direction, kind: EventKind<'_>, out: &mut Output<'_>) {
        out.emit(&self.connection, at, direction, kind);
    }
}

/// What every request header begins with, where the rest of it was not captured, or is not that of flexible
/// versions as an unknown API's is expected to be: the API, but not the client.
fn routing<'a>(frame: &Frame<'_>) -> Option<(RequestHeader<'a>, &'a [u8])> {
    let (key, rest) = frame.bytes.split_first_chunk()?;
    let (version, rest) = rest.split_first_chunk()?;
    let header = RequestHeader {
        request_api_key: i16::from_be_bytes(*key),
        request_api_version: i16::from_be_bytes(*version),
        correlation_id: i32::from_be_bytes(*rest.first_chunk()?),
        ..Default::default()
    };
    let is_shown = frame.truncation.is_some() || is_unknown(header.api_key());
    is_shown.then_some((header, &[][..]))
}

/// Whether an API is not known here. It may be one of a later release, which is no reason for doubt.
const fn is_unknown(api_key: ApiKey) -> bool {
    api_key.versions().is_none()
}

fn frame_bytes(frame: &Frame<'_>) -> u64 {
    u64_of(frame.size + SIZE_BYTES)
}
