//! Requests that are encoded before it is known which connection sends them.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::bodies;
use super::client::completion::SubmitError;
use super::client::encode::{Choice, common_versions, write_highest};
use super::{ConnectionOptions, SubmitOptions, VersionTable};
#[cfg(feature = "messages")]
use crate::AnyRequest;
use crate::messages::RequestHeader;
use crate::version_table::sendable;
use crate::wire::{Blob, Segments, Writer};
use crate::{ApiKey, EncodeError, HeaderVersions, Message, Request, Version, VersionRange};

/// A request whose body is encoded and whose header is not: the connection that sends it adds the correlation id and
/// the client id.
///
/// The request is encoded where it is made, on any task or thread, and the task that owns the connection only calls
/// [`Connection::submit_encoded`](super::Connection::submit_encoded). A clone shares the bytes, so that a request can be
/// sent again after a failure, on the same connection or another.
///
/// # Examples
///
/// ```
/// use bytes::Buf;
/// use kafka_codec::connection::{
///     Connection, ConnectionOptions, EncodedRequest, Negotiation, SubmitOptions, VersionTable,
/// };
/// use kafka_codec::messages::SaslHandshakeRequest;
/// use kafka_codec::{ApiKey, Version, VersionRange};
///
/// let table = VersionTable::new([(ApiKey::SaslHandshake, VersionRange::new(0, 1).unwrap())]);
///
/// // On the task of the caller: the request borrows what it likes.
/// let mechanism = String::from("PLAIN");
/// let request = SaslHandshakeRequest { mechanism: (&*mechanism).into(), ..Default::default() };
/// let versions = table.versions_of::<SaslHandshakeRequest>(None)?;
/// let encoded = EncodedRequest::in_highest_of(&request, versions)?;
/// assert_eq!(encoded.version(), Version(1));
///
/// // On the task of the connection.
/// # let now = std::time::Instant::now();
/// let options = ConnectionOptions::new("broker 1").with_negotiation(Negotiation::Assume(table));
/// let mut connection = Connection::new(now, options);
/// connection.handle_opened(now);
/// connection.submit_encoded(now, &encoded, SubmitOptions::default())?;
/// assert!(connection.poll_transmit().is_some_and(|frame| frame.chunk().ends_with(b"PLAIN")));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct EncodedRequest {
    key: ApiKey,
    version: Version,
    headers: HeaderVersions,
    body: Body,
    server_wait: Duration,
    expects_response: bool,
}

/// The bytes of a body, which clones share.
#[derive(Clone)]
enum Body {
    Whole(Bytes),
    Parts(Arc<[Bytes]>),
}

impl Body {
    fn parts(&self) -> &[Bytes] {
        match self {
            Self::Whole(bytes) => std::slice::from_ref(bytes),
            Self::Parts(parts) => parts,
        }
    }
}

impl From<Segments> for Body {
    fn from(segments: Segments) -> Self {
        let mut parts = segments.into_parts();
        match parts.len() {
            0 | 1 => Self::Whole(parts.pop().unwrap_or_default()),
            _ => Self::Parts(parts.into()),
        }
    }
}

impl EncodedRequest {
    /// Encodes a request in `version`. It need not [fit](Request::fits), only be encoded.
    ///
    /// # Errors
    ///
    /// As [`Message::encode`].
    pub fn new<R: Request>(request: &R, version: Version) -> Result<Self, EncodeError> {
        let mut writer = Writer::new();
        request.encode(&mut writer, version)?;
        Ok(Self::of_written(request, version, writer))
    }

    /// Encodes a request in the highest of `versions` that [fits](Request::fits) it, as
    /// [`Connection::submit`](super::Connection::submit) does.
    ///
    /// The versions that both sides have are [`VersionTable::versions_of`](super::VersionTable::versions_of).
    ///
    /// # Errors
    ///
    /// [`SubmitError::DoesNotFit`] if none of them does, or [`SubmitError::Encode`].
    pub fn in_highest_of<R: Request>(
        request: &R,
        versions: VersionRange,
    ) -> Result<Self, SubmitError> {
        let mut writer = Writer::new();
        let choice = Choice::HighestOf(versions);
        let version = write_highest(&mut writer, choice, |writer, version| {
            request.encode(writer, version)
        })?;
        Ok(Self::of_written(request, version, writer))
    }

    /// Encodes a request for a broker that serves the versions in `table`, with the version that
    /// [`Connection::submit`](super::Connection::submit) would choose on a connection with these options.
    ///
    /// # Errors
    ///
    /// [`SubmitError::Version`], [`SubmitError::DoesNotFit`] or [`SubmitError::Encode`].
    pub fn for_broker<R: Request>(
        request: &R,
        table: &VersionTable,
        connection: &ConnectionOptions,
        options: &SubmitOptions,
    ) -> Result<Self, SubmitError> {
        if let Some(version) = options.version {
            table.check(R::KEY, version)?;
            return Ok(Self::new(request, version)?);
        }
        let (allowed, within) = (connection.allowed(R::KEY), options.versions);
        let versions = common_versions(table, R::KEY, sendable::<R>(), allowed, within)?;
        Self::in_highest_of(request, versions)
    }

