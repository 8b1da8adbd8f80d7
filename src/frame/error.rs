//! Errors of reading a stream of frames.

use std::{error, fmt};

use super::foreign::ForeignProtocol;

/// A stream that does not consist of whole Kafka frames. It cannot be read any further.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FrameError {
    pub(super) kind: FrameErrorKind,
    pub(super) offset: u64,
}

impl FrameError {
    /// The kind of error.
    #[must_use]
    pub fn kind(&self) -> &FrameErrorKind {
        &self.kind
    }

    /// The offset in the stream, in bytes, at which the frame begins with its size.
    #[must_use]
    pub fn offset(&self) -> u64 {
        self.offset
    }
}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "frame at byte {}: {}", self.offset, self.kind)
    }
}

impl error::Error for FrameError {}

/// The kind of a [`FrameError`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FrameErrorKind {
    /// The size is outside of the allowed range.
    SizeOutOfRange {
        /// The size that the frame announces.
        size: i32,
        /// The minimum size.
        min: usize,
        /// The maximum size.
        max: usize,
    },
    /// The stream ended inside the four bytes of the size.
    EndInSize {
        /// The number of bytes of the size that arrived.
        got: usize,
    },
    /// The stream ended after the size and before the end of the frame.
    EndInFrame {
        /// The number of bytes that arrived after the size.
        got: usize,
        /// The size that the frame announces.
        announced: usize,
    },
    /// The first bytes of the stream belong to another protocol. Only reported by a reader
    /// [with sniffing](super::FrameReader::with_sniffing).
    ForeignProtocol(ForeignProtocol),
}

impl fmt::Display for FrameErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SizeOutOfRange { size, min: 0, max } => {
                write!(f, "frame size {size} is invalid (maximum {max})")
            }
            Self::SizeOutOfRange { size, min, max } => {
                write!(f, "frame size {size} is invalid (expected {min} to {max})")
            }
            Self::EndInSize { got } => {
                write!(f, "stream ended after {got} of 4 bytes of the size")
            }
            Self::EndInFrame { got, announced } => {
                write!(f, "stream ended after {got} of {announced} bytes")
            }
            Self::ForeignProtocol(protocol) => {
                write!(
                    f,
                    "peer does not speak Kafka: its first bytes are {protocol}"
                )
            }
        }
    }
}
