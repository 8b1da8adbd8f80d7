//! Header versions: which versions of the request header and the response header an API uses.

use super::ApiKey;
use crate::Version;

/// The versions of the headers in front of a request and of its response.
///
/// A frame does not state the version of its header: it follows from the API and its version. The
/// pair is decided once, when a request is encoded or arrives, and kept with the request
/// ([`InFlightRequest`](crate::correlation::InFlightRequest)) until its response has been read.
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
            Some(row) => row.headers.at(version),
            None => Self::UNKNOWN,
        }
    }
}

/// The header versions of an API for each of its versions, as generated code states them.
#[doc(hidden)]
#[derive(Copy, Clone, Debug)]
pub struct HeaderRanges(&'static [(i16, i16, i16)]);

impl HeaderRanges {
    /// Ranges, each with its first version, the request header and the response header; at least
    /// one, in ascending order.
    #[must_use]
    pub const fn new(ranges: &'static [(i16, i16, i16)]) -> Self {
        assert!(!ranges.is_empty(), "an API has header versions");
        Self(ranges)
    }

    /// The ranges of a known API.
    pub(crate) const fn of(key: ApiKey) -> Option<Self> {
        match key.row() {
            Some(row) => Some(row.headers),
            None => None,
        }
    }

    /// The header versions of a version: those of the last range that begins at or below it, or else
    /// those of the first range.
    #[must_use]
    pub const fn at(self, version: Version) -> HeaderVersions {
        let mut reached = HeaderVersions::UNKNOWN;
        let mut rest = self.0;
        let mut is_first = true;
        while let Some((&(from, request, response), after)) = rest.split_first() {
            if is_first || from <= version.0 {
                reached = HeaderVersions::new(Version(request), Version(response));
            }
            is_first = false;
            rest = after;
        }
        reached
    }
}
