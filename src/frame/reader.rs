//! Splits a stream of bytes into frames. Their contents are not examined, except for the first bytes of a stream.

use std::fmt;
use std::ops::RangeInclusive;

use bytes::{Bytes, BytesMut};

use crate::wire::Limits;

use super::SIZE_BYTES;
use super::error::{FrameError, FrameErrorKind};
use super::foreign::{ForeignProtocol, Sniffed};
use super::input::FrameInput;
use super::partial::Partial;
use super::position::StreamPosition;

/// Splits a stream of bytes into frames.
///
/// Bytes go in in pieces of any size, and whole frames come out, without their size:
///
/// ```text
///  stream   │ size │ frame │ size │ frame  ..  │ size │ frame │
///           ▲              ▲              ▲
///           │ offset() at  │ after one    │ position():
///             the start      frame          InFrame { got, announced }
/// ```
///
/// Frames and errors are the same whatever the pieces and their form:
///
/// - [`next_frame`](Self::next_frame) takes a slice, and copies it once.
/// - [`next_frame_in`](Self::next_frame_in) takes a [`BytesMut`] that the transport filled. Frames of at least 16 KiB are split off
///   it, or read in place: once all of the buffer is taken, it has room where the rest of the frame belongs. Read the
///   next bytes into that room; those in another buffer are copied.
///
/// # Memory
///
/// Between frames the reader holds no memory. Of a frame that is arriving it holds what arrived, and room that this justifies; an
/// announced size alone reserves nothing:
///
/// | arrived, size included | reserved, never beyond the end of the frame |
/// |---|---|
/// | less than 16 KiB | 16 KiB |
/// | less than 64 KiB | 64 KiB |
/// | at least 64 KiB | up to 4 MiB |
/// | all of that | twice as much |
///
/// Thus a frame of up to 4 MiB moves only with its first 64 KiB; all that is copied of a larger one is less than the frame.
///
/// A frame that was split off keeps the buffer alive in which it arrived. Frames below 16 KiB are copied
/// instead, so that a small response that is kept for long does not keep a large buffer.
///
/// # Examples
///
/// Bytes in slices:
///
/// ```
/// use kafka_codec::frame::{FrameReader, StreamPosition};
///
/// let mut reader = FrameReader::default();
/// assert_eq!(reader.next_frame(&mut &b"\0\0\0\x02h"[..])?, None);
/// assert_eq!(reader.position(), StreamPosition::InFrame { got: 1, announced: 2 });
///
/// let mut input = &b"i\0\0\0\0\0\0"[..];
/// assert_eq!(reader.next_frame(&mut input)?.as_deref(), Some(&b"hi"[..]));
/// assert_eq!(reader.next_frame(&mut input)?.as_deref(), Some(&b""[..]));
/// assert_eq!(reader.next_frame(&mut input)?, None);
///
/// let error = reader.check_end().unwrap_err();
/// assert_eq!(error.to_string(), "frame at byte 10: stream ended after 2 of 4 bytes of the size");
/// # Ok::<(), kafka_codec::frame::FrameError>(())
/// ```
///
/// A buffer that a transport fills:
///
/// ```
/// use bytes::BytesMut;
/// use kafka_codec::frame::FrameReader;
///
/// # let sent = [&[0, 0x10, 0, 0][..], &[7; 0x10_0000]].concat();
/// # let mut transport = &sent[..];
/// # let read_buf = |transport: &mut &[u8], buffer: &mut BytesMut| {
/// #     let (piece, rest) = transport.split_at((buffer.capacity() - buffer.len()).min(transport.len()));
/// #     buffer.extend_from_slice(piece);
/// #     *transport = rest;
/// #     piece.len()
/// # };
/// let mut reader = FrameReader::default();
/// let mut buffer = BytesMut::with_capacity(64 * 1024);
/// let frame = loop {
///     // With tokio, `transport.read_buf(&mut buffer).await?`.
///     if read_buf(&mut transport, &mut buffer) == 0 {
///         reader.check_end()?;
///     }
///     if let Some(frame) = reader.next_frame_in(&mut buffer)? {
///         break frame;
///     }
/// };
/// assert_eq!(frame.len(), 1024 * 1024);
/// # Ok::<(), kafka_codec::frame::FrameError>(())
/// ```
///
/// See <https://kafka.apache.org/protocol#protocol_common>.
pub struct FrameReader {
    partial: Partial,
    min: usize,
    max: usize,
    sniffs: bool,
    /// The peer is a client.
    reads_client: bool,
    offset: u64,
    frames: u64,
}

