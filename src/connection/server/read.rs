//! Requests as they arrive: read as far as the header, answered if they ask for versions, refused if
//! they are not served, else handed out.

use std::time::{Duration, Instant};

use bytes::Bytes;

use crate::messages::{ApiVersionsRequest, ApiVersionsResponse, RequestHeader};
use crate::wire::Reader;
use crate::{ApiKey, Decode, DecodeErrorKind, ErrorCode, HeaderVersions, Version};

use super::super::client::options::is_software_text;
use super::super::client::request::{ApiLabel, Origin, Record, RequestId};
use super::super::peek;
use super::super::receive::{ROUTED, Received, StreamPosition};
use super::super::report::{CloseReason, RequestFault};
use super::super::sasl::Token;
use super::super::timing::Timings;
use super::event::{IncomingRequest, ServerEvent};
use super::machine::ServerConnection;

impl ServerConnection {
    /// Takes bytes from the front of `bytes`, up to the end of a frame.
    pub(super) fn read(&mut self, now: Instant, bytes: &mut &[u8]) {
        let least = if self.bare_tokens { 0 } else { ROUTED };
        let most = self.options.max_frame_bytes.max(least);
        let before = bytes.len();
        let received = self.receiver.receive(bytes, least..=most);
        // Before what they mean is looked at: that may be the end, which says how many there were.
        self.bytes_in += u64::try_from(before - bytes.len()).unwrap_or(u64::MAX);
        match received {
            Received::Nothing => {}
            Received::Frame(token) if self.bare_tokens => {
                let token = Token::from(Vec::from(token));
                self.events.push_back(ServerEvent::SaslToken(token));
            }
            Received::Frame(frame) => self.on_frame(now, frame),
            Received::Foreign(protocol) => {
                let first_bytes = self.receiver.first_bytes().into();
                let reason = CloseReason::Foreign {
                    protocol,
                    first_bytes,
                };
                self.close_because(now, reason);
            }
            Received::BadSize(announced) => {
                let first_bytes = self.receiver.first_bytes().into();
                let reason = CloseReason::BadFrameSize {
                    announced,
                    at_least: least,
                    at_most: most,
                    first_bytes,
                };
                self.close_because(now, reason);
            }
        }
        debug_assert!(
            self.receiver.position() != StreamPosition::BetweenFrames
                || self.receiver.memory() == 0,
            "nothing is kept between frames"
        );
    }

    fn on_frame(&mut self, now: Instant, frame: Bytes) {
        let mut peek = Reader::new(&frame);
        let (key, version) = (ApiKey::from_number(peek.i16()), Version(peek.i16()));
        let headers = HeaderVersions::of(key, version);
        let label = ApiLabel::new(key, version, headers, peek.i32(), ());
        if self.options.forwards {
            return self.hand_out(now, label, frame);
        }
        let is_served = |versions: crate::VersionRange| versions.contains(version);
        let served = self.options.served.get(key).is_some_and(is_served);
        match key {
            ApiKey::ApiVersions => self.answer_versions(now, label, &frame, served),
            _ if served => self.hand_out(now, label, frame),
            _ => self.refuse(now, RequestFault::Unsupported(label)),
        }
    }

    fn refuse(&mut self, now: Instant, fault: RequestFault) {
        self.close_because(now, CloseReason::BadRequest(fault));
    }

    fn hand_out(&mut self, now: Instant, label: ApiLabel, frame: Bytes) {
        let (client_id, body) = match RequestHeader::split(&frame) {
            Ok((header, body)) => {
                let client_id = header.client_id.as_deref().map(Box::from);
                (client_id, frame.len() - body.len())
            }
            // A proxy passes on what it does not know.
            Err(error) if matches!(error.kind(), DecodeErrorKind::UnknownApiKey { .. }) => {
                (None, ROUTED)
            }
            Err(error) => return self.refuse(now, RequestFault::Undecodable(error)),
        };
        let expects_response =
            peek::expects_response(label.api_key, label.version, label.headers, || &frame);
        let id = self.slot(now, label, expects_response);
        self.events.push_back(ServerEvent::Request(IncomingRequest {
            id,
            label,
            client_id,
            expects_response,
            frame,
            body,
        }));
    }

    /// A place for the response, if there will be one.
    pub(super) fn slot(
        &mut self,
        now: Instant,
        label: ApiLabel,
        expects_response: bool,
    ) -> RequestId {
        let id = RequestId(self.next_request);
        self.next_request += 1;
        if expects_response {
            self.responses.push_back(Box::new(Record {
                id,
                label,
                origin: Origin::Caller,
                tag: 0,
                attempt: 0,
                expects_response,
                deadline: None,
                timeout: Duration::MAX,
                frame: None,
                frame_bytes: 0,
                accepted: 0,
                timings: Timings::at(now),
                extended_before: Duration::ZERO,
            }));
        }
        id
    }

    /// Answers ApiVersions as a broker does: in version 0 where it does not have the version.
    fn answer_versions(&mut self, now: Instant, label: ApiLabel, frame: &Bytes, served: bool) {
        let own = self.options.served.get(ApiKey::ApiVersions);
        let id = self.slot(now, label, true);
        if !served {
            let own = own.map(|versions| (ApiKey::ApiVersions, versions));
            let mut response = ApiVersionsResponse::for_apis(own);
            response.error_code = ErrorCode::UNSUPPORTED_VERSION;
            return self.answer(now, id, label, &response, Version(0));
        }
        let request = RequestHeader::split(frame)
            .and_then(|(_, body)| ApiVersionsRequest::decode(body, label.version));
        let request = match request {
            Ok(request) => request,
            Err(error) => return self.refuse(now, RequestFault::Undecodable(error)),
        };
        let (name, version) = (
            &request.client_software_name,
            &request.client_software_version,
        );
        let is_known = is_software_text(name) && is_software_text(version);
        if label.version >= Version(3) && !is_known {
            let response = ApiVersionsResponse {
                error_code: ErrorCode::INVALID_REQUEST,
                ..Default::default()
            };
            return self.answer(now, id, label, &response, label.version);
        }
        self.events.push_back(ServerEvent::Client {
            name: (**name).into(),
            version: (**version).into(),
        });
        let response = ApiVersionsResponse::for_apis(self.options.served.iter());
        self.answer(now, id, label, &response, label.version);
    }
}
