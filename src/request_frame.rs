//! A request that is decoded where it is used, not where it arrived; and frames decoded in one call.

use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;

use crate::correlation::InFlightRequest;
use crate::frame;
use crate::messages::RequestHeader;
use crate::wire::{Blob, IntoOwned, Limits, Reader, Segments, Writer};
#[cfg(feature = "messages")]
use crate::{AnyRequest, AnyResponse, messages::ResponseHeader};
use crate::{
    ApiKey, Decode, DecodeError, DecodeErrorKind, EncodeError, ErrorCode, HeaderVersions, Request,
    Response, Version,
};

/// The frame of a request, of any API.
///
/// It owns the bytes and borrows nothing, so it can be sent to another task or thread. The header has been read, the body
/// has not: errors in the body are reported by [`decode`](Self::decode). [`ResponseFrame`](crate::ResponseFrame) is the same
/// for responses.
///
/// # Examples
///
/// ```
/// use bytes::Bytes;
/// use kafka_codec::messages::{SaslHandshakeRequest, SaslHandshakeResponse};
/// use kafka_codec::{ApiKey, RequestFrame, frame};
///
/// // A client sends this.
/// let handshake = SaslHandshakeRequest { mechanism: "PLAIN".into(), ..Default::default() };
/// let sent = frame::encode_request(Vec::new(), &handshake, 1.into(), 7, Some("me"))?.into_bytes();
///
/// // A broker reads it: its size was taken off by the reader of frames.
/// let request = RequestFrame::new(sent.slice(4..))?;
/// assert_eq!(request.to_string(), "SaslHandshake v1 (correlation 7)");
/// assert_eq!(request.client_id(), Some("me"));
/// assert_eq!(request.decode::<SaslHandshakeRequest>()?.mechanism, "PLAIN");
///
/// // It answers in the same version, with the same correlation id.
/// let response = SaslHandshakeResponse::default();
/// let answer = request.encode_response(Vec::new(), &response)?.into_bytes();
/// let (header, response) = frame::decode_response::<SaslHandshakeRequest>(&answer[4..], request.version())?;
/// assert_eq!((header.correlation_id, response.error_code.is_none()), (7, true));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct RequestFrame {
    frame: Bytes,
    header: RequestHeader<'static>,
    /// For people, if it is not UTF-8.
    escaped_client_id: Option<String>,
    headers: HeaderVersions,
    body: usize,
}

impl RequestFrame {
    /// Reads the header of `frame`, a request without its size.
    ///
    /// The version of the header follows from API and version of the request, also if they are not known here: see
    /// [`HeaderVersions::of`].
    ///
    /// # Errors
    ///
    /// [`DecodeError`] if the header does not decode.
    pub fn new(frame: Bytes) -> Result<Self, DecodeError> {
        let headers = RequestHeader::versions_of(&frame);
        Self::with_headers(frame, headers)
    }

    /// Reads the header of `frame` like [`new`](Self::new), with header versions that the caller knows.
    ///
    /// # Errors
    ///
    /// [`DecodeError`] if the header does not decode.
    pub fn with_headers(frame: Bytes, headers: HeaderVersions) -> Result<Self, DecodeError> {
        let parts = RequestHeader::split_any_client_id(&frame, headers)?;
        let client_id = match parts.header.client_id {
            Some(_) => None,
            None => parts.client_id_text().map(Cow::into_owned),
        };
        let (header, body) = (parts.header.into_owned(), frame.len() - parts.body.len());
        Ok(Self {
            frame,
            header,
            escaped_client_id: client_id,
            headers,
            body,
        })
    }