impl FrameReader {
    /// Creates a reader that accepts frames of up to [`Limits::max_frame_bytes`].
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            partial: Partial::default(),
            min: 0,
            max: limits.max_frame_bytes().min(LARGEST),
            sniffs: false,
            reads_client: false,
            offset: 0,
            frames: 0,
        }
    }

    /// Sets whether the first bytes of the stream are checked for [other protocols](ForeignProtocol). Off by default.
    ///
    /// A stream that begins with one is refused with [`FrameErrorKind::ForeignProtocol`], even if its first four bytes are an
    /// allowed size. Four bytes of zeros as the first frame, which no message of Kafka is, are held until the next byte
    /// shows whether they begin HTTP/2.
    #[must_use]
    pub const fn with_sniffing(mut self, sniffs: bool) -> Self {
        self.sniffs = sniffs;
        self
    }

    /// The peer is a client. One of HTTP/2 begins with text: what looks like its first binary frame is an old Produce request.
    #[cfg(feature = "connection")]
    pub(crate) const fn of_client(mut self) -> Self {
        self.reads_client = true;
        self
    }

    fn sniff(&self, first: &[u8], is_all: bool) -> Sniffed {
        // Not asked about these bytes at all: while the answer is open, bytes behind the end of the frame are taken.
        if self.is_binary_of_client(first) {
            return Sniffed::NotForeign;
        }
        ForeignProtocol::sniff(first, is_all)
    }

    /// Returns `true` if only a server of HTTP/2 could have sent these first bytes, but the peer is a client.
    fn is_binary_of_client(&self, first: &[u8]) -> bool {
        self.reads_client && first.first() == Some(&0)
    }

    /// Sets the sizes that are allowed, also for the frame that is arriving. By default 0 to [`Limits::max_frame_bytes`].
    #[inline]
    pub fn set_allowed_sizes(&mut self, sizes: RangeInclusive<usize>) {
        (self.min, self.max) = (*sizes.start(), (*sizes.end()).min(LARGEST));
    }

    /// Takes bytes from the front of `input`, up to the end of a frame, and returns the frame without its size.
    ///
    /// Returns `None` when all of `input` has been taken and no frame is complete.
    ///
    /// # Errors
    ///
    /// [`FrameError`] is final, because the beginning of the next frame is unknown. Every further call returns the same
    /// error, unless other sizes are allowed.
    #[inline]
    pub fn next_frame(&mut self, input: &mut &[u8]) -> Result<Option<Bytes>, FrameError> {
        self.take_frame(input)
    }

    /// As [`next_frame`](Self::next_frame), from a buffer that the transport filled, and without copying large frames.
    ///
    /// A `buffer` that is empty afterwards has room for the next read. It is empty when `None` is returned.
    ///
    /// # Errors
    ///
    /// As [`next_frame`](Self::next_frame).
    pub fn next_frame_in(&mut self, buffer: &mut BytesMut) -> Result<Option<Bytes>, FrameError> {
        self.take_frame(buffer)
    }

    /// [`next_frame`](Self::next_frame) or [`next_frame_in`](Self::next_frame_in).
    #[inline(always)]
    pub(crate) fn take_frame(
        &mut self,
        input: &mut impl FrameInput,
    ) -> Result<Option<Bytes>, FrameError> {
        if self.partial.bytes().is_empty() && !self.is_sniffing() {
            if let Some((size, rest)) = input.bytes().split_first_chunk() {
                match self.check_size(*size) {
                    Ok(size) if size <= rest.len() => {
                        self.count(size);
                        let frame = input.take_frame(size);
                        if input.bytes().is_empty() {
                            input.make_room(&mut self.partial);
                        }
                        return Ok(Some(frame));
                    }
                    _ => {}
                }
            }
        }
        self.assemble(input)
    }

    /// As [`take_frame`](Self::take_frame), for a frame that does not arrive in one piece.
    fn assemble(&mut self, input: &mut impl FrameInput) -> Result<Option<Bytes>, FrameError> {
        let total = match self.partial.total() {
            Some(total) => {
                self.check_accepted()?;
                total
            }
            None => {
                let Some(size) = self.examine(input)? else {
                    return Ok(None);
                };
                self.partial.set_total(SIZE_BYTES + size);
                SIZE_BYTES + size
            }
        };
        let missing = total - self.partial.bytes().len();
        let here = input.bytes().len();
        input.take_part(missing.min(here), &mut self.partial);
        let frame = (here >= missing).then(|| self.partial.complete());
        if frame.is_some() {
            self.count(total - SIZE_BYTES);
        }
        if here <= missing {
            input.make_room(&mut self.partial);
        }
        Ok(frame)
    }

    /// Returns the size of the next frame, if enough of it is here to accept it. Otherwise takes what is here.
    fn examine(&mut self, input: &mut impl FrameInput) -> Result<Option<usize>, FrameError> {
        let had = self.partial.bytes().len();
        let mut first = [0; ForeignProtocol::LOOKED_AT];
        let arrived = self.partial.bytes().iter().chain(input.bytes());
        let mut length = 0;
        for (to, from) in first.iter_mut().zip(arrived) {
            *to = *from;
            length += 1;
        }
        // One byte after the other, so that the answer does not depend on the pieces.
        for end in 1..=length {
            let answer = self.examine_first(first.get(..end).expect("it has that many"));
            let taken = match answer {
                Ok(None) if end < length => continue,
                Ok(Some(size)) => return Ok(Some(size)),
                Ok(None) => length,
                Err(_) => end,
            };
            input.take_part(taken.saturating_sub(had), &mut self.partial);
            if answer.is_ok() {
                input.make_room(&mut self.partial);
            }
            return answer;
        }
        input.make_room(&mut self.partial);
        Ok(None)
    }

    /// Returns the size of a frame that begins with `first`, or `None` if more bytes are needed to accept it.
    fn examine_first(&self, first: &[u8]) -> Result<Option<usize>, FrameError> {
        if self.is_sniffing() {
            match self.sniff(first, false) {
                Sniffed::Foreign(protocol) => {
                    return Err(self.error(FrameErrorKind::ForeignProtocol(protocol)));
                }
                Sniffed::NotYet => return Ok(None),
                Sniffed::NotForeign => {}
            }
        }
        let Some(size) = first.first_chunk() else {
            return Ok(None);
        };
        let size = self.check_size(*size)?;
        // HTTP/2 is recognized by what follows the size: by a ninth byte, where that may be behind an empty SETTINGS frame.
        let looked_at = match first.get(SIZE_BYTES..) {
            Some([0, 0, 0, 0, ..]) => 5,
            _ => size.min(5),
        };
        let is_enough = !self.is_sniffing()
            || self.is_binary_of_client(first)
            || first.len() >= SIZE_BYTES + looked_at;
        Ok(is_enough.then_some(size))
    }

    /// Checks the size of the frame that is arriving again: other sizes may be allowed by now.
    fn check_accepted(&self) -> Result<(), FrameError> {
        match self.partial.bytes().first_chunk() {
            Some(size) => self.check_size(*size).map(drop),
            None => Ok(()),
        }
    }

    fn check_size(&self, size: [u8; SIZE_BYTES]) -> Result<usize, FrameError> {
        let announced = i32::from_be_bytes(size);
        match usize::try_from(announced) {
            Ok(size) if self.min <= size && size <= self.max => Ok(size),
            _ => Err(self.error(FrameErrorKind::SizeOutOfRange {
                size: announced,
                min: self.min,
                max: self.max,
            })),
        }
    }

    fn count(&mut self, size: usize) {
        self.frames += 1;
        self.offset += u64::try_from(SIZE_BYTES + size).expect("a size has 31 bits");
    }

    /// Whether the stream may end here: between frames.
    ///
    /// # Errors
    ///
    /// The stream ends inside a frame, or is refused by [`next_frame`](Self::next_frame), or all that it has belongs to
    /// another protocol.
    pub fn check_end(&self) -> Result<(), FrameError> {
        if let Some(protocol) = self.foreign_at_end() {
            return Err(self.error(FrameErrorKind::ForeignProtocol(protocol)));
        }
        Err(self.error(match self.position() {
            StreamPosition::BetweenFrames => return Ok(()),
            StreamPosition::InSize { got } => FrameErrorKind::EndInSize { got },
            StreamPosition::InFrame { got, announced } => {
                self.check_accepted()?;
                FrameErrorKind::EndInFrame { got, announced }
            }
        }))
    }

    /// Returns the protocol that the peer speaks, given that no more bytes arrive after the first ones.
    ///
    /// `None` without [sniffing](Self::with_sniffing), and after the first frame.
    #[must_use]
    pub fn foreign_at_end(&self) -> Option<ForeignProtocol> {
        if !self.is_sniffing() || self.first_bytes().is_empty() {
            return None;
        }
        match self.sniff(self.first_bytes(), true) {
            Sniffed::Foreign(protocol) => Some(protocol),
            Sniffed::NotYet | Sniffed::NotForeign => None,
        }
    }

    /// The position of the stream, relative to its frames.
    #[must_use]
    pub fn position(&self) -> StreamPosition {
        let bytes = self.partial.bytes();
        match (bytes.len(), bytes.first_chunk()) {
            (0, _) => StreamPosition::BetweenFrames,
            (got, None) => StreamPosition::InSize { got },
            (got, Some(size)) => StreamPosition::InFrame {
                got: got - SIZE_BYTES,
                // Negative in a stream that is refused.
                announced: usize::try_from(i32::from_be_bytes(*size)).unwrap_or(0),
            },
        }
    }

    /// The offset in the stream, in bytes, at which the next frame begins with its size.
    #[must_use]
    pub const fn offset(&self) -> u64 {
        self.offset
    }

    /// The number of whole frames so far.
    #[must_use]
    pub const fn frames(&self) -> u64 {
        self.frames
    }

    /// The first bytes of the frame that is arriving, or that was refused: its size included, at most 16.
    #[must_use]
    pub fn first_bytes(&self) -> &[u8] {
        ForeignProtocol::first_bytes(self.partial.bytes())
    }

    /// The number of bytes of memory that are reserved for the frame that is arriving.
    #[must_use]
    pub fn memory(&self) -> usize {
        self.partial.reserved()
    }

    fn is_sniffing(&self) -> bool {
        self.sniffs && self.frames == 0
    }

    fn error(&self, kind: FrameErrorKind) -> FrameError {
        FrameError {
            kind,
            offset: self.offset,
        }
    }
}

impl Default for FrameReader {
    fn default() -> Self {
        Self::new(Limits::default())
    }
}

/// Without the bytes of the frame that is arriving: they may be a secret.
impl fmt::Debug for FrameReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FrameReader")
            .field("position", &self.position())
            .field("offset", &self.offset)
            .field("frames", &self.frames)
            .field("allowed_sizes", &(self.min..=self.max))
            .finish_non_exhaustive()
    }
}

/// The largest size: that of the protocol, or of an allocation with the size in front of the frame.
pub(super) const LARGEST: usize = {
    let allocation = usize::MAX / 2 - SIZE_BYTES;
    if allocation < 0x7fff_ffff {
        allocation
    } else {
        0x7fff_ffff
    }
};
