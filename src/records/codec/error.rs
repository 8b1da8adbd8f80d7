//! Errors of decompression.

use std::{error, fmt};

/// Compressed bytes that cannot be decompressed, or bytes that could not be compressed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodecError {
    kind: CodecErrorKind,
    offset: usize,
}

impl CodecError {
    /// A fault at `offset` of the input.
    #[must_use]
    #[cold]
    pub const fn new(kind: CodecErrorKind, offset: usize) -> Self {
        Self { kind, offset }
    }

    /// Returns the kind of error.
    #[must_use]
    pub const fn kind(&self) -> &CodecErrorKind {
        &self.kind
    }

    /// Returns the offset from the start of the compressed bytes; where the block or frame begins, if
    /// it is not known better.
    #[must_use]
    pub const fn offset(&self) -> usize {
        self.offset
    }
}

impl fmt::Display for CodecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "compressed byte {}: {}", self.offset, self.kind)
    }
}

impl error::Error for CodecError {}

/// The kinds of decompression errors.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CodecErrorKind {
    /// The input ends before what is compressed does.
    UnexpectedEnd,
    /// More would come out than the limits allow.
    OutputTooLarge {
        /// The maximum.
        limit: usize,
    },
    /// A frame asks for a window that is larger than the limits allow.
    WindowTooLarge {
        /// The window, in bytes.
        window: u64,
        /// The largest allowed, in bytes.
        limit: usize,
    },
    /// The output, or a header, does not have the checksum that is stored with it.
    Checksum,
    /// Bytes after the end that are not part of the compressed data.
    TrailingBytes,
    /// Bytes that the format does not allow; says what they should be.
    Malformed(&'static str),
    /// Bytes that the format allows, but Kafka does not; says what.
    NotAllowed(&'static str),
    /// The library that compresses failed; says how.
    Failed(&'static str),
}

impl fmt::Display for CodecErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnexpectedEnd => f.write_str("unexpected end"),
            Self::OutputTooLarge { limit } => {
                write!(f, "decompresses to more than the limit of {limit} bytes")
            }
            Self::WindowTooLarge { window, limit } => {
                write!(f, "window of {window} bytes, the limit is {limit}")
            }
            Self::Checksum => f.write_str("wrong checksum"),
            Self::TrailingBytes => f.write_str("bytes left after the compressed ones"),
            Self::Malformed(what) => write!(f, "malformed: {what}"),
            Self::NotAllowed(what) => write!(f, "not allowed: {what}"),
            Self::Failed(what) => write!(f, "failed: {what}"),
        }
    }
}