    /// The header. Its client id is `None` if the client id is not UTF-8: see [`client_id_text`](Self::client_id_text).
    #[must_use]
    pub const fn header(&self) -> &RequestHeader<'static> {
        &self.header
    }

    /// The versions of the headers of request and response.
    #[must_use]
    pub const fn header_versions(&self) -> HeaderVersions {
        self.headers
    }

    /// The API that the request is for.
    #[must_use]
    pub fn api_key(&self) -> ApiKey {
        self.header.api_key()
    }

    /// The version of request and response.
    #[must_use]
    pub fn version(&self) -> Version {
        self.header.version()
    }

    /// The correlation id, which the response repeats.
    #[must_use]
    pub const fn correlation_id(&self) -> i32 {
        self.header.correlation_id
    }

    /// The client id; `None` if it is null, is not UTF-8 or the header has none. See [`ClientIdentity`](crate::ClientIdentity).
    #[must_use]
    pub fn client_id(&self) -> Option<&str> {
        self.header.client_id.as_deref()
    }

    /// The client id for people and as a label: bytes that are not UTF-8 are written as `\xfc`. Brokers serve such clients.
    ///
    /// # Examples
    ///
    /// ```
    /// use bytes::Bytes;
    /// use kafka_codec::RequestFrame;
    ///
    /// let request = RequestFrame::new(Bytes::from_static(b"\0\x12\0\0\0\0\0\x07\0\x06m\xfcller"))?;
    /// assert_eq!(request.client_id(), None);
    /// assert_eq!(request.client_id_text(), Some("m\\xfcller"));
    /// # Ok::<(), kafka_codec::DecodeError>(())
    /// ```
    #[must_use]
    pub fn client_id_text(&self) -> Option<&str> {
        self.client_id().or(self.escaped_client_id.as_deref())
    }

    /// Returns what is needed to read the response.
    #[must_use]
    pub fn in_flight(&self) -> InFlightRequest<()> {
        let (key, version) = (self.api_key(), self.version());
        InFlightRequest::new(key, version, self.headers, self.correlation_id(), ())
    }

    /// The bytes of the body.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        self.frame
            .get(self.body..)
            .expect("the header ends within the frame")
    }

    /// The bytes of the body, shared with the frame.
    #[must_use]
    pub fn body_bytes(&self) -> Bytes {
        self.frame.slice(self.body..)
    }

    /// The whole frame, with which blobs can be shared: [`into_owned_in`](IntoOwned::into_owned_in).
    #[must_use]
    pub const fn bytes(&self) -> &Bytes {
        &self.frame
    }

    /// The request as one of type `R`, borrowing the frame, within default [`Limits`].
    ///
    /// # Errors
    ///
    /// [`OtherApi`](DecodeErrorKind::OtherApi) if the request is not of `R`'s API, else as [`Decode::decode`]. Offsets count
    /// from the start of the body. Bytes after the request are ignored, as Kafka's brokers do.
    pub fn decode<'a, R: Request + Decode<'a>>(&'a self) -> Result<R, DecodeError> {
        self.decode_with(Limits::default())
    }

    /// The request as one of type `R`, borrowing the frame, within `limits`.
    ///
    /// # Errors
    ///
    /// As [`decode`](Self::decode).
    pub fn decode_with<'a, R: Request + Decode<'a>>(
        &'a self,
        limits: Limits,
    ) -> Result<R, DecodeError> {
        let version = self.version();
        check_key::<R>(self.api_key(), version)?;
        let headers = R::header_versions(version);
        let body = match headers.request == self.headers.request {
            true => self.body(),
            // The type knows the headers of its own API better than the caller did.
            false => RequestHeader::split_any_client_id(&self.frame, headers)?.body,
        };
        R::decode_from(&mut Reader::with_limits(body, limits), version)
    }

    /// The request as one of any API, borrowing the frame, within default [`Limits`]. Bytes after it are ignored, as by
    /// [`decode`](Self::decode).
    ///
    /// # Errors
    ///
    /// As [`AnyRequest::decode_prefix`].
    #[cfg(feature = "messages")]
    #[inline]
    pub fn decode_any(&self) -> Result<AnyRequest<'_>, DecodeError> {
        AnyRequest::decode_prefix(self.api_key(), self.version(), self.body()).map(|(any, _)| any)
    }

    /// Returns the whole frame of a response to this request: size, header and body. `buffer` is appended to.
    ///
    /// A response to ApiVersions is written in version 0 if the request has a version that is not known here, or if the
    /// response has the error UNSUPPORTED_VERSION, as KIP-511 asks of brokers.
    ///
    /// # Errors
    ///
    /// As [`Message::encode`](crate::Message::encode).
    ///
    /// # Panics
    ///
    /// In debug builds, if the response is one of another API.
    pub fn encode_response<R: Response>(
        &self,
        buffer: Vec<u8>,
        response: &R,
    ) -> Result<Segments, EncodeError> {
        debug_assert_eq!(R::KEY, self.api_key(), "the response is of another API");
        let version = answer_version(self.version(), response);
        frame::encode_response(buffer, response, version, self.correlation_id())
    }

    /// Returns the whole frame, size included, with another correlation id. All else stays as it is and is not copied, also
    /// if the API is unknown: this is how a proxy forwards a request.
    ///
    /// # Examples
    ///
    /// ```
    /// use bytes::Bytes;
    /// use kafka_codec::RequestFrame;
    ///
    /// let request = RequestFrame::new(Bytes::from_static(b"\0\x12\0\0\0\0\0\x07\0\x02me"))?;
    /// let forwarded = request.with_correlation_id(9).into_bytes();
    /// assert_eq!(forwarded, &b"\0\0\0\x0c\0\x12\0\0\0\0\0\x09\0\x02me"[..]);
    /// # Ok::<(), kafka_codec::DecodeError>(())
    /// ```
    ///
    /// # Panics
    ///
    /// If the frame has more bytes than its size can state, `i32::MAX`; no frame of a [`FrameReader`](frame::FrameReader) has.
    #[must_use]
    pub fn with_correlation_id(&self, correlation_id: i32) -> Segments {
        let mut writer = Writer::new();
        let written = writer.sized(|writer| {
            writer.i16(self.header.request_api_key);
            writer.i16(self.header.request_api_version);
            writer.i32(correlation_id);
            writer.bytes(&Blob::Shared(self.frame.slice(ROUTED..)))
        });
        written.expect("a frame has at most i32::MAX bytes");
        writer.finish()
    }
}

