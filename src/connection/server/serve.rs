//! Requests as they arrive, and what they are answered with: ApiVersions is answered here, requests that are not served are
//! refused, and others are handed out.

use std::time::Instant;

use bytes::Bytes;

#[cfg(feature = "messages")]
use crate::AnyResponse;
use crate::connection::bodies::{self, ROUTED};
use crate::connection::sasl::Token;
use crate::connection::{ApiLabel, CloseReason, RequestFault, RequestId};
use crate::frame::SIZE_BYTES;
use crate::frame::input::FrameInput;
#[cfg(feature = "messages")]
use crate::messages::ResponseHeader;
use crate::messages::{ApiVersionsRequest, ApiVersionsResponse, RequestHeader};
use crate::wire::{Blob, Encoding, Reader, Writer};
use crate::{
    ApiKey, Decode, DecodeError, DecodeErrorKind, ErrorCode, HeaderVersions, InvalidSoftware,
    Response, Version, frame,
};

use super::{IncomingRequest, RespondError, ServerConnection, ServerEvent};

impl ServerConnection {
    /// Answers a request.
    ///
    /// # Errors
    ///
    /// [`RespondError`]; the request is still unanswered then.
    pub fn respond<R: Response>(
        &mut self,
        now: Instant,
        id: RequestId,
        response: &R,
    ) -> Result<(), RespondError> {
        let label = self.unanswered(id)?;
        if label.api_key != R::KEY {
            let (asked, given) = (label.api_key, R::KEY);
            return Err(RespondError::OtherApi { asked, given });
        }
        let (version, correlation_id) = (label.version, label.correlation_id);
        let frame = frame::encode_response(Vec::new(), response, version, correlation_id)
            .map_err(RespondError::Encode)?;
        self.responses.respond(now, id, frame)
    }

    /// Answers a request with a response of any API, also of one that is not known here.
    ///
    /// # Errors
    ///
    /// [`RespondError`]; the request is still unanswered then.
    #[cfg(feature = "messages")]
    pub fn respond_any(
        &mut self,
        now: Instant,
        id: RequestId,
        response: &AnyResponse<'_>,
    ) -> Result<(), RespondError> {
        let label = self.unanswered(id)?;
        if label.api_key != response.api_key() {
            let (asked, given) = (label.api_key, response.api_key());
            return Err(RespondError::OtherApi { asked, given });
        }
        let header = ResponseHeader {
            correlation_id: label.correlation_id,
            ..Default::default()
        };
        let mut writer = Writer::new();
        frame::write(&mut writer, &header, label.headers.response, |writer| {
            response.encode(writer, label.version)
        })
        .map_err(RespondError::Encode)?;
        self.responses.respond(now, id, writer.finish())
    }

    /// Answers a request with a frame that is encoded already, header and body, without the size. The
    /// correlation id in it is replaced by that of the request.
    ///
    /// # Errors
    ///
    /// [`RespondError`]; the request is still unanswered then.
    pub fn respond_frame(
        &mut self,
        now: Instant,
        id: RequestId,
        response: &Bytes,
    ) -> Result<(), RespondError> {
        let label = self.unanswered(id)?;
        if response.len() < SIZE_BYTES {
            let bytes = response.len();
            return Err(RespondError::NotAResponse { bytes });
        }
        let answer = frame::write_renumbered(&response.slice(SIZE_BYTES..), label.correlation_id);
        self.responses
            .respond(now, id, answer.map_err(RespondError::Encode)?)
    }

    /// Sends a bare SASL token, which is not an answer to a request.
    ///
    /// # Errors
    ///
    /// [`RespondError::Closed`]; [`RespondError::Encode`] if the token is longer than an int32 can say.
    pub fn send_token(&mut self, now: Instant, token: &[u8]) -> Result<(), RespondError> {
        if self.is_closed() {
            return Err(RespondError::Closed);
        }
        let mut writer = Writer::new();
        writer
            .blob(Encoding::Classic, &Blob::Borrowed(token), "token")
            .map_err(RespondError::Encode)?;
        let label = ApiLabel::of_bare_token();
        let id = self.responses.request(now, label, true);
        self.responses.respond(now, id, writer.finish())
    }

    fn unanswered(&self, id: RequestId) -> Result<ApiLabel, RespondError> {
        match self.is_closed() {
            true => Err(RespondError::Closed),
            false => self.responses.unanswered(id),
        }
    }
}

impl ServerConnection {
    /// Takes bytes from the front of `input`, up to the end of a frame.
    pub(super) fn read(&mut self, now: Instant, input: &mut impl FrameInput) {
        let min = if self.bare_tokens { 0 } else { ROUTED };
        let max = self.options.max_frame_bytes.max(min);
        self.receiver.set_allowed_sizes(min..=max);
        let before = input.bytes().len();
        let received = self.receiver.take_frame(input);
        // Before what they mean is looked at: that may be the end, which says how many there were.
        self.bytes_in += (before - input.bytes().len()) as u64;
        match received {
            Ok(None) => {}
            Ok(Some(token)) if self.bare_tokens => {
                let token = Token::from(Vec::from(token));
                self.events.push_back(ServerEvent::SaslToken(token));
            }
            Ok(Some(frame)) => self.on_frame(now, frame),
            Err(error) => {
                let reason = CloseReason::of_frames(&error, &self.receiver);
                self.close_because(now, reason);
            }
        }
    }

