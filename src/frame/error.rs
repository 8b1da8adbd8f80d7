//! Why a stream of frames cannot be read.

use std::{error, fmt};

/// A stream that does not consist of whole frames. It cannot be read on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FrameError {
    pub(super) kind: FrameErrorKind,
    pub(super) offset: u64,
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
    /// The stream ends inside of the size.
    EndInSize {
        /// How many of its 4 bytes there are.
        got: usize,
    },
    /// The stream ends inside of the frame.
    EndInFrame {
        /// How many bytes there are, its size left out.
        got: usize,
        /// How many it has.
        announced: usize,
    },
}

impl fmt::Display for FrameErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NegativeSize { size } => write!(f, "negative size {size}"),
            Self::TooLarge { size, at_most } => {
                write!(f, "size of {size} bytes, the limit is {at_most}")
            }
            Self::EndInSize { got } => {
                write!(f, "the stream ends after {got} of 4 bytes of its size")
            }
            Self::EndInFrame { got, announced } => {
                write!(f, "the stream ends after {got} of {announced} bytes")
            }
        }
    }
}
