//! Errors of reading records, with their position.

use std::{error, fmt};

use super::Compression;
use super::codec::CodecError;
use crate::DecodeError;

/// Bytes that are not a batch, message or record.
///
/// Says where and what. One pointer wide. What was read before it stays read, and the entries
/// around a batch with a fault in it can be read on.
///
/// # Examples
///
/// ```
/// use kafka_codec::records::{Entries, RecordsErrorKind};
///
/// let mut bytes = [0; 61];
/// bytes[11] = 49;
/// bytes[16] = 3;
/// let error = Entries::new(&bytes).next().unwrap().unwrap_err();
/// assert_eq!(error.kind(), &RecordsErrorKind::UnknownMagic { magic: 3 });
/// assert_eq!(error.to_string(), "(byte 16): unknown magic 3, the newest is 2");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct RecordsError(Box<Details>);

#[derive(Clone, PartialEq, Eq)]
struct Details {
    kind: RecordsErrorKind,
    offset: usize,
    decompressed: Option<usize>,
    record: Option<usize>,
}

impl RecordsError {
    #[cold]
    pub(super) fn new(kind: RecordsErrorKind, offset: usize) -> Self {
        Self(Box::new(Details {
            kind,
            offset,
            decompressed: None,
            record: None,
        }))
    }

    #[cold]
    pub(super) fn in_record(mut self, record: usize) -> Self {
        self.0.record.get_or_insert(record);
        self
    }

    /// The same fault, which was found in decompressed bytes: `offset` is where the compressed ones
    /// begin, and what was the offset is the one in the decompressed ones.
    #[cold]
    pub(super) fn in_decompressed(mut self, offset: usize) -> Self {
        self.0.decompressed = Some(self.0.offset);
        self.0.offset = offset;
        self
    }

    /// The same fault at the offset that `place` makes of its own.
    #[cold]
    pub(super) fn moved(mut self, place: impl FnOnce(usize) -> usize) -> Self {
        self.0.offset = place(self.0.offset);
        self
    }

    /// Returns the kind of error.
    #[must_use]
    pub fn kind(&self) -> &RecordsErrorKind {
        &self.0.kind
    }

    /// Where the value that was wrong begins, in bytes from the start of the `records` field; if it
    /// is in decompressed bytes, where the compressed ones begin.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.0.offset
    }

    /// Where the value that was wrong begins in the decompressed bytes, if it is there.
    #[must_use]
    pub fn decompressed_offset(&self) -> Option<usize> {
        self.0.decompressed
    }

    /// Which record of the batch it was, counted from 0; `None` if it was not in one.
    #[must_use]
    pub fn record(&self) -> Option<usize> {
        self.0.record
    }
}

impl fmt::Display for RecordsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(record) = self.0.record {
            write!(f, "record {record}: ")?;
        }
        write!(f, "(byte {}", self.0.offset)?;
        if let Some(offset) = self.0.decompressed {
            write!(f, ", decompressed {offset}")?;
        }
        write!(f, "): {}", self.0.kind)
    }
}

impl fmt::Debug for RecordsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordsError")
            .field("record", &self.0.record)
            .field("offset", &self.0.offset)
            .field("decompressed_offset", &self.0.decompressed)
            .field("kind", &self.0.kind)
            .finish()
    }
}

impl error::Error for RecordsError {}