/// The number of bytes at the front of a request: API key, version and correlation id.
const ROUTED: usize = 8;

/// The version in which `response` answers a request in `version`: the same, but for what KIP-511 says of ApiVersions.
fn answer_version<R: Response>(version: Version, response: &R) -> Version {
    if R::KEY != ApiKey::ApiVersions || version == Version(0) {
        return version;
    }
    // What cannot be encoded is refused later.
    let body = response.encode_to_vec(version).unwrap_or_default();
    let code = body.first_chunk().copied().map(i16::from_be_bytes);
    let is_refused = code.map(ErrorCode) == Some(ErrorCode::UNSUPPORTED_VERSION);
    // Unknown tagged fields are in no version 0; clients read the refusal in their version too.
    let fits = || response.encode_to_vec(Version(0)).is_ok();
    if !R::VERSIONS.contains(version) || is_refused && fits() {
        Version(0)
    } else {
        version
    }
}

/// Checks that a request of API `actual` can be decoded as an `R`.
pub(crate) fn check_key<R: Request>(actual: ApiKey, version: Version) -> Result<(), DecodeError> {
    if R::KEY == actual {
        return Ok(());
    }
    let kind = DecodeErrorKind::OtherApi {
        expected: R::KEY,
        actual,
    };
    Err(DecodeError::new(kind, 0).in_message(R::NAME, version))
}

#[cfg(feature = "messages")]
impl<'a> AnyRequest<'a> {
    /// Decodes a whole request frame without its size, within default [`Limits`]. Bytes after the request are ignored, as
    /// Kafka's brokers do, and a client id that is not UTF-8 is left out of the header.
    ///
    /// # Errors
    ///
    /// An error of decoding the header, else as [`decode_prefix`](Self::decode_prefix).
    ///
    /// # Examples
    ///
    /// ```
    /// use kafka_codec::AnyRequest;
    ///
    /// let frame = b"\0\x0c\0\0\0\0\0\x07\xff\xff\0\x01a\0\0\0\x01\0\x01b";
    /// let (header, request) = AnyRequest::from_frame(frame)?;
    /// let AnyRequest::Heartbeat(heartbeat) = request else { unreachable!("its key is 12") };
    /// assert_eq!((header.correlation_id, &*heartbeat.member_id), (7, "b"));
    /// # Ok::<(), kafka_codec::DecodeError>(())
    /// ```
    #[inline]
    pub fn from_frame(frame: &'a [u8]) -> Result<(RequestHeader<'a>, Self), DecodeError> {
        let headers = RequestHeader::versions_of(frame);
        let parts = RequestHeader::split_any_client_id(frame, headers)?;
        let (key, version) = (parts.header.api_key(), parts.header.version());
        let (request, _) = Self::decode_prefix(key, version, parts.body)?;
        Ok((parts.header, request))
    }

