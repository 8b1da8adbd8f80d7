//! Requests become frames: in the highest version that holds them, numbered, and with their headers.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::{Buf, Bytes};

use crate::connection::bodies::ROUTED;
use crate::connection::sasl::Token;
use crate::connection::{ApiLabel, EncodedRequest, RequestId, Timings, bodies};
use crate::frame::SIZE_BYTES;
use crate::messages::{ApiVersionsRequest, SaslAuthenticateRequest, SaslHandshakeRequest};
use crate::wire::{Blob, Encoding, Fidelity, Writer};
use crate::{
    ApiKey, EncodeError, EncodeErrorKind, Request, Version, VersionError, VersionRange,
    VersionTable, frame,
};

use super::completion::{RequestSummary, SubmitError};
use super::options::{ConnectionOptions, SubmitOptions};
use super::pending_request::{Origin, PendingRequest};

/// Encodes frames of requests, and numbers requests.
///
/// Invariant: between two requests, nothing is written.
#[derive(Debug)]
pub(super) struct Encoder {
    options: Arc<ConnectionOptions>,
    writer: Writer,
    /// The number of requests so far.
    count: u64,
    ids: CorrelationIds,
}

/// What is known of a request whose frame was written.
pub(super) struct Submission {
    pub(super) label: ApiLabel,
    pub(super) origin: Origin,
    pub(super) expects_response: bool,
    /// How long the broker may hold it.
    pub(super) server_wait: Duration,
}

/// A request of the [session](super::session::Session).
#[derive(Debug)]
pub(super) enum SetupRequest {
    ApiVersions(Version),
    SaslHandshake {
        mechanism: Box<str>,
        version: Version,
    },
    SaslAuthenticate {
        token: Token,
        version: Version,
    },
    /// A bare token, which has no header and no response that could be recognized.
    SaslToken(Token),
}

impl Encoder {
    pub(super) fn new(options: Arc<ConnectionOptions>) -> Self {
        Self {
            writer: Writer::with_buffer(Vec::new()),
            count: 0,
            ids: CorrelationIds::new(options.first_correlation_id, options.reserves_sasl_ids),
            options,
        }
    }

    /// The next correlation id that is not taken.
    #[inline(always)]
    pub(super) fn next_id(&mut self, is_taken: impl Fn(i32) -> bool) -> i32 {
        self.ids.next(is_taken)
    }

    /// Writes a request of the caller.
    pub(super) fn request<R: Request>(
        &mut self,
        request: &R,
        choice: Choice,
        id: i32,
        options: &SubmitOptions,
    ) -> Result<Submission, SubmitError> {
        let client_id = self.options.client_id.as_deref();
        let version = write_highest(&mut self.writer, choice, |writer, version| {
            frame::write_request(writer, request, version, id, client_id)
        })?;
        let wait = options.server_wait_or(|| request.server_wait(version));
        Ok(typed::<R>(&self.writer, version, id, Origin::Caller, wait))
    }

    /// Writes the request of a probe.
    pub(super) fn probe(&mut self, version: Version, id: i32) -> Result<Submission, EncodeError> {
        let request = api_versions_request(&self.options);
        let client_id = self.options.client_id.as_deref();
        own(
            &mut self.writer,
            client_id,
            &request,
            version,
            id,
            Origin::Probe,
        )
    }

    /// Writes a request that is encoded already, header and body without the size, with another correlation id.
    pub(super) fn frame(
        &mut self,
        frame: &Bytes,
        id: i32,
        options: &SubmitOptions,
    ) -> Result<Submission, SubmitError> {
        let (key, version) = routing(frame)?;
        self.writer.sized(|writer| {
            writer.i16(key.number());
            writer.i16(version.0);
            writer.i32(id);
            writer.bytes(&Blob::Shared(frame.slice(ROUTED..)))
        })?;
        let headers = options.headers_of(key, version);
        let wait = || bodies::server_wait_of_frame(key, version, headers, frame);
        Ok(Submission {
            label: ApiLabel::new(key, version, headers, id, ()),
            origin: Origin::Caller,
            expects_response: bodies::expects_response(key, version, headers, || frame),
            server_wait: options.server_wait_or(wait),
        })
    }

