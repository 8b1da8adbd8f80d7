//! A message of the formats before record batches, magic 0 and 1: its fields, and the way to its
//! records. A compressed message has a message set for its value.

use super::crc::crc32;
use super::decoder::Source;
use super::{Attributes, Body, Compression, RecordDecoder, Records, RecordsError};
use super::{RecordsErrorKind, TimestampType};

/// A message of magic 0 or 1 in the bytes it was read from.
///
/// ```text
///  byte   0   offset        int64
///         8   size          int32, counts from byte 12
///        12   CRC           uint32, covers byte 16 to the end
///        16   magic         int8, 0 or 1
///        17   attributes    int8
///        18   timestamp     int64, magic 1 only
///   18 (26)   key length, key, value length, value
/// ```
///
/// Size counts from byte 12, the checksum (CRC-32) covers byte 16 to the end.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct LegacyMessage<'a> {
    bytes: &'a [u8],
    position: usize,
    offset: i64,
    crc: u32,
    magic: i8,
    attributes: u8,
    timestamp: i64,
}

/// The smallest size of a message of magic 0.
pub(super) const MIN_V0: i32 = 14;
/// The smallest size of a message of magic 1.
pub(super) const MIN_V1: i32 = 22;

/// Where the checksum stands.
const CRC_AT: usize = 12;
/// Where the bytes begin that the checksum covers.
const CRC_START: usize = 16;
/// Why those bytes exist.
const WHOLE: &str = "a message is whole";

impl<'a> LegacyMessage<'a> {
    /// The message that `bytes` are, at `position` of its blob; `None` if they are too few.
    pub(super) fn new(bytes: &'a [u8], position: usize) -> Option<Self> {
        let (offset, rest) = bytes.split_first_chunk()?;
        let (_, rest) = rest.split_first_chunk::<4>()?;
        let (crc, rest) = rest.split_first_chunk()?;
        let ([magic, attributes], rest) = rest.split_first_chunk()?;
        let (timestamp, rest) = match magic {
            0 => (-1, rest),
            _ => rest
                .split_first_chunk()
                .map(|(timestamp, rest)| (i64::from_be_bytes(*timestamp), rest))?,
        };
        (rest.len() >= 8).then_some(Self {
            bytes,
            position,
            offset: i64::from_be_bytes(*offset),
            crc: u32::from_be_bytes(*crc),
            magic: i8::from_ne_bytes([*magic]),
            attributes: *attributes,
            timestamp,
        })
    }

    /// Returns the offset; of a compressed message that of the last message in it.
    #[must_use]
    pub const fn offset(&self) -> i64 {
        self.offset
    }

    /// Returns the offset after the message, and after those in it.
    #[must_use]
    pub const fn next_offset(&self) -> i64 {
        self.offset.saturating_add(1)
    }

    /// Returns the format, 0 or 1.
    #[must_use]
    pub const fn magic(&self) -> i8 {
        self.magic
    }

    /// The checksum that is stored.
    #[must_use]
    pub const fn crc(&self) -> u32 {
        self.crc
    }

    /// Returns the compression, and who set the timestamp. Messages of magic 0 have no flag for that. Unused bits are left out.
    #[must_use]
    pub fn attributes(&self) -> Attributes {
        let known = if self.magic == 0 { 0x07 } else { 0x0f };
        Attributes(u16::from(self.attributes & known))
    }

    /// The byte of the attributes, with its unused bits.
    pub(super) const fn attribute_bits(&self) -> i8 {
        i8::from_ne_bytes([self.attributes])
    }

    /// Milliseconds since 1970; of a compressed message the largest; -1 in magic 0.
    #[must_use]
    pub const fn timestamp(&self) -> i64 {
        self.timestamp
    }

    /// All of its bytes, to be written again as they are.
    #[must_use]
    pub const fn as_bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Returns the position, in bytes from the start of the `records` field.
    #[must_use]
    pub const fn position(&self) -> usize {
        self.position
    }

    /// Whether the checksum is that of the bytes.
    ///
    /// # Errors
    ///
    /// [`CrcMismatch`](RecordsErrorKind::CrcMismatch) if it is not.
    pub fn check_crc(&self) -> Result<(), RecordsError> {
        let covered = self.bytes.get(CRC_START..);
        let computed = crc32(covered.expect(WHOLE));
        if computed == self.crc {
            return Ok(());
        }
        let stored = self.crc;
        let kind = RecordsErrorKind::CrcMismatch { stored, computed };
        Err(RecordsError::new(kind, self.position + CRC_AT))
    }

