//! Header versions: which versions of the request header and the response header an API uses.

use super::ApiKey;
use crate::Version;

/// The versions of the headers in front of a request and of its response.
///
/// A frame does not state the version of its header: it follows from the API and its version. The
/// pair is decided once, when a request is encoded or arrives, and kept with the request
/// ([`InFlightRequest`](crate::pairing::InFlightRequest)) until its response has been read.
///
/// A [`Request`](crate::Request) knows its own: [`Request::header_versions`](crate::Request::header_versions).
/// For a request of which only key and version are known there is [`of`](Self::of).
///
/// | header | version | fields |
/// |---|---|---|
/// | request | 0 | API key, API version, correlation id (ControlledShutdown v0 alone) |
/// | request | 1 | and the client id |
/// | request | 2 | and tagged fields |
/// | response | 0 | correlation id |
/// | response | 1 | and tagged fields |
///
/// See <https://kafka.apache.org/protocol#protocol_messages>.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub struct HeaderVersions {
    /// The version of the request header.
    pub request: Version,
    /// The version of the response header.
    pub response: Version,
}

impl HeaderVersions {
    /// The header versions of an API that is not known here: those of flexible versions.
    const UNKNOWN: Self = Self::new(Version(2), Version(1));

    /// A pair of header versions.
    #[must_use]
    pub const fn new(request: Version, response: Version) -> Self {
        Self { request, response }
    }

    /// Returns the header versions of an API in a version.
    ///
    /// A version above the known ones has the header versions of the last known one, as in Kafka.
    ///
    /// # Unknown APIs
    ///
    /// An API that is not known here is taken for flexible: request header 2, response header 1.
    /// Every API that Kafka has added since DescribeQuorum (key 55, Kafka 2.7) is flexible in all of its
    /// versions, so later releases' APIs most likely are too. A user-defined API may not be: there the
    /// caller passes the header versions where the request is submitted or accepted.
    ///
    /// # Examples
    ///
    /// ```
    /// use kafka_codec::{ApiKey, HeaderVersions, Version};
    ///
    /// let fetch = HeaderVersions::of(ApiKey::Fetch, Version(11));
    /// assert_eq!(fetch, HeaderVersions::new(Version(1), Version(0)));
    /// // The response header of ApiVersions never has tagged fields (KIP-511).
    /// let api_versions = HeaderVersions::of(ApiKey::ApiVersions, Version(3));
    /// assert_eq!(api_versions, HeaderVersions::new(Version(2), Version(0)));
    ///
    /// let unknown = HeaderVersions::of(ApiKey::from_number(10_000), Version(0));
    /// assert_eq!(unknown, HeaderVersions::new(Version(2), Version(1)));
    /// ```
    #[must_use]
    pub const fn of(key: ApiKey, version: Version) -> Self {
        match key.row() {
            Some(row) => Self::new(
                header_version(row.request_headers, version),
                header_version(row.response_headers, version),
            ),
            None => Self::UNKNOWN,
        }
    }
}

/// The header of the last version that is reached; of the first one for versions below it.
const fn header_version(headers: &[(i16, i16)], version: Version) -> Version {
    let mut reached = Version(0);
    let mut rest = headers;
    let mut is_first = true;
    while let Some((&(from, header), after)) = rest.split_first() {
        if is_first || from <= version.0 {
            reached = Version(header);
        }
        is_first = false;
        rest = after;
    }
    reached
}
