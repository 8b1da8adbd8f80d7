//! The dialogue of client and broker on one connection: their frames become messages.

use std::borrow::Cow;
use std::net::SocketAddr;
use std::sync::Arc;

use kafka_codec::correlation::{Expects, InFlightRequest, ObservedRequests, SaslTokens};
use kafka_codec::messages::RequestHeader;
use kafka_codec::{ApiKey, ClientIdentity, DecodeError, ErrorCode, HeaderVersions, Version};

use super::evidence::{Doubt, Evidence};
use super::held::{HeldResponse, HeldResponses};
use super::judge;
use super::preamble::Proxy;
use super::role::Output;
use super::software;
use crate::body;
use crate::event::{Connection, Direction, EventKind, Gap, Message, Preamble, Remark, Undecoded};
use crate::frames::{Cause, Frame, Hole, SIZE_BYTES};
use crate::identity::Identity;
use crate::length::u64_of;
use crate::tcp::{Arrival, elapsed};

/// Requests that wait for a response. Brokers do not read on with fewer in flight than that.
const MAX_REQUESTS: usize = 4096;
/// So many parts of a connection without frames are kept until it is known whether it is another protocol's.
const MAX_EARLY_HOLES: usize = 16;

/// So many responses may come before the first request.
const MAX_BLIND: usize = 64;

