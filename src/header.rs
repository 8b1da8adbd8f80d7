//! The headers in front of requests and responses: which version they have, and how they are split
//! apart before anything is known. Their fields are generated.

use std::borrow::Cow;

use crate::messages::{RequestHeader, ResponseHeader};
use crate::wire::{Encoding, Reader};
use crate::{ApiKey, Decode, DecodeError, DecodeErrorKind, HeaderVersions, Message, Version};

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

    /// Splits a request frame like [`split_with`](Self::split_with), also where the client id is not UTF-8, which
    /// brokers serve too.
    ///
    /// # Errors
    ///
    /// An error of decoding the header, other than [`InvalidUtf8`](DecodeErrorKind::InvalidUtf8) of the client id.
    ///
    /// # Examples
    ///
    /// ```
    /// use kafka_codec::messages::RequestHeader;
    /// use kafka_codec::{ApiKey, HeaderVersions, Version};
    ///
    /// let frame = b"\0\x12\0\0\0\0\0\x07\0\x06m\xfcller";
    /// let headers = HeaderVersions::of(ApiKey::ApiVersions, Version(0));
    /// assert!(RequestHeader::split_with(frame, headers).is_err());
    ///
    /// let parts = RequestHeader::split_any_client_id(frame, headers)?;
    /// assert_eq!(parts.header.correlation_id, 7);
    /// assert_eq!(parts.header.client_id, None);
    /// assert_eq!(parts.client_id, Some(&b"m\xfcller"[..]));
    /// assert_eq!(parts.client_id_text().as_deref(), Some("m\\xfcller"));
    /// assert!(parts.body.is_empty());
    /// # Ok::<(), kafka_codec::DecodeError>(())
    /// ```
    pub fn split_any_client_id(
        frame: &'a [u8],
        headers: HeaderVersions,
    ) -> Result<RequestParts<'a>, DecodeError> {
        let error = match Self::split_with(frame, headers) {
            Ok((header, body)) => {
                let client_id = match &header.client_id {
                    Some(Cow::Borrowed(text)) => Some(text.as_bytes()),
                    // Decoding borrows, so there is no other than null.
                    _ => None,
                };
                return Ok(RequestParts {
                    header,
                    client_id,
                    body,
                });
            }
            Err(error) => error,
        };
        if !matches!(error.kind(), DecodeErrorKind::InvalidUtf8 { .. }) {
            return Err(error);
        }
        let mut reader = Reader::new(frame);
        let mut header = Self {
            request_api_key: reader.i16()?,
            request_api_version: reader.i16()?,
            correlation_id: reader.i32()?,
            client_id: None,
            ..Self::default()
        };
        // The length of a client id is an int16 in all versions of the header.
        let length = usize::try_from(reader.i16()?).map_err(|_| error.clone())?;
        let client_id = reader.bytes(length).map_err(|_| error)?;
        let encoding = Encoding::flexible_from(2, headers.request.0);
        let tags = reader.tagged_fields(encoding);
        header.unknown_tagged_fields = tags.map_err(|error| {
            let error = error.in_message(Self::NAME, headers.request);
            #[cfg(feature = "schema")]
            let error = error.in_field("unknown_tagged_fields".to_owned());
            error
        })?;
        Ok(RequestParts {
            header,
            client_id: Some(client_id),
            body: reader.rest(),
        })
    }

    /// The header versions of the API and version at the front of a request frame. A frame that is too short for them is
    /// too short for a header of any version.
    pub(crate) fn versions_of(frame: &[u8]) -> HeaderVersions {
        let (key, version) = Self::routing(frame).unwrap_or((ApiKey::ApiVersions, Version(0)));
        HeaderVersions::of(key, version)
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

/// The parts of a request frame whose client id may be any bytes.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct RequestParts<'a> {
    /// The header. Its client id is `None` if the client id is not UTF-8.
    pub header: RequestHeader<'a>,
    /// The bytes of the client id; `None` if it is null.
    pub client_id: Option<&'a [u8]>,
    /// All that follows the header.
    pub body: &'a [u8],
}

impl<'a> RequestParts<'a> {
    /// Returns the client id for people and as a label: bytes that are not UTF-8 are written as `\xfc`.
    #[must_use]
    pub fn client_id_text(&self) -> Option<Cow<'a, str>> {
        let bytes = self.client_id?;
        if let Ok(text) = std::str::from_utf8(bytes) {
            return Some(Cow::Borrowed(text));
        }
        let mut text = String::new();
        for chunk in bytes.utf8_chunks() {
            text.push_str(chunk.valid());
            text.extend(chunk.invalid().escape_ascii().map(char::from));
        }
        Some(Cow::Owned(text))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_behind_a_client_id_that_is_not_utf_8_is_named_as_behind_any_other() {
        let headers = HeaderVersions::of(ApiKey::ApiVersions, Version(3));
        // Two equal tags, a size above what is left, and no tagged fields at all.
        for tags in [&b"\x02\x05\0\x05\0"[..], b"\x01\x05\x09", b""] {
            let [text, other] = [b"me", b"m\xfc"].map(|client_id| {
                let frame = [b"\0\x12\0\x03\0\0\0\x07\0\x02", &client_id[..], tags].concat();
                RequestHeader::split_any_client_id(&frame, headers).unwrap_err()
            });
            assert_eq!(other, text);
        }
    }
}
