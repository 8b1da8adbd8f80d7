//! Requests become frames: numbered, with their headers, and with what is known of them beside.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::{Buf, Bytes};

use crate::connection::bodies::{self, ROUTED};
use crate::connection::{ApiLabel, EncodedRequest, RequestId, Timings};
use crate::frame::SIZE_BYTES;
use crate::messages::{ApiVersionsRequest, SaslAuthenticateRequest, SaslHandshakeRequest};
use crate::wire::{Blob, Encoding, Segments, Writer};
use crate::{ApiKey, EncodeError, Request, Version, frame};

use super::error::SubmitError;
use super::options::{ConnectionOptions, SubmitOptions};
use super::request::{Origin, PendingRequest};
use super::session::SetupRequest;
use super::version_choice::{Choice, write_highest};

/// Makes frames of requests, and numbers both.
#[derive(Debug)]
pub(super) struct Encoder {
    options: Arc<ConnectionOptions>,
    /// The number of requests so far.
    count: u64,
    ids: CorrelationIds,
    /// The box of a request that is over.
    spare: Option<Box<PendingRequest>>,
}

/// A request and its frame.
pub(super) type NumberedRequest = (Box<PendingRequest>, Segments);

/// What an encoder needs of the rest of the connection.
pub(super) struct EncodeContext<'c> {
    pub(super) now: Instant,
    /// A buffer that is used again.
    pub(super) buffer: Vec<u8>,
    /// Whether a pending request has this correlation id.
    pub(super) is_taken: &'c dyn Fn(i32) -> bool,
}

impl Encoder {
    pub(super) fn new(options: Arc<ConnectionOptions>) -> Self {
        Self {
            count: 0,
            ids: CorrelationIds::new(options.first_correlation_id, options.reserves_sasl_ids),
            spare: None,
            options,
        }
    }

    /// Reuses the box of a request that is over.
    #[inline]
    pub(super) fn reuse(&mut self, spare: Box<PendingRequest>) {
        self.spare = Some(spare);
    }

    /// Encodes a request of the caller.
    pub(super) fn request<R: Request>(
        &mut self,
        context: EncodeContext<'_>,
        request: &R,
        choice: Choice,
        origin: Origin,
        options: SubmitOptions,
    ) -> Result<NumberedRequest, SubmitError> {
        let correlation_id = self.ids.next(context.is_taken);
        let mut writer = Writer::with_buffer(context.buffer);
        let client_id = self.options.client_id.as_deref();
        let version = write_highest(&mut writer, choice, |writer, version| {
            frame::write_request(writer, request, version, correlation_id, client_id)
        })?;
        let frame = writer.finish();
        let options = options.or_server_wait(|| request.server_wait(version));
        Ok(self.typed::<R>(context.now, version, correlation_id, origin, frame, options))
    }

    /// Encodes the request of a probe.
    pub(super) fn probe(
        &mut self,
        context: EncodeContext<'_>,
        version: Version,
    ) -> Result<NumberedRequest, SubmitError> {
        let own = self.options.clone();
        let request = api_versions_request(&own);
        let options = SubmitOptions::default();
        self.request(
            context,
            &request,
            Choice::Exactly(version),
            Origin::Probe,
            options,
        )
    }

    /// Numbers a request that is encoded already: header and body, without the size.
    pub(super) fn frame(
        &mut self,
        context: EncodeContext<'_>,
        frame: &Bytes,
        options: SubmitOptions,
    ) -> Result<NumberedRequest, SubmitError> {
        let (key, version) = routing(frame)?;
        let correlation_id = self.ids.next(context.is_taken);
        let mut writer = Writer::with_buffer(context.buffer);
        writer.sized(|writer| {
            writer.i16(key.number());
            writer.i16(version.0);
            writer.i32(correlation_id);
            writer.bytes(&Blob::Shared(frame.slice(ROUTED..)))
        })?;
        let headers = options.headers_of(key, version);
        let label = ApiLabel::new(key, version, headers, correlation_id, ());
        let expects_response = bodies::expects_response(key, version, headers, || frame);
        let options =
            options.or_server_wait(|| bodies::server_wait_of_frame(key, version, headers, frame));
        let encoded = writer.finish();
        Ok(self.pending(
            context.now,
            label,
            Origin::Caller,
            encoded,
            expects_response,
            options,
        ))
    }