/// What is remembered of a connection between its messages.
pub(super) struct Dialogue {
    connection: Connection,
    pub(super) requests: ObservedRequests<Asked>,
    tokens: SaslTokens,
    /// `true` if tokens without a handshake may begin: there was nothing but ApiVersions.
    may_begin_tokens: bool,
    /// What stands in front, to be reported before all else.
    preambles: Vec<(Arrival, Direction, Preamble)>,
    /// What the client asked a proxy for in them.
    pub(super) asked_of_proxy: Option<Proxy>,
    /// Parts of the connection without frames before the first frame.
    early_holes: Vec<(Hole, Direction)>,
    /// `true` if the broker is known to be one, so that nothing need be held back.
    pub(super) is_trusted: bool,
    /// What speaks for Kafka, collected while that is in question.
    pub(super) evidence: Option<Evidence>,
    doubt: Doubt,
    pub(super) held: HeldResponses,
    /// Who the client is, as far as it was captured.
    pub(super) client: ClientIdentity,
    identity: Identity,
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
            may_begin_tokens: true,
            preambles: Vec::new(),
            asked_of_proxy: None,
            early_holes: Vec::new(),
            is_trusted: false,
            evidence: None,
            doubt: Doubt::default(),
            held: HeldResponses::default(),
            client: ClientIdentity::default(),
            identity: Identity::default(),
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
            if frame.truncation.is_none() {
                self.identity.learn_token(frame.bytes);
            }
            let kind = EventKind::SaslToken { bytes };
            self.emit(frame.last, Direction::ToBroker, kind, out);
            return true;
        }
        if self.may_begin_tokens && self.tokens.begin_with(frame.bytes) {
            self.may_begin_tokens = false;
            let kind = EventKind::SaslToken { bytes };
            self.emit(frame.last, Direction::ToBroker, kind, out);
            return true;
        }
        let (header, client_id, body, remark) = match split(frame) {
            Ok(split) => split,
            Err(error) => {
                self.weigh(|evidence| evidence.strange += 1);
                self.doubt.strange(frame);
                let reason = match frame.truncation {
                    Some(truncation) => format!("its header was not captured: {truncation}"),
                    None => error.to_string(),
                };
                self.undecoded(frame, Direction::ToBroker, None, reason, out);
                return frame.truncation.is_some();
            }
        };
        let (api_key, version) = (header.api_key(), header.version());
        self.may_begin_tokens &= api_key == ApiKey::ApiVersions;
        self.last_id = Some(header.correlation_id);
        self.seen += 1;
        let headers = HeaderVersions::of(api_key, version);
        let is_malformed = matches!(remark, Some(Remark::Header(_)))
            || (is_unknown(api_key) && frame.truncation.is_none() && self.is_stranger(&client_id));
        if is_malformed {
            self.doubt.strange(frame);
        }
        let escaped;
        let (mut body, mut remark) = (body, remark);
        if api_key == ApiKey::ApiVersions && frame.truncation.is_none() {
            escaped = software::escaped(version, body);
            if let Some(escaped) = &escaped {
                body = escaped;
                remark = remark.or(Some(Remark::SoftwareNotUtf8));
            }
        }
        let client_id = match client_id {
            Read::Text(client_id) => {
                self.client.learn_client_id(headers, client_id.as_deref());
                self.client.shared_client_id()
            }
            Read::Nothing => None,
        };
        if let Some(evidence) = &mut self.evidence {
            evidence.request(api_key, version, client_id.as_deref(), body, frame);
        }
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
            remark,
        };
        self.identity.learn(&message);
        self.emit(
            frame.last,
            Direction::ToBroker,
            EventKind::Message(message),
            out,
        );
        if let Some(held) = self.held.take(header.correlation_id) {
            self.response(&held.frame.as_frame(), out);
        }
        !is_malformed
    }

    /// Returns `true` if the client called itself otherwise before.
    fn is_stranger(&self, client_id: &Read<'_>) -> bool {
        let known = self.client.client_id().filter(|known| !known.is_empty());
        match client_id {
            Read::Text(client_id) => known.is_some() && client_id.as_deref() != known,
            Read::Nothing => true,
        }
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
            self.weigh(|evidence| evidence.strange += 1);
            self.doubt.strange(frame);
            let reason = match frame.truncation {
                Some(truncation) => format!("its header was not captured: {truncation}"),
                None => "a response has at least 4 bytes".to_owned(),
            };
            self.undecoded(frame, Direction::ToClient, None, reason, out);
            return frame.truncation.is_some();
        };
        let id = i32::from_be_bytes(*id);
        let last_id = self.last_id.replace(id);
        if let Some(request) = self.requests.response(id) {
            self.answer(&request, frame, None, out);
            return true;
        }
        if let Some(request) = self.requests.not_awaited(id) {
            self.answer(&request, frame, Some(Remark::NotExpected), out);
            return true;
        }
        if let Some(request) = self.coordinator_question(id, frame.bytes) {
            self.last_id = Some(request.correlation_id);
            self.answer(&request, frame, Some(Remark::CorrelationIdZero), out);
            return true;
        }
        // Before any request is known, nothing can be said of the first responses.
        let is_blind = self.seen == 0 && self.held.len() < MAX_BLIND;
        // Correlation ids begin again behind authentication, and requests may be read before older responses.
        let is_near = is_blind
            || last_id.is_none_or(|last_id| judge::is_near(id, last_id))
            || (self.requests.iter()).any(|each| judge::is_near(id, each.correlation_id));
        self.weigh(|evidence| match is_near {
            true => evidence.near += u32::from(!is_blind),
            false => evidence.strange += 1,
        });
        if !is_near {
            self.doubt.strange(frame);
        }
        self.held.hold(id, frame, out.packets);
        is_near
    }

    /// Kafka 0.8.2 answers FindCoordinator, then called ConsumerMetadata, with correlation id 0: the request that
    /// such a response answers.
    fn coordinator_question(&mut self, id: i32, frame: &[u8]) -> Option<InFlightRequest<Asked>> {
        let (_, body) = frame.split_first_chunk::<4>().filter(|_| id == 0)?;
        let (key, version) = (ApiKey::FindCoordinator, Version(0));
        let mut waiting = self.requests.iter();
        let id = waiting
            .find(|each| each.api_key == key && each.version == version)?
            .correlation_id;
        drop(waiting);
        match body::is_response(key, version, body) {
            true => self.requests.response(id),
            false => None,
        }
    }

    fn weigh(&mut self, add: impl FnOnce(&mut Evidence)) {
        if let Some(evidence) = &mut self.evidence {
            add(evidence);
        }
    }

    /// Returns `true` if so many frames do not fit that the rest is not Kafka. Reports it once; `at`: when it was found.
    pub(super) fn is_disproved(&mut self, at: Arrival, out: &mut Output<'_>) -> bool {
        if self.is_trusted || !self.doubt.has_won() {
            return false;
        }
        if !self.doubt.is_reported {
            self.doubt.is_reported = true;
            let undecoded = Undecoded {
                bytes: 0,
                correlation_id: None,
                api: None,
                truncation: None,
                first_time: at.time,
                reason: format!(
                    "not Kafka from here on: {} frames do not fit",
                    self.doubt.strange
                ),
            };
            self.emit(
                at,
                Direction::ToBroker,
                EventKind::Undecoded(undecoded),
                out,
            );
        }
        true
    }

    /// Returns `true` if something stands in front that is not reported yet.
    pub(super) const fn has_preambles(&self) -> bool {
        !self.preambles.is_empty()
    }

    /// Reports what stands in front of what is not Kafka, or cannot be read.
    pub(super) fn report_preambles(&mut self, out: &mut Output<'_>) {
        for (at, direction, preamble) in self.preambles.drain(..) {
            let kind = EventKind::Preamble(preamble);
            out.emit(&self.connection, at, direction, &self.identity, kind);
        }
    }

    /// Whether frames may be bare tokens.
    pub(super) const fn expects_tokens(&self) -> bool {
        self.tokens.are_expected()
    }

    /// Returns `true` if these bytes, the first of a client, may be a token.
    pub(super) fn begins_with_token(&self, frame: &[u8]) -> bool {
        let mut tokens = self.tokens;
        self.may_begin_tokens && tokens.begin_with(frame)
    }

    /// Takes note of what stands in front of Kafka.
    pub(super) fn preamble(&mut self, at: Arrival, direction: Direction, preamble: Preamble) {
        self.preambles.push((at, direction, preamble));
    }

    /// The same connection before any frame, with belief given or in question.
    pub(super) fn begin(&self, is_in_question: bool) -> Self {
        let connection = &self.connection;
        Self {
            preambles: self.preambles.clone(),
            asked_of_proxy: self.asked_of_proxy,
            evidence: is_in_question.then(Evidence::default),
            ..Self::new(connection.client, connection.broker, connection.id)
        }
    }

    /// The same connection with the ends the other way around.
    pub(super) fn turned(&self) -> Self {
        let connection = &self.connection;
        Self {
            preambles: self.preambles.clone(),
            ..Self::new(connection.broker, connection.client, connection.id)
        }
    }

    fn answer(
        &mut self,
        request: &InFlightRequest<Asked>,
        frame: &Frame<'_>,
        mut remark: Option<Remark>,
        out: &mut Output<'_>,
    ) {
        let (version, body) = match request.split_response(frame.bytes) {
            Ok(response) => {
                self.doubt.fits();
                (response.version, response.body)
            }
            Err(_) if frame.truncation.is_some() || is_unknown(request.api_key) => {
                (request.version, &[][..])
            }
            Err(error) => {
                let reason = format!("response to {request}: {error}");
                let id = Some(request.correlation_id);
                self.weigh(|evidence| evidence.strange += 1);
                self.doubt.strange(frame);
                self.undecoded(frame, Direction::ToClient, id, reason, out);
                return;
            }
        };
        if request.api_key == ApiKey::SaslHandshake {
            self.tokens.handshake_answered(version, body);
        }
        if let Some(evidence) = &mut self.evidence {
            evidence.response(request.api_key, version, body, frame);
        }
        if version != request.version
            && body.first_chunk().copied().map(i16::from_be_bytes)
                != Some(ErrorCode::UNSUPPORTED_VERSION.0)
        {
            remark = Some(Remark::OtherVersion {
                asked: request.version,
            });
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
            latency: elapsed(asked.last.time, frame.last.time),
            to_first_byte: elapsed(asked.last.time, frame.first.time),
            body,
            truncation: frame.truncation,
            remark,
        };
        self.emit(
            frame.last,
            Direction::ToClient,
            EventKind::Message(message),
            out,
        );
    }

    /// Drops responses that waited for their request long enough.
    pub(super) fn expire(&mut self, now: i64, out: &mut Output<'_>) {
        while let Some(held) = self.held.expired(out.packets, now) {
            self.not_awaited(&held, out);
        }
    }

    /// What was passed over in a direction is reported as another protocol.
    pub(super) fn is_named(&mut self, direction: Direction) {
        let holes = &mut self.early_holes;
        holes.retain(|(hole, at)| *at != direction || hole.missing > 0);
    }

    /// The connection is over.
    pub(super) fn finish(&mut self, out: &mut Output<'_>) {
        self.report_early(out);
        while let Some(held) = self.held.pop() {
            self.not_awaited(&held, out);
        }
        out.counts.unanswered += self.requests.unanswered();
    }

    fn not_awaited(&mut self, held: &HeldResponse, out: &mut Output<'_>) {
        let id = held.correlation_id;
        let reason = format!("response to a request that was not captured (correlation {id})");
        self.undecoded(
            &held.frame.as_frame(),
            Direction::ToClient,
            Some(id),
            reason,
            out,
        );
    }

    fn undecoded(
        &mut self,
        frame: &Frame<'_>,
        direction: Direction,
        correlation_id: Option<i32>,
        reason: String,
        out: &mut Output<'_>,
    ) {
        let undecoded = Undecoded {
            bytes: frame_bytes(frame),
            correlation_id,
            api: match direction {
                Direction::ToBroker => {
                    routing(frame).map(|header| (header.api_key(), header.version()))
                }
                Direction::ToClient => None,
            },
            truncation: frame.truncation,
            first_time: frame.first.time,
            reason,
        };
        self.emit(frame.last, direction, EventKind::Undecoded(undecoded), out);
    }

    /// Takes note of a part of the stream without frames.
    pub(super) fn hole(&mut self, hole: &Hole, direction: Direction, out: &mut Output<'_>) {
        let is_early = self.seen == 0 && self.last_id.is_none();
        if is_early && self.early_holes.len() < MAX_EARLY_HOLES {
            self.early_holes.push((*hole, direction));
        } else {
            self.report_early(out);
            self.report_hole(hole, direction, out);
        }
    }

    fn report_early(&mut self, out: &mut Output<'_>) {
        for (hole, direction) in std::mem::take(&mut self.early_holes) {
            self.report_hole(&hole, direction, out);
        }
    }

    fn report_hole(&mut self, hole: &Hole, direction: Direction, out: &mut Output<'_>) {
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
        self.report_preambles(out);
        let (client, gap) = (&self.identity, EventKind::Gap(gap));
        out.emit(&self.connection, hole.arrival, direction, client, gap);
    }

    fn emit(
        &mut self,
        at: Arrival,
        direction: Direction,
        kind: EventKind<'_>,
        out: &mut Output<'_>,
    ) {
        if !self.early_holes.is_empty() {
            self.report_early(out);
        }
        self.report_preambles(out);
        let client = &self.identity;
        out.emit(&self.connection, at, direction, client, kind);
    }
}

