//! A codec for the traits of tokio-util, on top of [`FrameReader`].

use std::{error, fmt, io};

use bytes::{Buf, BufMut, Bytes, BytesMut};
use tokio_util::codec::{Decoder, Encoder};

use crate::wire::{Limits, Segments};

use super::SIZE_BYTES;
use super::error::FrameError;
use super::reader::{FrameReader, LARGEST};

/// Reads and writes frames, as a codec of `tokio_util::codec::Framed`.
///
/// A frame is [`Bytes`] without its size, in both directions. The [`Segments`] of
/// [`encode_request`](super::encode_request) and [`encode_response`](super::encode_response), which begin with their size, can be
/// written too.
///
/// Frames are read by a [`FrameReader`]: large ones in place, with memory reserved for what arrived. Frames above
/// [`Limits::max_frame_bytes`] are refused in both directions. An error at the end of the stream reports how much of a frame
/// arrived.
///
/// Writing copies blobs into the buffer of the `Framed`. To write them without a copy, pass [`Segments`], which are
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
/// assert_eq!(end.to_string(), "frame at byte 16: stream ended after 6 of 16 bytes");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Default)]
pub struct FrameCodec {
    reader: FrameReader,
    limits: Limits,
}

impl FrameCodec {
    /// Creates a codec for frames of up to [`Limits::max_frame_bytes`].
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            reader: FrameReader::new(limits),
            limits,
        }
    }

    /// Returns the size to write in front of a frame.
    fn size(&self, bytes: usize) -> Result<i32, FrameCodecError> {
        let max = self.limits.max_frame_bytes().min(LARGEST);
        match i32::try_from(bytes) {
            Ok(size) if bytes <= max => Ok(size),
            _ => Err(FrameCodecError::TooLarge { bytes, max }),
        }
    }
}

/// An error of the frames is final: every further call returns the same.
impl Decoder for FrameCodec {
    type Item = Bytes;
    type Error = FrameCodecError;

    fn decode(&mut self, buffer: &mut BytesMut) -> Result<Option<Bytes>, FrameCodecError> {
        Ok(self.reader.next_frame_in(buffer)?)
    }

    fn decode_eof(&mut self, buffer: &mut BytesMut) -> Result<Option<Bytes>, FrameCodecError> {
        let frame = self.decode(buffer)?;
        if frame.is_none() {
            self.reader.check_end()?;
        }
        Ok(frame)
    }
}

/// A frame without its size, which is written in front of it.
impl Encoder<Bytes> for FrameCodec {
    type Error = FrameCodecError;

    fn encode(&mut self, frame: Bytes, buffer: &mut BytesMut) -> Result<(), FrameCodecError> {
        let size = self.size(frame.len())?;
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
        self.size(announced)?;
        buffer.reserve(bytes);
        buffer.put(frame);
        Ok(())
    }
}

/// An error of a [`FrameCodec`]. A stream that failed in reading must be closed.
#[derive(Debug)]
#[non_exhaustive]
pub enum FrameCodecError {
    /// The stream that is read does not consist of whole frames.
    Frame(FrameError),
    /// A frame to be written is above the limit. Nothing of it was written.
    TooLarge {
        /// The size of the frame.
        bytes: usize,
        /// The maximum size.
        max: usize,
    },
    /// Bytes to be written do not begin with their size. None of them were written.
    NotAFrame {
        /// The number of bytes.
        bytes: usize,
    },
    /// The transport failed.
    Io(io::Error),
}

impl fmt::Display for FrameCodecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Frame(error) => error.fmt(f),
            Self::TooLarge { bytes, max } => {
                write!(f, "frame size {bytes} cannot be written (maximum {max})")
            }
            Self::NotAFrame { bytes } => write!(
                f,
                "{bytes} bytes do not begin with their size (expected unread Segments of encode_request or \
                 encode_response, or a frame without its size as Bytes)"
            ),
            Self::Io(error) => error.fmt(f),
        }
    }
}

/// `Display` prints the error in full; [`source`](error::Error::source) is the cause of that.
impl error::Error for FrameCodecError {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match self {
            Self::Io(error) => error.source(),
            Self::Frame(_) | Self::TooLarge { .. } | Self::NotAFrame { .. } => None,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_maximum_of_a_frame_to_be_written_is_never_above_that_of_the_protocol() {
        let codec = FrameCodec::new(Limits::UNLIMITED);
        let largest = usize::try_from(i32::MAX).unwrap();
        let error = codec.size(largest + 1).unwrap_err();
        let max = largest.min(usize::MAX / 2 - SIZE_BYTES);
        assert_eq!(
            error.to_string(),
            format!(
                "frame size {} cannot be written (maximum {max})",
                largest + 1
            )
        );
        assert_eq!(codec.size(max).unwrap(), i32::try_from(max).unwrap());
    }
}
