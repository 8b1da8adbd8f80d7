//! Cuts a byte stream into frames. What is in them is not known here.

use bytes::{Buf, Bytes, BytesMut};

use crate::wire::Limits;

use super::error::{FrameError, FrameErrorKind};

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

/// How many bytes the size of a frame takes.
const SIZE_BYTES: usize = 4;
