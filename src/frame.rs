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

use crate::messages::{RequestHeader, ResponseHeader};
use crate::wire::{Segments, Writer};
use crate::{EncodeError, Message, Request, Response, Version};

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
    let mut writer = Writer::with_buffer(buffer);
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
    write(writer, &header, header_version, request, version)
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
    let mut writer = Writer::with_buffer(buffer);
    write(&mut writer, &header, header_version, response, version)?;
    Ok(writer.finish())
}

fn write(
    writer: &mut Writer,
    header: &impl Message,
    header_version: Version,
    body: &impl Message,
    version: Version,
) -> Result<(), EncodeError> {
    writer.sized(|writer| {
        header.encode(writer, header_version)?;
        body.encode(writer, version)
    })
}
