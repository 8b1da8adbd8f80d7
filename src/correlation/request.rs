//! The part of a request that is needed to read its response, and reading it as far as the header.

use std::fmt;

use crate::messages::{ApiVersionsResponse, ResponseHeader};
use crate::{ApiKey, Decode, DecodeError, ErrorCode, HeaderVersions, Message, Version};

/// A request that was sent, as far as its response depends on it.
///
/// It prints as `Fetch v16 (correlation 42)`.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct InFlightRequest<T> {
    /// The API that the request is for.
    pub api_key: ApiKey,
    /// The version that it is in.
    pub version: Version,
    /// The versions of its header and of its response's.
    pub headers: HeaderVersions,
    /// The number that the response repeats.
    pub correlation_id: i32,
    /// Whatever else is to be remembered with it.
    pub note: T,
}

impl InFlightRequest<()> {
    /// What stands for a bare SASL token, which has no header: SaslAuthenticate v0.
    #[cfg(feature = "connection")]
    pub(crate) const fn of_bare_token() -> Self {
        let (key, version) = (ApiKey::SaslAuthenticate, Version(0));
        Self::new(key, version, HeaderVersions::of(key, version), 0, ())
    }
}

impl<T> InFlightRequest<T> {
    /// A request to be remembered.
    #[must_use]
    pub const fn new(
        api_key: ApiKey,
        version: Version,
        headers: HeaderVersions,
        correlation_id: i32,
        note: T,
    ) -> Self {
        Self {
            api_key,
            version,
            headers,
            correlation_id,
            note,
        }
    }

    /// The same request with another note.
    #[must_use]
    pub fn with_note<N>(&self, note: N) -> InFlightRequest<N> {
        InFlightRequest {
            api_key: self.api_key,
            version: self.version,
            headers: self.headers,
            correlation_id: self.correlation_id,
            note,
        }
    }

    /// The header and the body of the response to this request.
    ///
    /// A broker that does not know the version of an ApiVersions request answers in version 0, mostly with
    /// error 35: [`SplitResponse::version`] is 0 then.
    ///
    /// # Errors
    ///
    /// What decoding the header fails with.
    #[inline]
    pub fn split_response<'a>(&self, frame: &'a [u8]) -> Result<SplitResponse<'a>, DecodeError> {
        let (header, body) = ResponseHeader::split(frame, self.headers)?;
        Ok(SplitResponse {
            header,
            version: self.response_version(body),
            body,
        })
    }

    /// The version of a response with this body: that of the request, but for the answer to an
    /// ApiVersions request in a version that the broker does not know.
    ///
    /// That answer has error 35, or none from some brokers and proxies. As in Kafka's `ApiVersionsResponse.parse`, what
    /// does not decode in the version of the request, and does in version 0, is of that version. Where the version is not
    /// known here, and where neither decodes, error 35 decides.
    ///
    /// See <https://cwiki.apache.org/confluence/x/qRJ4Bw> (KIP-511).
    #[must_use]
    #[inline]
    pub fn response_version(&self, body: &[u8]) -> Version {
        response_version(self.api_key, self.version, body)
    }
}

impl<T> fmt::Display for InFlightRequest<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            api_key,
            version,
            correlation_id,
            ..
        } = self;
        write!(f, "{api_key} v{version} (correlation {correlation_id})")
    }
}

/// The version of a response with this body, to a request in `version`; see [`InFlightRequest::response_version`].
#[inline]
pub(crate) fn response_version(key: ApiKey, version: Version, body: &[u8]) -> Version {
    if !matches!(key, ApiKey::ApiVersions) || version == Version(0) {
        return version;
    }
    version_of_versions(version, body)
}

/// The version of the answer to an ApiVersions request in `version`.
fn version_of_versions(version: Version, body: &[u8]) -> Version {
    let is_in = |version| ApiVersionsResponse::decode_prefix(body, version).is_ok();
    let error = body.first_chunk().copied().map(i16::from_be_bytes);
    let is_refused = error.map(ErrorCode) == Some(ErrorCode::UNSUPPORTED_VERSION);
    let is_0 = if !ApiVersionsResponse::VERSIONS.contains(version) {
        // Without that error, the version may be known to both sides.
        is_refused
    } else if is_refused {
        !is_in(version)
    } else {
        has_room_for_version_0(body) && !is_in(version) && is_in(Version(0))
    };
    if is_0 { Version(0) } else { version }
}

/// Returns `true` if the array of a response in version 0, whose elements take 6 bytes, fits into the body. No
/// flexible version looks like that, so that responses in those are not decoded to tell their version.
fn has_room_for_version_0(body: &[u8]) -> bool {
    let array = body.get(2..).and_then(<[u8]>::split_first_chunk);
    array.is_some_and(|(count, elements)| {
        let count = usize::try_from(i32::from_be_bytes(*count));
        count.is_ok_and(|count| count.saturating_mul(6) <= elements.len())
    })
}

/// The parts of a response frame.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct SplitResponse<'a> {
    /// The header, which is not compared with the request.
    pub header: ResponseHeader<'a>,
    /// The version that the body is in.
    pub version: Version,
    /// All that follows the header.
    pub body: &'a [u8],
}