/// The kinds of errors of reading records.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RecordsErrorKind {
    /// An entry smaller than its format's smallest. Where the next one begins is unknown.
    SizeTooSmall {
        /// The size that stands in the input, without the offset and itself.
        size: i32,
        /// The minimum size of an entry of this format.
        min: i32,
    },
    /// An entry of a format that Kafka does not have. Where the next one begins is unknown.
    UnknownMagic {
        /// The number of the format.
        magic: i8,
    },
    /// A message of magic 0 or 1 where only a record batch is allowed.
    NotABatch {
        /// The number of the format.
        magic: i8,
    },
    /// The checksum is not that of the bytes.
    CrcMismatch {
        /// The one that stands in the input.
        stored: u32,
        /// The one that the bytes have.
        computed: u32,
    },
    /// A number of a compression that has no meaning.
    UnknownCompression {
        /// The number.
        id: u8,
    },
    /// A compression that this build does not have.
    CompressionNotCompiledIn {
        /// Which one.
        compression: Compression,
    },
    /// A message set compressed with zstd, which only batches may be.
    ZstdInMessageSet,
    /// A compressed message within a compressed message.
    NestedCompression,
    /// A compressed message without a value, or with an empty set of messages in it.
    EmptyWrapper,
    /// A compressed message whose offset is below that of the last message in it.
    WrapperOffset {
        /// Its offset.
        wrapper: i64,
        /// The offset of the last message in it.
        last: i64,
    },
    /// A negative count of records.
    NegativeCount {
        /// The count that stands in the input.
        count: i32,
    },
    /// Fewer records than the batch says.
    MissingRecords {
        /// The count that stands in the input.
        count: i32,
        /// How many there are.
        found: usize,
    },
    /// Bytes left after the last record of a batch.
    TrailingBytes {
        /// How many.
        count: usize,
    },
    /// Bytes left after the value of a message of magic 0 or 1.
    TrailingMessageBytes {
        /// How many.
        count: usize,
    },
    /// A base offset that a batch cannot have, as its last offset would be out of range.
    OffsetOutOfRange {
        /// The base offset.
        base_offset: i64,
        /// The last offset, relative to the base offset.
        last_offset_delta: i32,
    },
    /// A record or header key of negative length.
    NegativeLength {
        /// The length that stands in the input.
        length: i32,
    },
    /// A record that takes fewer bytes than it says.
    RecordLength {
        /// The length that stands in the input.
        declared: usize,
        /// How many bytes it takes.
        actual: usize,
    },
    /// A count of headers that is negative or more than the bytes of the record can hold.
    HeaderCount {
        /// The count that stands in the input.
        count: i32,
    },
    /// A value that goes beyond the end of its record or message, or a record beyond that of the batch.
    UnexpectedEnd {
        /// How many bytes the value takes.
        needed: usize,
        /// How many are left.
        remaining: usize,
    },
    /// A variable-length integer that does not end with its last byte.
    VarintTooLong,
    /// Compressed bytes that cannot be decompressed, or not within the limits.
    Decompression(CodecError),
    /// A control record with a negative version.
    NegativeControlVersion {
        /// The version.
        version: i16,
    },
    /// A control record without the key or value that its type has.
    IncompleteControlRecord,
    /// A control record whose value is not the message that its type has.
    ControlRecord(DecodeError),
}

impl fmt::Display for RecordsErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SizeTooSmall { size, min } => {
                write!(f, "size {size} is invalid (minimum {min})")
            }
            Self::UnknownMagic { magic } => write!(f, "unknown magic {magic}, the newest is 2"),
            Self::NotABatch { magic } => write!(f, "magic {magic} is not a record batch (magic 2)"),
            Self::CrcMismatch { stored, computed } => {
                write!(f, "checksum is {stored:08x}, the bytes have {computed:08x}")
            }
            Self::UnknownCompression { id } => {
                write!(f, "unknown compression {id}, the newest is 4")
            }
            Self::CompressionNotCompiledIn { compression } => write!(
                f,
                "{compression} is not compiled in: enable the feature `{compression}` of \
                 kafka-codec, or set a codec of your own",
            ),
            Self::ZstdInMessageSet => f.write_str("message set compressed with zstd"),
            Self::NestedCompression => f.write_str("compressed message within a compressed one"),
            Self::EmptyWrapper => f.write_str("compressed message without messages in it"),
            Self::WrapperOffset { wrapper, last } => write!(
                f,
                "offset {wrapper} of a compressed message is below {last}, the last in it",
            ),
            Self::NegativeCount { count } => write!(f, "negative count of {count} records"),
            Self::MissingRecords { count, found } => {
                write!(f, "batch ends after {found} of {count} records")
            }
            Self::TrailingBytes { count } => write!(f, "{count} bytes left after the last record"),
            Self::TrailingMessageBytes { count } => {
                write!(f, "{count} bytes left after the value of the message")
            }
            Self::OffsetOutOfRange {
                base_offset,
                last_offset_delta,
            } => write!(
                f,
                "base offset {base_offset} plus last offset delta {last_offset_delta} is out of range"
            ),
            Self::NegativeLength { length } => write!(f, "negative length {length}"),
            Self::RecordLength { declared, actual } => {
                write!(f, "length of {declared} bytes, the record takes {actual}")
            }
            Self::HeaderCount { count } if *count < 0 => {
                write!(f, "negative count of {count} headers")
            }
            Self::HeaderCount { count } => {
                write!(f, "count of {count} headers, more than the record can hold")
            }
            Self::UnexpectedEnd { needed, remaining } => {
                write!(f, "unexpected end: needed {needed} bytes, {remaining} left")
            }
            Self::VarintTooLong => f.write_str("variable-length integer does not end"),
            Self::Decompression(error) => error.fmt(f),
            Self::NegativeControlVersion { version } => {
                write!(f, "negative version {version} of a control record")
            }
            Self::IncompleteControlRecord => f.write_str("control record is not whole"),
            Self::ControlRecord(error) => write!(f, "control record: {error}"),
        }
    }
}