    fn on_frame(&mut self, now: Instant, frame: Bytes) {
        let label = match label(&frame, self.options.header_versions) {
            Ok(label) => label,
            Err(error) => return self.refuse(now, RequestFault::Undecodable(error)),
        };
        let (key, version) = (label.api_key, label.version);
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
        let (client_id, body) = match RequestHeader::split_any_client_id(&frame, label.headers) {
            Ok(parts) => {
                self.identity
                    .learn_client_id(label.headers, parts.client_id_text().as_deref());
                let body = frame.len() - parts.body.len();
                (self.identity.shared_client_id(), body)
            }
            // A proxy passes on what it does not know.
            Err(_) if self.options.forwards && label.api_key.versions().is_none() => (None, ROUTED),
            Err(error) => return self.refuse(now, RequestFault::Undecodable(error)),
        };
        let expects_response =
            bodies::expects_response(label.api_key, label.version, label.headers, || &frame);
        let id = self.responses.request(now, label, expects_response);
        self.events.push_back(ServerEvent::Request(IncomingRequest {
            id,
            label,
            client_id,
            expects_response,
            frame,
            body,
        }));
    }

    /// Answers ApiVersions as a broker does: in version 0 where it does not have the version.
    fn answer_versions(&mut self, now: Instant, label: ApiLabel, frame: &Bytes, served: bool) {
        let own = self.options.served.get(ApiKey::ApiVersions);
        let id = self.responses.request(now, label, true);
        if !served {
            let own = own.map(|versions| (ApiKey::ApiVersions, versions));
            let mut response = ApiVersionsResponse::for_apis(own);
            response.error_code = ErrorCode::UNSUPPORTED_VERSION;
            return self.answer(now, id, label, &response, Version(0));
        }
        let parts = match RequestHeader::split_any_client_id(frame, label.headers) {
            Ok(parts) => parts,
            Err(error) => return self.refuse(now, RequestFault::Undecodable(error)),
        };
        self.identity
            .learn_client_id(label.headers, parts.client_id_text().as_deref());
        // Bytes after the request are ignored, as brokers do.
        let request = match ApiVersionsRequest::decode_prefix(parts.body, label.version) {
            Ok((request, _)) => request,
            // A broker reads it with replacement characters, which it does not accept in these names.
            Err(error) if matches!(error.kind(), DecodeErrorKind::InvalidUtf8 { .. }) => {
                let response = ApiVersionsResponse {
                    error_code: ErrorCode::INVALID_REQUEST,
                    ..Default::default()
                };
                return self.answer(now, id, label, &response, label.version);
            }
            Err(error) => return self.refuse(now, RequestFault::Undecodable(error)),
        };
        let (name, version) = (
            &request.client_software_name,
            &request.client_software_version,
        );
        let is_known = InvalidSoftware::check(name, version).is_ok();
        if label.version >= Version(3) && !is_known {
            let response = ApiVersionsResponse {
                error_code: ErrorCode::INVALID_REQUEST,
                ..Default::default()
            };
            return self.answer(now, id, label, &response, label.version);
        }
        self.identity.learn_software(&request);
        self.events.push_back(ServerEvent::Client {
            name: (**name).into(),
            version: (**version).into(),
        });
        let response = ApiVersionsResponse::for_apis(self.options.served.iter());
        self.answer(now, id, label, &response, label.version);
    }

    /// Answers a request of the connection's own concern.
    pub(super) fn answer<R: Response>(
        &mut self,
        now: Instant,
        id: RequestId,
        label: ApiLabel,
        response: &R,
        version: Version,
    ) {
        let frame = frame::encode_response(Vec::new(), response, version, label.correlation_id);
        match frame {
            Ok(frame) => {
                let answered = self.responses.respond(now, id, frame);
                debug_assert_eq!(answered, Ok(()), "it is answered once");
            }
            // Such a table of versions cannot be sent.
            Err(_) => self.close(now),
        }
    }
}

/// The API, version and correlation id at the front of a request's header, whatever version that has.
fn label(
    frame: &[u8],
    header_versions: fn(ApiKey, Version) -> HeaderVersions,
) -> Result<ApiLabel, DecodeError> {
    let mut reader = Reader::new(frame);
    let (key, version) = (ApiKey::from_number(reader.i16()?), Version(reader.i16()?));
    let headers = header_versions(key, version);
    Ok(ApiLabel::new(key, version, headers, reader.i32()?, ()))
}