    /// Puts the header before a request whose body is encoded already.
    pub(super) fn encoded(
        &mut self,
        context: EncodeContext<'_>,
        request: &EncodedRequest,
        options: SubmitOptions,
    ) -> Result<NumberedRequest, EncodeError> {
        let correlation_id = self.ids.next(context.is_taken);
        let mut writer = Writer::with_buffer(context.buffer);
        let client_id = self.options.client_id.as_deref();
        request.write_frame(&mut writer, correlation_id, client_id)?;
        let (key, version) = (request.api_key(), request.version());
        let label = ApiLabel::new(key, version, request.header_versions(), correlation_id, ());
        let options = options.or_server_wait(|| request.server_wait());
        let (now, frame) = (context.now, writer.finish());
        let expects_response = request.expects_response();
        Ok(self.pending(now, label, Origin::Caller, frame, expects_response, options))
    }

    /// Encodes a request of the session.
    pub(super) fn setup(
        &mut self,
        mut context: EncodeContext<'_>,
        request: &SetupRequest,
    ) -> Result<NumberedRequest, EncodeError> {
        let own = self.options.clone();
        let (token, version) = match request {
            SetupRequest::ApiVersions(version) => {
                let id = self.ids.next(context.is_taken);
                let request = api_versions_request(&own);
                return self.setup_typed(context, &request, *version, id);
            }
            SetupRequest::SaslHandshake { mechanism, version } => {
                let id = self.ids.next_sasl(context.is_taken);
                let request = SaslHandshakeRequest {
                    mechanism: Cow::Borrowed(mechanism),
                    ..Default::default()
                };
                return self.setup_typed(context, &request, *version, id);
            }
            SetupRequest::SaslAuthenticate { token, version } => (token, Some(*version)),
            SetupRequest::SaslToken(token) => (token, None),
        };
        // Large enough that it does not grow, which would leave a copy behind.
        let client_id = own.client_id.as_deref().map_or(0, str::len);
        context.buffer = Vec::with_capacity(64 + client_id + token.expose().len());
        let token = Blob::Borrowed(token.expose());
        if let Some(version) = version {
            let id = self.ids.next_sasl(context.is_taken);
            let request = SaslAuthenticateRequest {
                auth_bytes: token,
                ..Default::default()
            };
            return self.setup_typed(context, &request, version, id);
        }
        let mut writer = Writer::with_buffer(context.buffer);
        writer.blob(Encoding::Classic, &token, "token")?;
        let (label, origin) = (ApiLabel::of_bare_token(), Origin::SaslToken);
        let options = SubmitOptions::default();
        Ok(self.pending(context.now, label, origin, writer.finish(), false, options))
    }

    fn setup_typed<R: Request>(
        &mut self,
        context: EncodeContext<'_>,
        request: &R,
        version: Version,
        id: i32,
    ) -> Result<NumberedRequest, EncodeError> {
        let client_id = self.options.client_id.as_deref();
        let frame = frame::encode_request(context.buffer, request, version, id, client_id)?;
        let options = SubmitOptions::default();
        Ok(self.typed::<R>(context.now, version, id, Origin::Setup, frame, options))
    }

    #[inline]
    fn typed<R: Request>(
        &mut self,
        now: Instant,
        version: Version,
        correlation_id: i32,
        origin: Origin,
        frame: Segments,
        options: SubmitOptions,
    ) -> NumberedRequest {
        let headers = R::header_versions(version);
        let label = ApiLabel::new(R::KEY, version, headers, correlation_id, ());
        let encoded = || {
            frame
                .chunk()
                .get(SIZE_BYTES..)
                .expect("it begins with its size")
        };
        let expects_response = bodies::expects_response(R::KEY, version, headers, encoded);
        self.pending(now, label, origin, frame, expects_response, options)
    }

