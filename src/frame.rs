//! Frames: what a byte stream consists of.
//!
//! ```text
//! | size: int32 | header | body |
//!               |<--- size ---->|
//! ```
//!
//! The size counts the bytes after itself. Responses have no API key: what a response is follows
//! from the request that it answers.

use std::borrow::Cow;

use bytes::Bytes;

use crate::correlation::response_version;
use crate::header::RequestParts;
use crate::messages::{RequestHeader, ResponseHeader};
use crate::request_frame::check_key;
use crate::wire::{Blob, Reader, Segments, Writer};
use crate::{
    Decode, DecodeError, EncodeError, HeaderVersions, Message, Request, Response, Version,
};

#[cfg(feature = "tokio-util")]
mod codec;
mod error;
pub(crate) mod foreign;
pub(crate) mod input;
mod partial;
mod position;
mod reader;

#[cfg(feature = "tokio-util")]
pub use codec::{FrameCodec, FrameCodecError};
pub use error::{FrameError, FrameErrorKind};
pub use foreign::ForeignProtocol;
pub use position::StreamPosition;
pub use reader::FrameReader;

/// The number of bytes of a frame's size.
pub(crate) const SIZE_BYTES: usize = 4;

/// A whole request frame: size, header and body.
///
/// The header has the version that belongs to `version`. `buffer` is appended to and can be had
/// back with [`Segments::into_buffer`].
///
/// # Errors
///
/// As [`Message::encode`].
///
/// # Examples
///
/// ```
/// use bytes::Buf;
/// use kafka_codec::frame::encode_request;
/// use kafka_codec::messages::ApiVersionsRequest;
/// use kafka_codec::Version;
///
/// let request = ApiVersionsRequest::default();
/// let mut frame = encode_request(Vec::new(), &request, Version(0), 7, Some("me"))?;
/// assert_eq!(frame.get_i32(), 12);
/// assert_eq!(frame.copy_to_bytes(12), &b"\0\x12\0\0\0\0\0\x07\0\x02me"[..]);
/// # Ok::<(), kafka_codec::EncodeError>(())
/// ```
pub fn encode_request<R: Request>(
    buffer: Vec<u8>,
    request: &R,
    version: Version,
    correlation_id: i32,
    client_id: Option<&str>,
) -> Result<Segments, EncodeError> {
    let mut writer = Writer::with_buffer_or_new(buffer);
    write_request(&mut writer, request, version, correlation_id, client_id)?;
    Ok(writer.finish())
}

/// Appends what [`encode_request`] returns. If that fails, the writer is left as it was.
pub(crate) fn write_request<R: Request>(
    writer: &mut Writer,
    request: &R,
    version: Version,
    correlation_id: i32,
    client_id: Option<&str>,
) -> Result<(), EncodeError> {
    let header = RequestHeader {
        request_api_key: R::KEY.number(),
        request_api_version: version.0,
        correlation_id,
        client_id: client_id.map(Cow::Borrowed),
        ..Default::default()
    };
    let header_version = R::header_versions(version).request;
    write(writer, &header, header_version, |writer| {
        request.encode(writer, version)
    })
}

/// A whole response frame: size, header and body; see [`encode_request`].
///
/// # Errors
///
/// As [`Message::encode`].
pub fn encode_response<R: Response>(
    buffer: Vec<u8>,
    response: &R,
    version: Version,
    correlation_id: i32,
) -> Result<Segments, EncodeError> {
    let header = ResponseHeader {
        correlation_id,
        ..Default::default()
    };
    let header_version = R::header_version(version);
    let mut writer = Writer::with_buffer_or_new(buffer);
    write(&mut writer, &header, header_version, |writer| {
        response.encode(writer, version)
    })?;
    Ok(writer.finish())
}

/// Returns the whole frame, size included, of a response with another correlation id. `frame` is the response without its
/// size; all else stays as it is and is not copied. A proxy that has changed the correlation id of a request by
/// [`RequestFrame::with_correlation_id`](crate::RequestFrame::with_correlation_id) gives the response its own back.
///
/// # Errors
///
/// [`UnexpectedEnd`](crate::DecodeErrorKind::UnexpectedEnd) if the frame is too short for a correlation id.
///
/// # Examples
///
/// ```
/// use bytes::Bytes;
/// use kafka_codec::frame;
///
/// let from_broker = Bytes::from_static(b"\0\0\x0f\xa1\0\x1b");
/// let to_client = frame::response_with_correlation_id(&from_broker, 7)?.into_bytes();
/// assert_eq!(to_client, &b"\0\0\0\x06\0\0\0\x07\0\x1b"[..]);
/// # Ok::<(), kafka_codec::DecodeError>(())
/// ```
///
/// # Panics
///
/// If the frame has more bytes than its size can state, `i32::MAX`; no frame of a [`FrameReader`] has.
pub fn response_with_correlation_id(
    frame: &Bytes,
    correlation_id: i32,
) -> Result<Segments, DecodeError> {
    let mut reader = Reader::new(frame);
    reader.i32()?;
    let written = write_renumbered(&frame.slice(reader.offset()..), correlation_id);
    Ok(written.expect("a frame has at most i32::MAX bytes"))
}

