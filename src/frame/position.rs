//! The position of a stream between and inside frames.

use std::fmt;

/// The position of a stream, relative to its frames.
///
/// Its `Display` follows a verb: *peer closed* `after 3 of 4 bytes of a frame's size`.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StreamPosition {
    /// Between two frames.
    BetweenFrames,
    /// Inside the four bytes of a frame's size.
    InSize {
        /// The number of bytes of the size that arrived.
        got: usize,
    },
    /// Behind the size of a frame, and before its end.
    InFrame {
        /// The number of bytes that arrived after the size.
        got: usize,
        /// The size that the frame announces.
        announced: usize,
    },
}

impl fmt::Display for StreamPosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BetweenFrames => f.write_str("between frames"),
            Self::InSize { got } => write!(f, "after {got} of 4 bytes of a frame's size"),
            Self::InFrame { got, announced } => write!(f, "after {got} of {announced} bytes"),
        }
    }
}