/// The client id of a header, if that was read.
enum Read<'a> {
    Text(Option<Cow<'a, str>>),
    Nothing,
}

type Split<'a> = (RequestHeader<'a>, Read<'a>, &'a [u8], Option<Remark>);

/// The header of a request, as far as it can be read, its client id for people, and the body.
fn split<'a>(frame: &Frame<'a>) -> Result<Split<'a>, DecodeError> {
    let headers = match routing(frame) {
        Some(header) => HeaderVersions::of(header.api_key(), header.version()),
        // Of any version; it is too short for each.
        None => HeaderVersions::new(Version(0), Version(0)),
    };
    let mut parts = RequestHeader::split_any_client_id(frame.bytes, headers);
    if parts.is_err() && routing(frame).is_some_and(|header| is_unknown(header.api_key())) {
        // An unknown API need not be as flexible as later ones are expected to be.
        let headers = HeaderVersions::new(Version(1), Version(0));
        parts = RequestHeader::split_any_client_id(frame.bytes, headers).or(parts);
    }
    match parts {
        Ok(parts) => {
            let client_id = parts.client_id_text();
            let is_escaped = parts.client_id.is_some() && parts.header.client_id.is_none();
            let remark = is_escaped.then_some(Remark::ClientIdNotUtf8);
            Ok((parts.header, Read::Text(client_id), parts.body, remark))
        }
        Err(error) => {
            let header = routing(frame).ok_or_else(|| error.clone())?;
            let versions = header.api_key().versions();
            let is_known = versions.is_some_and(|known| known.contains(header.version()));
            match () {
                () if frame.truncation.is_some() || versions.is_none() => {
                    Ok((header, Read::Nothing, &[], None))
                }
                () if is_known => {
                    let remark = Remark::Header(error.to_string());
                    Ok((header, Read::Nothing, &[], Some(remark)))
                }
                () => Err(error),
            }
        }
    }
}

/// What every request header begins with, where the rest of it was not captured, or is not that of flexible
/// versions as an unknown API's is expected to be: the API, but not the client.
fn routing<'a>(frame: &Frame<'_>) -> Option<RequestHeader<'a>> {
    let (key, rest) = frame.bytes.split_first_chunk()?;
    let (version, rest) = rest.split_first_chunk()?;
    Some(RequestHeader {
        request_api_key: i16::from_be_bytes(*key),
        request_api_version: i16::from_be_bytes(*version),
        correlation_id: i32::from_be_bytes(*rest.first_chunk()?),
        client_id: None,
        ..Default::default()
    })
}

/// Returns `true` if an API is not known here. It may be one of a later release, which is not a reason for doubt.
const fn is_unknown(api_key: ApiKey) -> bool {
    api_key.versions().is_none()
}

fn frame_bytes(frame: &Frame<'_>) -> u64 {
    u64_of(frame.size + SIZE_BYTES)
}