    #[inline]
    fn pending(
        &mut self,
        now: Instant,
        label: ApiLabel,
        origin: Origin,
        frame: Segments,
        expects_response: bool,
        options: SubmitOptions,
    ) -> NumberedRequest {
        let id = RequestId(self.count);
        self.count += 1;
        let timeout = options.timeout.unwrap_or(self.options.request_timeout);
        let request = PendingRequest {
            id,
            label,
            origin,
            tag: options.tag,
            attempt: options.attempt,
            expects_response,
            deadline: options.deadline,
            timeout: timeout.saturating_add(options.server_wait.unwrap_or(Duration::ZERO)),
            frame_bytes: frame.remaining(),
            timings: Timings::at(now),
            extended_before: Duration::ZERO,
        };
        let request = match self.spare.take() {
            Some(mut spare) => {
                *spare = request;
                spare
            }
            None => Box::new(request),
        };
        (request, frame)
    }
}

/// The API and version of a request that is encoded already, header and body, without the size.
pub(super) fn routing(frame: &[u8]) -> Result<(ApiKey, Version), SubmitError> {
    match frame.first_chunk::<ROUTED>() {
        Some([key_0, key_1, version_0, version_1, ..]) => Ok((
            ApiKey::from_number(i16::from_be_bytes([*key_0, *key_1])),
            Version(i16::from_be_bytes([*version_0, *version_1])),
        )),
        None => Err(SubmitError::NotARequest { bytes: frame.len() }),
    }
}

fn api_versions_request(options: &ConnectionOptions) -> ApiVersionsRequest<'_> {
    ApiVersionsRequest {
        client_software_name: Cow::Borrowed(&options.software_name),
        client_software_version: Cow::Borrowed(&options.software_version),
        ..Default::default()
    }
}

/// Hands out correlation ids: positive, in order, and around again at the end.
///
/// 0 is never used, so that the first frame of an HTTP/2 server cannot be taken for a response.
///
/// Invariant: `next` is in 1..=`last`, and ids above `last` are for SASL.
#[derive(Debug)]
pub(super) struct CorrelationIds {
    next: i32,
    /// The highest id of other requests.
    last: i32,
    next_sasl: i32,
    /// Whether ids were handed out before, so that one may still be in flight.
    has_wrapped: bool,
}

/// The number of ids that are reserved for SASL, as in Kafka's own client.
const RESERVED: i32 = 8;

impl CorrelationIds {
    pub(super) fn new(first: i32, reserves_sasl: bool) -> Self {
        let last = i32::MAX - if reserves_sasl { RESERVED } else { 0 };
        Self {
            next: first.clamp(1, last),
            last,
            next_sasl: last,
            has_wrapped: false,
        }
    }

    /// The next id that is not taken.
    #[inline]
    fn next(&mut self, is_taken: impl Fn(i32) -> bool) -> i32 {
        loop {
            let id = self.next;
            (self.next, self.has_wrapped) = match id < self.last {
                true => (id + 1, self.has_wrapped),
                false => (1, true),
            };
            // There are fewer requests than ids, so this ends.
            if !self.has_wrapped || !is_taken(id) {
                return id;
            }
        }
    }

    /// The next id for a SASL request, of which few are in flight at a time.
    fn next_sasl(&mut self, is_taken: impl Fn(i32) -> bool) -> i32 {
        if self.last == i32::MAX {
            return self.next(is_taken);
        }
        self.next_sasl = match self.next_sasl {
            i32::MAX => self.last + 1,
            id => id + 1,
        };
        self.next_sasl
    }
}

#[cfg(test)]
mod tests {
    use super::CorrelationIds;

    #[test]
    fn ids_wrap_to_one_and_pass_over_those_in_flight() {
        let mut ids = CorrelationIds::new(i32::MAX, false);
        assert_eq!(ids.next(|_| false), i32::MAX);
        assert_eq!(ids.next(|id| id < 3), 3);
    }

    #[test]
    fn sasl_ids_stay_in_their_range() {
        let mut ids = CorrelationIds::new(i32::MAX, true);
        assert_eq!(ids.next(|_| false), i32::MAX - 8);
        assert_eq!(ids.next(|_| false), 1);
        for _ in 0..20 {
            assert!(ids.next_sasl(|_| false) > i32::MAX - 8);
        }
    }
}
