//! Limits of decompression.

use super::CodecErrorKind;
use crate::wire::Limits;

/// The limits of a codec's output.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Bounds {
    max_output: usize,
    max_window: usize,
    magic: i8,
}

impl Bounds {
    /// Returns what `limits` allow for `input` compressed bytes of format `magic`.
    #[must_use]
    pub const fn new(limits: Limits, input: usize, magic: i8) -> Self {
        Self {
            max_output: limits.max_decompressed_for(input),
            max_window: limits.max_window_bytes(),
            magic,
        }
    }

    /// The maximum number of bytes of output.
    #[must_use]
    pub const fn max_output(&self) -> usize {
        self.max_output
    }

    /// The largest window that a frame may ask for, in bytes.
    #[must_use]
    pub const fn max_window(&self) -> usize {
        self.max_window
    }

    /// The format of the batch or message: 0 or 1 for message sets, 2 for batches.
    #[must_use]
    pub const fn magic(&self) -> i8 {
        self.magic
    }

    /// The fault of input that makes more than [`max_output`](Self::max_output) bytes.
    #[must_use]
    pub const fn output_too_large(&self) -> CodecErrorKind {
        CodecErrorKind::OutputTooLarge {
            limit: self.max_output,
        }
    }
}
