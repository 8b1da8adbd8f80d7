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
use std::{error, fmt};

use bytes::{Buf, Bytes, BytesMut};

use crate::messages::{RequestHeader, ResponseHeader};
use crate::wire::{Limits, Segments, Writer};
use crate::{EncodeError, Message, Request, Response, Version};

/// How many bytes the size of a frame takes.
const SIZE_BYTES: usize = 4;

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
    let header = RequestHeader {
        request_api_key: R::KEY.number(),
        request_api_version: version.0,
        correlation_id,
        client_id: client_id.map(Cow::Borrowed),
        ..Default::default()
    };
    encode(
        buffer,
        &header,
        R::header_version(version),
        request,
        version,
    )
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
    encode(
        buffer,
        &header,
        R::header_version(version),
        response,
        version,
    )
}

fn encode(
    buffer: Vec<u8>,
    header: &impl Message,
    header_version: Version,
    body: &impl Message,
    version: Version,
) -> Result<Segments, EncodeError> {
    let mut writer = Writer::with_buffer(buffer);
    let start = writer.mark();
    writer.i32(0);
    header.encode(&mut writer, header_version)?;
    body.encode(&mut writer, version)?;
    writer.patch_size(&start)?;
    Ok(writer.finish())
}

/// Splits a byte stream into frames.
///
/// Bytes go in with [`push`](Self::push), in pieces of any size; whole frames come out of
/// [`next_frame`](Self::next_frame), without their size and without being copied again. The buffer
/// grows with the bytes that arrived, not with the size that was announced.
///
/// # Examples
///
/// ```
/// use kafka_codec::frame::FrameSplitter;
///
/// let mut splitter = FrameSplitter::default();
/// splitter.push(b"\0\0\0\x02h");
/// assert_eq!(splitter.next_frame()?, None);
/// splitter.push(b"i\0\0");
/// assert_eq!(splitter.next_frame()?.as_deref(), Some(&b"hi"[..]));
/// assert_eq!(splitter.buffered(), 2);
/// # Ok::<(), kafka_codec::frame::FrameError>(())
/// ```
///
/// See <https://kafka.apache.org/protocol#protocol_common>.
#[derive(Debug, Default)]
pub struct FrameSplitter {
    buffer: BytesMut,
    limits: Limits,
    /// Offset in the stream of the first byte in `buffer`.
    offset: u64,
}

impl FrameSplitter {
    /// A splitter that refuses frames above [`Limits::max_frame_bytes`].
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            ..Self::default()
        }
    }

    /// Adds bytes that arrived.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// The next frame, without its size; `None` until all of it has arrived.
    ///
    /// # Errors
    ///
    /// [`FrameError`] is final: where the next frame begins is unknown, so the stream must be
    /// dropped. Every further call returns the same error.
    pub fn next_frame(&mut self) -> Result<Option<Bytes>, FrameError> {
        let Some(size) = self.size()? else {
            return Ok(None);
        };
        if self.buffer.len() - SIZE_BYTES < size {
            return Ok(None);
        }
        self.buffer.advance(SIZE_BYTES);
        let frame = self.buffer.split_to(size).freeze();
        self.offset += u64::try_from(SIZE_BYTES + size).unwrap_or(u64::MAX);
        Ok(Some(frame))
    }

    /// The size that the next frame announces; `None` until it has arrived.
    ///
    /// # Errors
    ///
    /// As [`next_frame`](Self::next_frame).
    pub fn size(&self) -> Result<Option<usize>, FrameError> {
        let Some(size) = self.buffer.first_chunk().copied().map(i32::from_be_bytes) else {
            return Ok(None);
        };
        let fault = match usize::try_from(size) {
            Ok(size) if size <= self.limits.max_frame_bytes() => return Ok(Some(size)),
            Ok(size) => FrameErrorKind::TooLarge {
                size,
                at_most: self.limits.max_frame_bytes(),
            },
            Err(_) => FrameErrorKind::NegativeSize { size },
        };
        Err(FrameError {
            kind: fault,
            offset: self.offset,
        })
    }

    /// How many bytes have arrived that no frame was made of yet.
    #[must_use]
    pub fn buffered(&self) -> usize {
        self.buffer.len()
    }
}

/// A stream that does not consist of frames. It cannot be read on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FrameError {
    kind: FrameErrorKind,
    offset: u64,
}

impl FrameError {
    /// What was wrong.
    #[must_use]
    pub fn kind(&self) -> &FrameErrorKind {
        &self.kind
    }

    /// Where the frame begins, in bytes from the start of the stream.
    #[must_use]
    pub fn offset(&self) -> u64 {
        self.offset
    }
}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "frame at byte {} of the stream: {}",
            self.offset, self.kind
        )
    }
}

impl error::Error for FrameError {}

/// What was wrong with a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FrameErrorKind {
    /// The size is negative.
    NegativeSize {
        /// The size.
        size: i32,
    },
    /// The size is above the limit.
    TooLarge {
        /// The size, in bytes.
        size: usize,
        /// The limit, in bytes.
        at_most: usize,
    },
}

impl fmt::Display for FrameErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NegativeSize { size } => write!(f, "negative size {size}"),
            Self::TooLarge { size, at_most } => {
                write!(f, "size of {size} bytes, the limit is {at_most}")
            }
        }
    }
}