    /// Writes a request whose body is encoded already.
    pub(super) fn encoded(
        &mut self,
        request: &EncodedRequest,
        id: i32,
        options: &SubmitOptions,
    ) -> Result<Submission, EncodeError> {
        let client_id = self.options.client_id.as_deref();
        request.write_frame(&mut self.writer, id, client_id)?;
        let (key, version) = (request.api_key(), request.version());
        Ok(Submission {
            label: ApiLabel::new(key, version, request.header_versions(), id, ()),
            origin: Origin::Caller,
            expects_response: request.expects_response(),
            server_wait: options.server_wait_or(|| request.server_wait()),
        })
    }

    /// Writes a request of the session.
    pub(super) fn setup(
        &mut self,
        request: &SetupRequest,
        is_taken: impl Fn(i32) -> bool,
    ) -> Result<Submission, EncodeError> {
        let client_id = self.options.client_id.as_deref();
        let writer = &mut self.writer;
        let (token, version) = match request {
            SetupRequest::ApiVersions(version) => {
                let id = self.ids.next(is_taken);
                let request = api_versions_request(&self.options);
                return own(writer, client_id, &request, *version, id, Origin::Setup);
            }
            SetupRequest::SaslHandshake { mechanism, version } => {
                let id = self.ids.next_sasl(is_taken);
                let request = SaslHandshakeRequest {
                    mechanism: Cow::Borrowed(mechanism),
                    ..Default::default()
                };
                return own(writer, client_id, &request, *version, id, Origin::Setup);
            }
            SetupRequest::SaslAuthenticate { token, version } => (token, Some(*version)),
            SetupRequest::SaslToken(token) => (token, None),
        };
        // Large enough that it does not grow, which would leave a copy behind.
        let id_bytes = client_id.map_or(0, str::len);
        let buffer = Vec::with_capacity(64 + id_bytes + token.expose().len());
        *writer = Writer::with_buffer(buffer);
        let token = Blob::Borrowed(token.expose());
        if let Some(version) = version {
            let id = self.ids.next_sasl(is_taken);
            let request = SaslAuthenticateRequest {
                auth_bytes: token,
                ..Default::default()
            };
            return own(writer, client_id, &request, version, id, Origin::Setup);
        }
        writer.blob(Encoding::Classic, &token, "token")?;
        Ok(Submission {
            label: ApiLabel::of_bare_token(),
            origin: Origin::SaslToken,
            expects_response: false,
            server_wait: Duration::ZERO,
        })
    }

    /// Removes what a request left that cannot be encoded.
    #[cold]
    pub(super) fn discard(&mut self) {
        self.writer = Writer::with_buffer(Vec::new());
    }

    /// The buffer to encode the next request into.
    #[inline]
    pub(super) fn buffer(&mut self) -> &mut Vec<u8> {
        self.writer.empty_buffer()
    }

    /// Numbers a request that was written: sets all of `request`, in place.
    #[inline(always)]
    pub(super) fn number(
        &mut self,
        request: &mut PendingRequest,
        now: Instant,
        submission: &Submission,
        options: &SubmitOptions,
    ) {
        let PendingRequest {
            summary,
            frame,
            origin,
            expects_response,
            deadline,
            timeout,
            extended_before,
            outcome,
        } = request;
        self.writer.finish_into(frame);
        *summary = RequestSummary {
            id: RequestId(self.count),
            label: submission.label,
            tag: options.tag,
            attempt: options.attempt,
            frame_bytes: frame.remaining(),
            timings: Timings::at(now),
        };
        self.count += 1;
        *origin = submission.origin;
        *expects_response = submission.expects_response;
        *deadline = options.deadline;
        let base = options.timeout.unwrap_or(self.options.request_timeout);
        *timeout = base.saturating_add(submission.server_wait);
        *extended_before = Duration::ZERO;
        debug_assert!(outcome.is_none(), "it was taken out of the box");
    }
}

