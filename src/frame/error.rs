//! Why a stream of frames cannot be read.

use std::{error, fmt};

/// A stream that does not consist of frames. It cannot be read on.
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
