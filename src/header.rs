//! The headers in front of requests and responses: which version they have, and how they are told
//! apart before anything is known. Their fields are generated.

use crate::messages::{RequestHeader, ResponseHeader};
use crate::{ApiKey, Decode, DecodeError, HeaderVersions, Message, Version};

impl<'a> RequestHeader<'a> {
    /// Splits a request frame into its header and the body after it.
    ///
    /// The header's own version follows from the API key and version that it begins with:
    /// [`HeaderVersions::of`] states which it is, also for an API or a version that is not known here.
    ///
    /// # Errors
    ///
    /// An error of decoding the header.
    ///
    /// # Examples
    ///
    /// ```
    /// use kafka_codec::messages::RequestHeader;
    ///
    /// let frame = b"\0\x12\0\0\0\0\0\x07\0\x02me";
    /// let (header, body) = RequestHeader::split(frame)?;
    /// assert_eq!((header.request_api_key, header.correlation_id), (18, 7));
    /// assert_eq!(header.client_id.as_deref(), Some("me"));
    /// assert!(body.is_empty());
    /// # Ok::<(), kafka_codec::DecodeError>(())
    /// ```
    pub fn split(frame: &'a [u8]) -> Result<(Self, &'a [u8]), DecodeError> {
        match Self::routing(frame) {
            Some((key, version)) => Self::split_with(frame, HeaderVersions::of(key, version)),
            // Of any version, which says where it ends.
            None => Self::decode_prefix(frame, Self::VERSIONS.min()),
        }
    }

    /// The API and version at the front of a request frame, without its size, which stand there in every version of the
    /// header. `None` if the frame is too short.
    #[must_use]
    pub fn routing(frame: &[u8]) -> Option<(ApiKey, Version)> {
        let [key_0, key_1, version_0, version_1] = *frame.first_chunk()?;
        Some((
            ApiKey::from_number(i16::from_be_bytes([key_0, key_1])),
            Version(i16::from_be_bytes([version_0, version_1])),
        ))
    }

    /// Splits a request frame like [`split`](Self::split), with header versions that the caller
    /// knows.
    ///
    /// # Errors
    ///
    /// An error of decoding the header.
    pub fn split_with(
        frame: &'a [u8],
        headers: HeaderVersions,
    ) -> Result<(Self, &'a [u8]), DecodeError> {
        Self::decode_prefix(frame, headers.request)
    }

    /// The API that the request is for.
    #[must_use]
    pub fn api_key(&self) -> ApiKey {
        ApiKey::from_number(self.request_api_key)
    }

    /// The version that the request and its response are in.
    #[must_use]
    pub fn version(&self) -> Version {
        Version(self.request_api_version)
    }
}

impl<'a> ResponseHeader<'a> {
    /// Splits a response frame into its header and the body after it; `headers` are those of the
    /// request.
    ///
    /// # Errors
    ///
    /// An error of decoding the header.
    #[inline]
    pub fn split(
        frame: &'a [u8],
        headers: HeaderVersions,
    ) -> Result<(Self, &'a [u8]), DecodeError> {
        match Self::without_tags(frame, headers.response) {
            Some(split) => Ok(split),
            None => Self::decode_prefix(frame, headers.response),
        }
    }

    /// Nearly every header: a correlation id, and where there may be tagged fields, that there are none.
    #[inline]
    fn without_tags(frame: &'a [u8], version: Version) -> Option<(Self, &'a [u8])> {
        let (id, rest) = frame.split_first_chunk()?;
        let body = match version {
            Version(0) => rest,
            Version(1) => rest.strip_prefix(&[0])?,
            _ => return None,
        };
        let header = Self {
            correlation_id: i32::from_be_bytes(*id),
            ..Default::default()
        };
        Some((header, body))
    }
}