    /// Returns the key and value; the value of a compressed message is a compressed message set.
    ///
    /// # Errors
    ///
    /// [`RecordsError`] if one of them goes beyond the end, or does not end with the message.
    pub fn key_and_value(&self) -> Result<KeyAndValue<'a>, RecordsError> {
        let start = if self.magic == 0 { 18 } else { 26 };
        let rest = self.bytes.get(start..).expect(WHOLE);
        let (key, rest) = self.nullable(rest)?;
        let (value, rest) = self.nullable(rest)?;
        if rest.is_empty() {
            Ok((key, value))
        } else {
            let count = rest.len();
            Err(self.fault(RecordsErrorKind::TrailingMessageBytes { count }, rest))
        }
    }

    /// Returns the record, or the records of the message set in it, which is decompressed into the memory of
    /// `decoder`.
    ///
    /// # Errors
    ///
    /// [`RecordsError`] if the checksum is wrong, or the compression unknown or not compiled in; if
    /// it is compressed and of magic 1, also what is wrong with the sizes in it or with decompressing
    /// it, as its offsets count from the last one. What else is wrong comes out of the iterator, after
    /// the records that could be read before it.
    pub fn records<'r>(&self, decoder: &'r mut RecordDecoder) -> Result<Records<'r>, RecordsError>
    where
        'a: 'r,
    {
        let check_crc = decoder.checks_crc();
        let source = self.source(decoder)?;
        Records::of_message(self, source, check_crc)
    }

    /// Returns the records, decompressed into memory of their own if need be: for those that are kept while
    /// others are read with the same `decoder`.
    ///
    /// # Errors
    ///
    /// As [`records`](Self::records), but for what is wrong within the message set.
    pub fn decompress(&self, decoder: &mut RecordDecoder) -> Result<Body<'a>, RecordsError> {
        let (origin, fault) = self.source(decoder)?.into_parts();
        Ok(Body::of_message(*self, origin, fault, decoder))
    }

    /// Where the messages are: the message itself, or those in it.
    fn source<'r>(&self, decoder: &'r mut RecordDecoder) -> Result<Source<'r>, RecordsError>
    where
        'a: 'r,
    {
        if decoder.checks_crc() {
            self.check_crc()?;
        }
        let attributes_at = self.position + 17;
        match self.compression() {
            Ok(Compression::None) => Ok(Source::plain(self.bytes, self.position)),
            Ok(Compression::Zstd) => {
                let kind = RecordsErrorKind::ZstdInMessageSet;
                Err(RecordsError::new(kind, attributes_at))
            }
            Ok(compression) => {
                let (_, value) = self.key_and_value()?;
                let Some(value) = value else {
                    let kind = RecordsErrorKind::EmptyWrapper;
                    return Err(RecordsError::new(kind, self.position));
                };
                let offset = self.position + self.bytes.len() - value.len();
                decoder.decompress(compression, self.magic, value, offset)
            }
            Err(kind) => Err(RecordsError::new(kind, attributes_at)),
        }
    }

    /// How its value is compressed.
    pub(super) fn compression(&self) -> Result<Compression, RecordsErrorKind> {
        let attributes = self.attributes();
        let id = attributes.compression_id();
        attributes
            .compression()
            .ok_or(RecordsErrorKind::UnknownCompression { id })
    }

    /// The timestamp of all messages in it, if the broker set it.
    pub(super) fn log_append_time(&self) -> Option<i64> {
        match self.attributes().timestamp_type() {
            TimestampType::LogAppendTime => Some(self.timestamp),
            TimestampType::CreateTime => None,
        }
    }

    fn nullable(&self, input: &'a [u8]) -> Result<(Option<&'a [u8]>, &'a [u8]), RecordsError> {
        let Some((length, rest)) = input.split_first_chunk() else {
            return Err(self.short(4, input));
        };
        match usize::try_from(i32::from_be_bytes(*length)) {
            Ok(size) => match rest.split_at_checked(size) {
                Some((value, rest)) => Ok((Some(value), rest)),
                None => Err(self.short(size, rest)),
            },
            // Any negative length is null, as Kafka reads it.
            Err(_) => Ok((None, rest)),
        }
    }

    #[cold]
    fn short(&self, needed: usize, rest: &[u8]) -> RecordsError {
        let remaining = rest.len();
        self.fault(RecordsErrorKind::UnexpectedEnd { needed, remaining }, rest)
    }

    #[cold]
    fn fault(&self, kind: RecordsErrorKind, rest: &[u8]) -> RecordsError {
        RecordsError::new(kind, self.position + self.bytes.len() - rest.len())
    }
}

/// The key and the value of a message, each maybe null.
pub type KeyAndValue<'a> = (Option<&'a [u8]>, Option<&'a [u8]>);