    /// Returns the whole frame of the request: size, header and body. Of the header, the API key is that of the request.
    /// `buffer` is appended to. A client id that is not UTF-8 is lost on the way through
    /// [`from_frame`](Self::from_frame); [`RequestFrame::with_correlation_id`] keeps it.
    ///
    /// # Errors
    ///
    /// As [`encode`](Self::encode).
    ///
    /// # Examples
    ///
    /// ```
    /// use kafka_codec::AnyRequest;
    ///
    /// let frame = b"\0\x0c\0\0\0\0\0\x07\0\x02me\0\x01a\0\0\0\x01\0\x01b";
    /// let (header, request) = AnyRequest::from_frame(frame)?;
    /// let again = request.to_frame(Vec::new(), &header)?.into_bytes();
    /// assert_eq!(again[4..], frame[..]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn to_frame(
        &self,
        buffer: Vec<u8>,
        header: &RequestHeader<'_>,
    ) -> Result<Segments, EncodeError> {
        let (key, version) = (self.api_key(), header.version());
        let header = RequestHeader {
            request_api_key: key.number(),
            ..header.clone()
        };
        let headers = HeaderVersions::of(key, version);
        let mut writer = Writer::with_buffer_or_new(buffer);
        frame::write(&mut writer, &header, headers.request, |writer| {
            self.encode(writer, version)
        })?;
        Ok(writer.finish())
    }
}

#[cfg(feature = "messages")]
impl<'a> AnyResponse<'a> {
    /// Decodes a whole response frame without its size, within default [`Limits`]. `request` is what it answers, such as
    /// [`RequestFrame::in_flight`] returns. Bytes after the response are ignored, as Kafka's clients do.
    ///
    /// The response is in the version of the request, but for that of ApiVersions: see
    /// [`response_version`](InFlightRequest::response_version).
    ///
    /// # Errors
    ///
    /// An error of decoding the header, else as [`decode_prefix`](Self::decode_prefix).
    ///
    /// # Examples
    ///
    /// ```
    /// use bytes::Bytes;
    /// use kafka_codec::{AnyResponse, RequestFrame};
    ///
    /// let request = Bytes::from_static(b"\0\x0c\0\0\0\0\0\x07\xff\xff\0\x01a\0\0\0\x01\0\x01b");
    /// let request = RequestFrame::new(request)?.in_flight();
    /// let (header, response) = AnyResponse::from_frame(&request, b"\0\0\0\x07\0\x1b")?;
    /// assert!(matches!(response, AnyResponse::Heartbeat(heartbeat) if heartbeat.error_code.0 == 27));
    /// assert_eq!(header.correlation_id, request.correlation_id);
    /// # Ok::<(), kafka_codec::DecodeError>(())
    /// ```
    pub fn from_frame<T>(
        request: &InFlightRequest<T>,
        frame: &'a [u8],
    ) -> Result<(ResponseHeader<'a>, Self), DecodeError> {
        let split = request.split_response(frame)?;
        let (response, _) = Self::decode_prefix(request.api_key, split.version, split.body)?;
        Ok((split.header, response))
    }

    /// Returns the whole frame of the response in `version`: size, header and body. `buffer` is appended to. An answer to
    /// ApiVersions that refuses the version of the request must be in version 0 (KIP-511).
    ///
    /// # Errors
    ///
    /// As [`encode`](Self::encode).
    ///
    /// # Examples
    ///
    /// ```
    /// use kafka_codec::messages::{HeartbeatResponse, ResponseHeader};
    /// use kafka_codec::{AnyResponse, Version};
    ///
    /// let response = AnyResponse::from(HeartbeatResponse::default());
    /// let header = ResponseHeader { correlation_id: 7, ..Default::default() };
    /// let frame = response.to_frame(Vec::new(), Version(0), &header)?.into_bytes();
    /// assert_eq!(frame, &b"\0\0\0\x06\0\0\0\x07\0\0"[..]);
    /// # Ok::<(), kafka_codec::EncodeError>(())
    /// ```
    pub fn to_frame(
        &self,
        buffer: Vec<u8>,
        version: Version,
        header: &ResponseHeader<'_>,
    ) -> Result<Segments, EncodeError> {
        let headers = HeaderVersions::of(self.api_key(), version);
        let mut writer = Writer::with_buffer_or_new(buffer);
        frame::write(&mut writer, header, headers.response, |writer| {
            self.encode(writer, version)
        })?;
        Ok(writer.finish())
    }
}

impl fmt::Debug for RequestFrame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestFrame")
            .field("api", &self.api_key())
            .field("version", &self.version())
            .field("correlation_id", &self.correlation_id())
            .field("client_id", &self.client_id_text())
            .field("body_bytes", &self.body().len())
            .finish()
    }
}

/// Prints what names the request, as in `Fetch v16 (correlation 42)`.
impl fmt::Display for RequestFrame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.in_flight().fmt(f)
    }
}
