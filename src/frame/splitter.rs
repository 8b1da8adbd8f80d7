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
    next: Next,
}

impl FrameSplitter {
    /// A splitter that refuses frames above [`Limits::max_frame_bytes`].
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            buffer: BytesMut::new(),
            next: Next::new(limits),
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
        self.next.take(&mut self.buffer)
    }

    /// The size that the next frame announces; `None` until it has arrived.
    ///
    /// # Errors
    ///
    /// As [`next_frame`](Self::next_frame).
    pub fn size(&self) -> Result<Option<usize>, FrameError> {
        self.next.size(&self.buffer)
    }

    /// How many bytes have arrived that no frame was made of yet.
    #[must_use]
    pub fn buffered(&self) -> usize {
        self.buffer.len()
    }

    /// Whether the stream may end here, all frames being taken: between two of them.
    ///
    /// # Errors
    ///
    /// How much of the last frame is there, and what [`next_frame`](Self::next_frame) fails with.
    pub fn check_end(&self) -> Result<(), FrameError> {
        self.next.check_end(&self.buffer)
    }
}

/// The next frame of a stream: where it begins, and how large it may be.
#[derive(Debug, Default)]
pub(super) struct Next {
    limits: Limits,
    /// In bytes from the start of the stream.
    offset: u64,
}

impl Next {
    pub(super) fn new(limits: Limits) -> Self {
        Self { limits, offset: 0 }
    }

    /// Takes it out of a buffer that begins with it, without its size; `None` if it is not whole.
    pub(super) fn take(&mut self, buffer: &mut BytesMut) -> Result<Option<Bytes>, FrameError> {
        let Some(size) = self.size(buffer)? else {
            return Ok(None);
        };
        if buffer.len() - SIZE_BYTES < size {
            return Ok(None);
        }
        buffer.advance(SIZE_BYTES);
        let frame = buffer.split_to(size).freeze();
        self.pass(size);
        Ok(Some(frame))
    }

    /// The one behind a frame of `size` bytes is the next.
    pub(super) fn pass(&mut self, size: usize) {
        self.offset += u64::try_from(SIZE_BYTES + size).unwrap_or(u64::MAX);
    }

    /// The size that it announces in a buffer that begins with it.
    fn size(&self, buffer: &[u8]) -> Result<Option<usize>, FrameError> {
        let Some(size) = buffer.first_chunk().copied().map(i32::from_be_bytes) else {
            return Ok(None);
        };
        match usize::try_from(size) {
            Ok(size) => self.check_size(size).map(|_| Some(size)),
            Err(_) => Err(self.error(FrameErrorKind::NegativeSize { size })),
        }
    }

    /// The size as it is announced, if a frame may have it.
    pub(super) fn check_size(&self, size: usize) -> Result<i32, FrameError> {
        let at_most = self.limits.max_frame_bytes().min(MAX_SIZE);
        match i32::try_from(size) {
            Ok(announced) if size <= at_most => Ok(announced),
            _ => Err(self.error(FrameErrorKind::TooLarge { size, at_most })),
        }
    }

    /// Whether a stream may end with this buffer, which holds no whole frame.
    pub(super) fn check_end(&self, buffer: &[u8]) -> Result<(), FrameError> {
        let size = self.size(buffer)?;
        let got = buffer.len();
        Err(self.error(match size {
            None if got == 0 => return Ok(()),
            None => FrameErrorKind::EndInSize { got },
            Some(announced) => FrameErrorKind::EndInFrame {
                got: got.saturating_sub(SIZE_BYTES),
                announced,
            },
        }))
    }

    fn error(&self, kind: FrameErrorKind) -> FrameError {
        FrameError {
            kind,
            offset: self.offset,
        }
    }
}

/// The largest size that can be announced.
const MAX_SIZE: usize = 0x7fff_ffff;

/// How many bytes the size of a frame takes.
pub(super) const SIZE_BYTES: usize = 4;