/// A response frame of a correlation id, and what follows it.
pub(crate) fn write_renumbered(rest: &Bytes, correlation_id: i32) -> Result<Segments, EncodeError> {
    let mut writer = Writer::new();
    writer.sized(|writer| {
        writer.i32(correlation_id);
        writer.bytes(&Blob::Shared(rest.clone()))
    })?;
    Ok(writer.finish())
}

/// Decodes a whole request frame without its size, as one of type `R`. Bytes after the request are ignored, as Kafka's brokers
/// do, and a client id that is not UTF-8 is left out of the header.
///
/// See [`RequestFrame`](crate::RequestFrame) and [`AnyRequest::from_frame`](crate::AnyRequest::from_frame) for requests whose
/// API is not known before.
///
/// # Errors
///
/// [`OtherApi`](crate::DecodeErrorKind::OtherApi) if the request is not of `R`'s API, else an error of decoding header or body.
///
/// # Examples
///
/// ```
/// use kafka_codec::frame;
/// use kafka_codec::messages::SaslHandshakeRequest;
///
/// let frame = b"\0\x11\0\x01\0\0\0\x07\0\x02me\0\x05PLAIN";
/// let (header, request) = frame::decode_request::<SaslHandshakeRequest>(frame)?;
/// assert_eq!((header.correlation_id, &*request.mechanism), (7, "PLAIN"));
/// # Ok::<(), kafka_codec::DecodeError>(())
/// ```
pub fn decode_request<'a, R: Request + Decode<'a>>(
    frame: &'a [u8],
) -> Result<(RequestHeader<'a>, R), DecodeError> {
    // The type knows the headers of its own API best.
    let headers = match RequestHeader::routing(frame) {
        Some((key, version)) if key == R::KEY => R::header_versions(version),
        Some((key, version)) => HeaderVersions::of(key, version),
        None => R::header_versions(Version(0)),
    };
    let RequestParts { header, body, .. } = RequestHeader::split_any_client_id(frame, headers)?;
    check_key::<R>(header.api_key(), header.version())?;
    let (request, _) = R::decode_prefix(body, header.version())?;
    Ok((header, request))
}

/// Decodes a whole response frame without its size: the response to a request of type `R` in `version`.
///
/// A broker that does not know the version of an ApiVersions request answers in version 0, which is recognized. Bytes after the
/// response are ignored, as Kafka's clients do. See
/// [`ResponseFrame`](crate::ResponseFrame) for responses that are decoded elsewhere.
///
/// # Errors
///
/// An error of decoding header or body.
///
/// # Examples
///
/// ```
/// use kafka_codec::messages::ApiVersionsRequest;
/// use kafka_codec::{ErrorCode, Version, frame};
///
/// let old_broker = b"\0\0\0\x07\0\x23\0\0\0\0";
/// let (header, response) = frame::decode_response::<ApiVersionsRequest>(old_broker, Version(4))?;
/// assert_eq!(header.correlation_id, 7);
/// assert_eq!(response.error_code, ErrorCode::UNSUPPORTED_VERSION);
/// # Ok::<(), kafka_codec::DecodeError>(())
/// ```
pub fn decode_response<R: Request>(
    frame: &[u8],
    version: Version,
) -> Result<(ResponseHeader<'_>, R::Response<'_>), DecodeError> {
    let (header, body) = ResponseHeader::split(frame, R::header_versions(version))?;
    let (response, _) = Decode::decode_prefix(body, response_version(R::KEY, version, body))?;
    Ok((header, response))
}

/// Appends a frame: size, header and what `body` writes. If that fails, the writer is left as it was.
pub(crate) fn write(
    writer: &mut Writer,
    header: &impl Message,
    header_version: Version,
    body: impl FnOnce(&mut Writer) -> Result<(), EncodeError>,
) -> Result<(), EncodeError> {
    writer.sized(|writer| {
        header.encode(writer, header_version)?;
        body(writer)
    })
}