/// Writes a request of the connection's own.
fn own<R: Request>(
    writer: &mut Writer,
    client_id: Option<&str>,
    request: &R,
    version: Version,
    id: i32,
    origin: Origin,
) -> Result<Submission, EncodeError> {
    frame::write_request(writer, request, version, id, client_id)?;
    Ok(typed::<R>(writer, version, id, origin, Duration::ZERO))
}

/// What is known of a request of a type, which was written to `writer`.
#[inline]
fn typed<R: Request>(
    writer: &Writer,
    version: Version,
    id: i32,
    origin: Origin,
    server_wait: Duration,
) -> Submission {
    let headers = R::header_versions(version);
    let encoded = || {
        let frame = writer.first_bytes();
        frame.get(SIZE_BYTES..).expect("it begins with its size")
    };
    Submission {
        label: ApiLabel::new(R::KEY, version, headers, id, ()),
        origin,
        expects_response: bodies::expects_response(R::KEY, version, headers, encoded),
        server_wait,
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
    /// `true` if ids were handed out before, so that one may still be in flight.
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
    #[inline(always)]
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

/// The versions in which a request may be encoded.
#[derive(Copy, Clone)]
pub(in crate::connection) enum Choice {
    /// This one; what its fields identify must not be lost.
    Exactly(Version),
    /// The highest of these that [fits](Request::fits) the request.
    HighestOf(VersionRange),
}

/// Returns the versions that the broker, this side (`ours`) and the caller have in common: `allowed` by the options of the
/// connection, and `within` those that the caller names for this request.
#[inline]
pub(in crate::connection) fn common_versions(
    broker: &VersionTable,
    key: ApiKey,
    ours: Option<VersionRange>,
    allowed: Option<VersionRange>,
    within: Option<VersionRange>,
) -> Result<VersionRange, VersionError> {
    let caller = match (within, allowed) {
        (Some(one), Some(other)) => match one.intersect(other) {
            Some(both) => Some(both),
            None => return Err(not_allowed(broker, key, other, one)),
        },
        (one, other) => one.or(other),
    };
    broker.common(key, ours, caller)
}

/// What the caller names is not `allowed`.
#[cold]
fn not_allowed(
    broker: &VersionTable,
    key: ApiKey,
    allowed: VersionRange,
    caller: VersionRange,
) -> VersionError {
    match broker.get(key) {
        Some(broker) => VersionError::NoCommonVersion {
            key,
            ours: allowed,
            broker,
            caller: Some(caller),
        },
        None => VersionError::ApiUnknownToBroker { key },
    }
}

/// Calls `write` with the versions of the choice, the highest first, until one holds all of the request. Returns that
/// version.
pub(in crate::connection) fn write_highest(
    writer: &mut Writer,
    choice: Choice,
    write: impl Fn(&mut Writer, Version) -> Result<(), EncodeError>,
) -> Result<Version, SubmitError> {
    let versions = match choice {
        Choice::Exactly(Version(version)) => VersionRange::only(version),
        Choice::HighestOf(versions) => {
            writer.keep(Fidelity::All);
            versions
        }
    };
    let mut version = versions.max();
    let mut first = None;
    loop {
        let Err(error) = write(writer, version) else {
            return Ok(version);
        };
        // A field that ended is in earlier versions: next is the last of them.
        let last = match error.kind() {
            EncodeErrorKind::NotInVersion { versions: has } => Some(has.max()),
            _ => None,
        };
        let error = first.take().unwrap_or(error);
        match last.filter(|last| *last < version && versions.contains(*last)) {
            Some(last) => version = last,
            None => return Err(refused(error, choice)),
        }
        first = Some(error);
    }
}

/// What is reported of the highest version, which does not hold the request either.
#[cold]
fn refused(error: EncodeError, choice: Choice) -> SubmitError {
    match (error.kind(), choice) {
        (EncodeErrorKind::NotInVersion { .. }, Choice::HighestOf(versions)) => {
            SubmitError::DoesNotFit { versions, error }
        }
        _ => SubmitError::Encode(error),
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
