//! Frames for the traits of tokio-util: what a `Framed` cuts a stream into, and what it writes. The stream is the
//! caller's. Only with the feature `tokio-util`.

use std::{error, fmt, io};

use bytes::{Buf, BufMut, Bytes, BytesMut};
use tokio_util::codec::{Decoder, Encoder};

use crate::wire::{Limits, Segments};

use super::error::FrameError;
use super::splitter::{Next, SIZE_BYTES};

/// Splits a byte stream into frames and writes frames to one, as a codec of `tokio_util::codec::Framed` and its kin.
///
/// Both ways a frame is [`Bytes`] without its size, as of [`FrameSplitter`](super::FrameSplitter). What
/// [`encode_request`](super::encode_request) and [`encode_response`](super::encode_response) made can be written too: these
/// [`Segments`] begin with their size already.
///
/// Frames above [`Limits::max_frame_bytes`] are refused both ways. Nothing is reserved by the size that a frame announces. When a
/// stream ends inside of a frame, the error says how much of it arrived.
///
/// Writing copies blobs into the buffer of the `Framed`. To write them without a copy, give [`Segments`], which are
/// a [`Buf`], to a vectored write.
///
/// # Examples
///
/// ```
/// use bytes::{Bytes, BytesMut};
/// use kafka_codec::frame::{FrameCodec, encode_request};
/// use kafka_codec::messages::{ApiVersionsRequest, RequestHeader};
/// use kafka_codec::{ApiKey, Version};
/// use tokio_util::codec::{Decoder, Encoder};
///
/// let mut codec = FrameCodec::default();
/// let mut stream = BytesMut::new();
/// let request = encode_request(Vec::new(), &ApiVersionsRequest::default(), Version(0), 7, Some("me"))?;
/// codec.encode(request, &mut stream)?;
/// codec.encode(Bytes::from_static(b"without its size"), &mut stream)?;
///
/// let frame = codec.decode(&mut stream)?.expect("all of it arrived");
/// assert_eq!(RequestHeader::split(&frame)?.0.api_key(), ApiKey::ApiVersions);
///
/// let _lost = stream.split_off(10);
/// assert_eq!(codec.decode(&mut stream)?, None);
/// let end = codec.decode_eof(&mut stream).unwrap_err();
/// assert_eq!(end.to_string(), "frame at byte 16 of the stream: the stream ends after 6 of 16 bytes");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Default)]
pub struct FrameCodec {
    read: Next,
    written: Next,
}

impl FrameCodec {
    /// A codec that refuses frames above [`Limits::max_frame_bytes`].
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            read: Next::new(limits),
            written: Next::new(limits),
        }
    }

    /// A frame of `size` bytes is about to be written.
    fn write_size(&mut self, size: usize) -> Result<i32, FrameError> {
        let announced = self.written.check_size(size)?;
        self.written.pass(size);
        Ok(announced)
    }
}

/// An error of a frame is final: every further call returns the same.
impl Decoder for FrameCodec {
    type Item = Bytes;
    type Error = FrameCodecError;

    fn decode(&mut self, buffer: &mut BytesMut) -> Result<Option<Bytes>, FrameCodecError> {
        Ok(self.read.take(buffer)?)
    }

    fn decode_eof(&mut self, buffer: &mut BytesMut) -> Result<Option<Bytes>, FrameCodecError> {
        let frame = self.decode(buffer)?;
        if frame.is_none() {
            self.read.check_end(buffer)?;
        }
        Ok(frame)
    }
}

/// A frame without its size, which is written in front of it.
impl Encoder<Bytes> for FrameCodec {
    type Error = FrameCodecError;

    fn encode(&mut self, frame: Bytes, buffer: &mut BytesMut) -> Result<(), FrameCodecError> {
        let size = self.write_size(frame.len())?;
        buffer.reserve(SIZE_BYTES + frame.len());
        buffer.put_i32(size);
        buffer.put(frame);
        Ok(())
    }
}

/// A frame that begins with its size, as it was encoded.
impl Encoder<Segments> for FrameCodec {
    type Error = FrameCodecError;

    fn encode(&mut self, frame: Segments, buffer: &mut BytesMut) -> Result<(), FrameCodecError> {
        let bytes = frame.remaining();
        let first = frame.parts().flatten().take(SIZE_BYTES);
        let announced = first.fold(0, |size, byte| (size << 8) | usize::from(*byte));
        if bytes.checked_sub(SIZE_BYTES) != Some(announced) {
            return Err(FrameCodecError::NotAFrame { bytes });
        }
        self.write_size(announced)?;
        buffer.reserve(bytes);
        buffer.put(frame);
        Ok(())
    }
}

/// What a [`FrameCodec`] fails with. The stream must be dropped, unless something was to be written that cannot be.
#[derive(Debug)]
#[non_exhaustive]
pub enum FrameCodecError {
    /// A frame is too large, or the stream does not consist of frames, or ends inside of one.
    Frame(FrameError),
    /// What was to be written does not begin with its size. Nothing of it was written.
    NotAFrame {
        /// How many bytes it has.
        bytes: usize,
    },
    /// The transport failed.
    Io(io::Error),
}

impl fmt::Display for FrameCodecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Frame(error) => error.fmt(f),
            Self::NotAFrame { bytes } => write!(
                f,
                "{bytes} bytes that do not begin with their own size: write what encode_request or \
                 encode_response returned, with nothing read from it, or a frame as Bytes without its size"
            ),
            Self::Io(error) => error.fmt(f),
        }
    }
}

/// [`source`](error::Error::source) is what is behind the error that is printed, which is printed in full.
impl error::Error for FrameCodecError {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match self {
            Self::Io(error) => error.source(),
            Self::Frame(_) | Self::NotAFrame { .. } => None,
        }
    }
}

impl From<FrameError> for FrameCodecError {
    fn from(error: FrameError) -> Self {
        Self::Frame(error)
    }
}

impl From<io::Error> for FrameCodecError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}