    /// Encodes a request of any API in `version`, also of one that is not known here.
    ///
    /// # Errors
    ///
    /// As [`AnyRequest::encode`].
    #[cfg(feature = "messages")]
    #[inline]
    pub fn of_any(request: &AnyRequest<'_>, version: Version) -> Result<Self, EncodeError> {
        let mut writer = Writer::new();
        request.encode(&mut writer, version)?;
        let body = Body::from(writer.finish());
        let first = body.parts().first().map_or(&[][..], |part| part);
        let key = request.api_key();
        Ok(Self {
            key,
            version,
            headers: HeaderVersions::of(key, version),
            server_wait: bodies::server_wait(key, version, first),
            expects_response: bodies::body_expects_response(key, version, first),
            body,
        })
    }

    fn of_written<R: Request>(request: &R, version: Version, writer: Writer) -> Self {
        let body = Body::from(writer.finish());
        let first = body.parts().first();
        Self {
            key: R::KEY,
            version,
            headers: R::header_versions(version),
            server_wait: request.server_wait(version),
            expects_response: bodies::body_expects_response(
                R::KEY,
                version,
                first.map_or(&[], |part| part),
            ),
            body,
        }
    }

    /// A request whose body is encoded already, in any API and version. The header versions are those of
    /// [`HeaderVersions::of`], unless [`with_header_versions`](Self::with_header_versions) sets others.
    #[must_use]
    pub fn of_body(key: ApiKey, version: Version, body: Bytes) -> Self {
        Self {
            key,
            version,
            headers: HeaderVersions::of(key, version),
            server_wait: bodies::server_wait(key, version, &body),
            expects_response: bodies::body_expects_response(key, version, &body),
            body: Body::Whole(body),
        }
    }

    /// Sets the header versions, for an API that is not known here.
    #[must_use]
    pub const fn with_header_versions(mut self, headers: HeaderVersions) -> Self {
        self.headers = headers;
        self
    }

    /// The API that the request is for.
    #[must_use]
    pub const fn api_key(&self) -> ApiKey {
        self.key
    }

    /// The version that the request is encoded in.
    #[must_use]
    pub const fn version(&self) -> Version {
        self.version
    }

    /// The versions of the headers of request and response.
    #[must_use]
    pub const fn header_versions(&self) -> HeaderVersions {
        self.headers
    }

    /// The time for which the broker may hold the request before it answers; see [`Request::server_wait`].
    #[must_use]
    pub const fn server_wait(&self) -> Duration {
        self.server_wait
    }

    /// Returns `true` if the broker answers the request. Only Produce with `acks` 0 is not answered.
    #[must_use]
    pub const fn expects_response(&self) -> bool {
        self.expects_response
    }

    /// Returns what a Produce request carries: topics, batches, bytes and compressions. `None` for other APIs, and for a body
    /// that does not decode.
    #[cfg(all(feature = "messages", feature = "records"))]
    #[must_use]
    pub fn produce_summary(&self) -> Option<crate::produce::ProduceSummary> {
        if self.key != ApiKey::Produce {
            return None;
        }
        let body = self.body.parts().concat();
        crate::produce::ProduceSummary::of_body(self.version, &body).ok()
    }

    /// The bytes of the body, in order; shared blobs are parts of their own.
    #[must_use]
    pub fn body(&self) -> &[Bytes] {
        self.body.parts()
    }

    /// Returns a whole request frame: size, header and body. Large parts of the body are shared with it.
    ///
    /// [`Connection::submit_encoded`](super::Connection::submit_encoded) does this. The method is for those who write
    /// frames without a [`Connection`](super::Connection).
    ///
    /// # Errors
    ///
    /// [`EncodeError`] if the client id is too long for a header, or all of it for a frame.
    pub fn to_frame(
        &self,
        correlation_id: i32,
        client_id: Option<&str>,
    ) -> Result<Segments, EncodeError> {
        let mut writer = Writer::new();
        self.write_frame(&mut writer, correlation_id, client_id)?;
        Ok(writer.finish())
    }

    /// Appends what [`to_frame`](Self::to_frame) returns.
    pub(super) fn write_frame(
        &self,
        writer: &mut Writer,
        correlation_id: i32,
        client_id: Option<&str>,
    ) -> Result<(), EncodeError> {
        let header = RequestHeader {
            request_api_key: self.key.number(),
            request_api_version: self.version.0,
            correlation_id,
            client_id: client_id.map(Into::into),
            ..Default::default()
        };
        writer.sized(|writer| {
            header.encode(writer, self.headers.request)?;
            for part in self.body.parts() {
                writer.bytes(&Blob::Shared(part.clone()))?;
            }
            Ok(())
        })
    }
}

/// Without the bytes, in which there may be secrets.
impl fmt::Debug for EncodedRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes: usize = self.body().iter().map(Bytes::len).sum();
        f.debug_struct("EncodedRequest")
            .field("api", &self.key)
            .field("version", &self.version)
            .field("body_bytes", &bytes)
            .finish_non_exhaustive()
    }
}

/// Prints the API and the version, as in `Fetch v16`.
impl fmt::Display for EncodedRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} v{}", self.key, self.version)
    }
}
