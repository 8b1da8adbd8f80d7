//! Errors of writing records.

use std::{error, fmt};

use crate::EncodeError;
use crate::records::Compression;
use crate::records::codec::CodecError;

/// Records that a batch or message set cannot hold. What was written before stays as it was.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum BuildError {
    /// The batch or message set would be larger than a length field can say.
    TooLarge {
        /// How many bytes it would have.
        size: usize,
    },
    /// A batch without records was finished, and not asked to be one: set its last offset.
    Empty,
    /// A message set without messages was finished.
    EmptyMessageSet,
    /// An offset that is not above the one before it, or below the base offset.
    OffsetOrder {
        /// The offset.
        offset: i64,
        /// The minimum allowed here.
        min: i64,
    },
    /// An offset too far above the base offset. The maximum distance in a batch is `i32::MAX`, that in a message set
    /// `i64::MAX`.
    OffsetTooFar {
        /// The offset.
        offset: i64,
        /// The base offset.
        base: i64,
    },
    /// A record after one with the offset `i64::MAX`, which is the last.
    NoOffsetLeft,
    /// A negative timestamp other than -1, which means none.
    NegativeTimestamp {
        /// The timestamp.
        timestamp: i64,
    },
    /// Records with headers in a message set, which cannot hold them.
    HeadersInMessageSet,
    /// A control record in a batch that is not made for them, or another record in one that is.
    ControlMismatch,
    /// A message set of another format than 0 or 1.
    UnknownMagic {
        /// The number of the format.
        magic: i8,
    },
    /// A message set compressed with zstd, which only batches may be.
    ZstdInMessageSet,
    /// A compression that this build does not have.
    CompressionNotCompiledIn {
        /// Which one.
        compression: Compression,
    },
    /// The codec failed.
    Compression(CodecError),
    /// The value of a control record could not be written.
    ControlRecord(EncodeError),
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge { size } => {
                write!(
                    f,
                    "batch or message set of {size} bytes, maximum {}",
                    i32::MAX
                )
            }
            Self::Empty => f.write_str(
                "batch without records: append one, or set the last offset to write an empty batch",
            ),
            Self::EmptyMessageSet => f.write_str("message set without messages: append one"),
            Self::OffsetOrder { offset, min } => {
                write!(f, "offset {offset}, minimum {min}")
            }
            Self::OffsetTooFar { offset, base } => {
                write!(f, "offset {offset} is too far from the base offset {base}")
            }
            Self::NoOffsetLeft => write!(f, "no offset is left after {}", i64::MAX),
            Self::NegativeTimestamp { timestamp } => {
                write!(f, "negative timestamp {timestamp}: use -1 for none")
            }
            Self::HeadersInMessageSet => {
                f.write_str("headers in a message set: only batches can hold them")
            }
            Self::ControlMismatch => f.write_str(
                "control records go into a batch with the control attribute, and no others do",
            ),
            Self::UnknownMagic { magic } => {
                write!(f, "magic {magic} of a message set: use 0 or 1")
            }
            Self::ZstdInMessageSet => {
                f.write_str("message set compressed with zstd: only batches can be")
            }
            Self::CompressionNotCompiledIn { compression } => write!(
                f,
                "{compression} is not compiled in: enable the feature `{compression}` of \
                 kafka-codec, or set a codec of your own",
            ),
            Self::Compression(error) => error.fmt(f),
            Self::ControlRecord(error) => error.fmt(f),
        }
    }
}

impl error::Error for BuildError {}
